//! The type that a value gives to a new column.

use crate::iso::{cuts_fraction, parse_iso, parse_iso_timestamp};
use crate::moment::Iso;
use crate::scalar::Scalar;
use crate::words::{DataType, Detection};

/// How far from the present a number may be to be taken for a timestamp: five years, in seconds.
const TIMESTAMP_RANGE: f64 = 5.0 * 31_536_000.0;

/// The type of a new column whose first value this is: the first detection that says something, else the
/// type of the value. `now` are seconds since 1970.
pub fn detect(value: &Scalar<'_>, detections: &[Detection], now: f64) -> DataType {
    detections.iter().find_map(|detection| apply(*detection, value, now)).unwrap_or_else(|| value.data_type())
}

fn apply(detection: Detection, value: &Scalar<'_>, now: f64) -> Option<DataType> {
    match (detection, value) {
        (Detection::IsoTimestamp, Scalar::Text(text)) => {
            parse_iso_timestamp(text).filter(|_| !cuts_fraction(text)).map(|_| DataType::Timestamp)
        }
        (Detection::IsoDate, Scalar::Text(text)) => {
            matches!(parse_iso(text), Some(Iso::Date(_))).then_some(DataType::Date)
        }
        (Detection::Timestamp, Scalar::Int(integer)) => is_recent(*integer as f64, now),
        (Detection::Timestamp, Scalar::Double(float)) => is_recent(*float, now),
        // dlt makes integers text that no wei column holds, but those have more than 128 bits.
        (Detection::LargeInteger, Scalar::Int(integer)) if *integer > i128::from(i64::MAX) => {
            Some(DataType::Wei)
        }
        (Detection::WeiToDouble, Scalar::Wei(_)) => Some(DataType::Double),
        _ => None,
    }
}

fn is_recent(seconds: f64, now: f64) -> Option<DataType> {
    (seconds >= now - TIMESTAMP_RANGE && seconds <= now + TIMESTAMP_RANGE).then_some(DataType::Timestamp)
}
