//! Single values: their types, and what happens when a column has another type than its value.
//!
//! Everything here follows Python and dlt to the letter, because the same input must leave the same rows, except
//! where a value would be changed by what its column cannot say: such a value is not converted. The common forms of
//! timestamps have a fast path: normalize asks about every text.

mod base64;
pub(crate) mod calendar;
mod coerce;
mod coerce_text;
mod decimal;
mod detect;
pub(crate) mod float;
mod format;
mod iso;
mod iso_common;
mod number;
mod scalar;
mod typed;

pub use calendar::{civil_from_days, days_from_civil};
pub use coerce::{NotCoercible, coerce};
pub use decimal::{Decimal, DecimalError};
pub use detect::detect;
pub use float::write_python_float;
pub use format::{date_to_text, time_to_text, timestamp_to_text};
pub use iso::{Iso, cuts_fraction, parse_iso, parse_iso_timestamp};
pub use scalar::Scalar;
pub use typed::{decode_typed, strip_markers};
