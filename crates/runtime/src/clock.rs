//! The time, as microseconds since 1970 in UTC.

use std::fmt::Debug;

use chrono::{DateTime, Utc};

/// Tells the time. Implementations may stand still but never go back by themselves.
pub trait Clock: Debug + Send + Sync {
    /// Microseconds since 1970-01-01T00:00:00Z.
    fn unix_micros(&self) -> i64;

    /// The same time as a date; the year 1970 for what chrono cannot express.
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.unix_micros()).unwrap_or_default()
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn unix_micros(&self) -> i64 {
        Utc::now().timestamp_micros()
    }
}

/// A clock that always tells the same time.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock {
    unix_micros: i64,
}

impl FixedClock {
    /// A clock that always returns `unix_micros`.
    pub fn new(unix_micros: i64) -> Self {
        Self { unix_micros }
    }
}

impl Clock for FixedClock {
    fn unix_micros(&self) -> i64 {
        self.unix_micros
    }
}
