//! Values of Arrow arrays one by one, exactly: as the scalars that columns hold, and as JSON.
//!
//! Arrow has more types than columns have, and some of them look alike when they are cast: an unsigned integer
//! becomes 0, nanoseconds become microseconds, a day loses its hour. Nothing here is cast. A value is handed on with
//! all its digits, or there is a [`ValueError`] that says why not.
//!
//! Values in lists, structs and maps become JSON with the same rules as values of their own: integers are numbers
//! with all digits; decimals are texts, because readers of JSON take numbers for doubles; floats are doubles, as
//! columns hold them, and the three that JSON has no number for are the texts `NaN`, `Infinity`, `-Infinity`; points
//! in time are ISO 8601, in UTC (`Z`) where their type names a zone, whatever the zone; durations and intervals are
//! ISO 8601 too; bytes are base64.

mod encoded;
mod json;
mod moments;
mod scalar;
mod types;

pub use encoded::expanded;
pub use json::{describe_json, write_json};
pub use scalar::{ValueError, scalar};
pub use types::{refusal, value_type};
