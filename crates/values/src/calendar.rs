//! The proleptic Gregorian calendar, as days since 1970-01-01.

pub(crate) const MICROS_PER_SECOND: i64 = 1_000_000;
pub(crate) const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Days of a date. Month and day are not checked.
pub fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    // The year starts in March, so that the leap day is the last one.
    let year = year - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = ((153 * (month + if month > 2 { 0 } else { 12 } - 3) + 2) / 5 + day - 1).cast_signed();
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of days since 1970-01-01.
pub fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let days = i64::from(days) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = (if shifted < 10 { shifted + 3 } else { shifted - 9 }) as u32;
    let year = (year_of_era + era * 400) as i32 + i32::from(month <= 2);
    (year, month, day)
}

pub(crate) fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(crate) fn days_in_year(year: i32) -> i32 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days of a date, if it exists and has a year from 1 to 9999, the range of Python's dates.
pub(crate) fn checked_days(year: i32, month: u32, day: u32) -> Option<i32> {
    let exists = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && day >= 1
        && day <= days_in_month(year, month);
    exists.then(|| days_from_civil(year, month, day))
}

/// Days of the n-th day of a year.
pub(crate) fn ordinal_days(year: i32, ordinal: i32) -> Option<i32> {
    if !(1..=days_in_year(year)).contains(&ordinal) {
        return None;
    }
    Some(checked_days(year, 1, 1)? + ordinal - 1)
}

/// Days of a weekday (Monday is 1) of an ISO week.
pub(crate) fn iso_week_days(year: i32, week: i32, weekday: i32) -> Option<i32> {
    let first = checked_days(year, 1, 1)?;
    // 1970-01-01 was a Thursday.
    let first_weekday = (first + 3).rem_euclid(7) + 1;
    let is_long = first_weekday == 4 || (first_weekday == 3 && is_leap(year));
    // pendulum lets zeros through and counts back from the first week.
    if weekday > 7 || week > 52 + i32::from(is_long) {
        return None;
    }
    let fourth = first + 3;
    let monday = fourth - (fourth + 3).rem_euclid(7);
    let days = monday + (week - 1) * 7 + weekday - 1;
    let (year, month, day) = civil_from_days(days);
    checked_days(year, month, day)
}

/// Microseconds of a time of day, if it exists. There is no hour 24.
pub(crate) fn checked_time(hour: u32, minute: u32, second: u32, micros: u32) -> Option<i64> {
    let exists = hour < 24 && minute < 60 && second < 60;
    let seconds = i64::from(hour * 3_600 + minute * 60 + second);
    exists.then(|| seconds * MICROS_PER_SECOND + i64::from(micros))
}
