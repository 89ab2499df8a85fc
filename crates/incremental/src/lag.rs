//! Starting a run before the last value, for sources whose rows come late.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::direction::Extreme;
use crate::iso_text::IsoText;
use crate::meaning::Meaning;
use crate::settings::CursorSettings;
use crate::value::{CursorValue, NANOS_PER_DAY, NANOS_PER_SECOND};

/// What a lag counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Seconds,
    Days,
}

/// The value where a run starts whose predecessor ended at `last`. It never lies before the initial value.
pub(crate) fn start_of(
    settings: &CursorSettings,
    meaning: Meaning,
    initial: Option<&CursorValue<'static>>,
    last: Option<CursorValue<'static>>,
) -> Result<Option<CursorValue<'static>>, String> {
    let Some(last) = last else { return Ok(None) };
    if settings.lag == 0.0 || !settings.keeps_state() {
        return Ok(Some(last));
    }
    let lagged = lagged(settings, initial, &meaning.counted(last))?;
    let Some(initial) = initial else { return Ok(Some(lagged)) };
    match meaning.rank(settings.extreme, initial, &lagged) {
        None => Err(format!(
            "the last value with its lag, {lagged}, cannot be compared with `initial_value` {initial}; give \
             `initial_value` the type of the data"
        )),
        Some(Ordering::Less) => Ok(Some(lagged)),
        Some(_) => Ok(Some(initial.clone())),
    }
}

fn lagged(
    settings: &CursorSettings,
    initial: Option<&CursorValue<'static>>,
    last: &CursorValue<'static>,
) -> Result<CursorValue<'static>, String> {
    let back = if settings.extreme == Extreme::Max { -settings.lag } else { settings.lag };
    match last {
        CursorValue::Int(integer) => Ok(CursorValue::Int(moved_integer(*integer, back))),
        CursorValue::Bool(boolean) => Ok(CursorValue::Int(moved_integer(i128::from(*boolean), back))),
        CursorValue::Float(float) => Ok(CursorValue::Float(float + back)),
        CursorValue::Text(text) => {
            let iso = IsoText::parse(text).ok_or_else(|| {
                format!(
                    "`lag` cannot be applied to the last value {last}: it is neither a number nor an ISO 8601 time"
                )
            })?;
            let unit = unit(initial).unwrap_or(if iso.is_day() { Unit::Days } else { Unit::Seconds });
            let instant = moved_text(&iso, unit, back, settings.extreme);
            Ok(CursorValue::Text(Cow::Owned(iso.at_instant(instant))))
        }
        CursorValue::Timestamp { nanos, aware } => {
            let nanos = match unit(initial) {
                Some(Unit::Days) => edge_of_day(*nanos, back, settings.extreme),
                _ => nanos + seconds(back),
            };
            Ok(CursorValue::Timestamp { nanos, aware: *aware })
        }
        CursorValue::Date(date) => match unit(initial) {
            Some(Unit::Seconds) => {
                let nanos = i128::from(*date) * NANOS_PER_DAY + seconds(back);
                Ok(CursorValue::Date(i32::try_from(nanos.div_euclid(NANOS_PER_DAY)).unwrap_or(*date)))
            }
            _ => Ok(CursorValue::Date(date.saturating_add(days(back)))),
        },
        CursorValue::Decimal(_) | CursorValue::Time(_) => Err(format!(
            "`lag` cannot be applied to the last value {last}; use integers, numbers, dates or times"
        )),
    }
}

/// The unit that the initial value decides. Where it says nothing, the last value does.
fn unit(initial: Option<&CursorValue<'_>>) -> Option<Unit> {
    match initial? {
        CursorValue::Timestamp { .. } => Some(Unit::Seconds),
        CursorValue::Date(_) => Some(Unit::Days),
        CursorValue::Text(text) => {
            IsoText::parse(text).map(|iso| if iso.is_day() { Unit::Days } else { Unit::Seconds })
        }
        _ => None,
    }
}

fn moved_text(iso: &IsoText, unit: Unit, back: f64, extreme: Extreme) -> i128 {
    match unit {
        Unit::Seconds => iso.instant() + seconds(back),
        Unit::Days if iso.is_day() => iso.instant() + i128::from(days(back)) * NANOS_PER_DAY,
        Unit::Days => edge_of_day(iso.instant(), back, extreme),
    }
}

/// The first or the last instant of the day that is this many days off, so that the whole day is in range.
fn edge_of_day(instant: i128, back: f64, extreme: Extreme) -> i128 {
    let day = instant.div_euclid(NANOS_PER_DAY) + i128::from(days(back));
    match extreme {
        Extreme::Max => day * NANOS_PER_DAY,
        Extreme::Min => (day + 1) * NANOS_PER_DAY - 1_000,
    }
}

/// Whole days; a part of a day counts as one more towards the past.
fn days(lag: f64) -> i32 {
    lag.floor() as i32
}

fn seconds(lag: f64) -> i128 {
    if lag.fract() == 0.0 {
        return lag as i128 * NANOS_PER_SECOND;
    }
    // Finer than microseconds no lag is meant.
    (lag * 1e6).round() as i128 * 1_000
}

/// Exact where the lag has no fraction, however large the integer is.
fn moved_integer(integer: i128, back: f64) -> i128 {
    if back.fract() == 0.0 { integer.saturating_add(back as i128) } else { (integer as f64 + back) as i128 }
}
