//! Values of counts since 1970.

use crate::calendar::{MICROS_PER_DAY, civil_from_days};
use crate::decimal::Decimal;
use crate::scalar::Scalar;

/// The date of a time that is midnight in UTC. Of any other a date would lose the time.
pub(crate) fn midnight(micros: i64) -> Option<Scalar<'static>> {
    let days = micros / MICROS_PER_DAY;
    (micros % MICROS_PER_DAY == 0).then_some(Scalar::Date(days as i32))
}

/// Seconds since 1970 as a timestamp, if they have no more than six digits after the point.
pub(crate) fn epoch_timestamp(seconds: &Decimal) -> Option<Scalar<'static>> {
    aware_timestamp(i64::try_from(seconds.to_exact_i128(38, 6).ok()?).ok()?)
}

/// A timestamp in UTC, if its year is one that Python has.
pub(crate) fn aware_timestamp(micros: i64) -> Option<Scalar<'static>> {
    let days = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok()?;
    let (year, _, _) = civil_from_days(days);
    (1..=9999).contains(&year).then_some(Scalar::Timestamp { micros, aware: true })
}
