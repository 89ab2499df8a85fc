//! Single values: their types, their forms as text, and what happens when a column has another type than its value.
//!
//! Everything here follows Python and dlt to the letter, because the same input must leave the same rows, except
//! where a value would be changed by what its column cannot say: such a value is not converted. The common forms of
//! timestamps have a fast path: normalize asks about every text.
//!
//! ```
//! use cartage_values::{DataType, Scalar, coerce};
//!
//! assert_eq!(coerce(Scalar::Text("12".into()), DataType::Bigint), Ok(Scalar::Int(12)));
//! assert!(coerce(Scalar::Text("12.5".into()), DataType::Bigint).is_err());
//! ```
//!
//! # Limitations
//! - The time zone of naive timestamps is UTC; dlt's `DLT_INTERVAL_TIMEZONE` is not read.
//! - Timestamps are instants: the offset of a typed timestamp is lost when it goes into a text column.
//! - Integers beyond 128 bits do not go into integer columns; they become variants.
//! - `hexbytes_to_text` finds nothing, because bytes of that Python type arrive as plain bytes.

mod base64;
mod calendar;
pub mod canonical;
mod coerce;
mod coerce_text;
mod decimal;
mod detect;
mod epoch;
mod float;
mod format;
mod iso;
mod iso_common;
mod json_tokens;
mod moment;
mod number;
mod scalar;
pub mod text;
mod typed;
mod words;

pub use calendar::{civil_from_days, days_from_civil};
pub use coerce::{NotCoercible, coerce};
pub use decimal::{Decimal, DecimalError};
pub use detect::detect;
pub use float::write_python_float;
pub use format::{date_to_text, time_to_text, timestamp_to_text};
pub use iso::{cuts_fraction, parse_iso, parse_iso_timestamp};
pub use json_tokens::json_numbers;
pub use moment::Iso;
pub use scalar::Scalar;
pub use typed::{decode_typed, strip_markers};
pub use words::{DataType, Detection, UnknownWord};
