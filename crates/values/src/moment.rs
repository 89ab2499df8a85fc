//! What a text says of a time.

/// What an ISO 8601 text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Iso {
    /// Date and time.
    Timestamp {
        /// Microseconds since 1970 in UTC; for naive timestamps of the wall clock taken as UTC.
        micros: i64,
        /// Whether the text says its time zone.
        aware: bool,
    },
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight, in UTC where the text has an offset.
    Time(i64),
}

/// Microseconds of the digits after the point. Digits after the sixth are cut off.
pub(crate) fn fraction_micros(digits: &[u8]) -> u32 {
    (0..6).fold(0, |micros, at| micros * 10 + digits.get(at).map_or(0, |digit| u32::from(digit - b'0')))
}
