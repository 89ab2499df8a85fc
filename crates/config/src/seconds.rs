//! Lengths of time in settings.

use std::time::Duration;

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer};

/// A length of time above zero, in seconds with fractions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub Duration);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        let length = Duration::try_from_secs_f64(seconds).ok().filter(|length| !length.is_zero());
        length.map(Self).ok_or_else(|| {
            D::Error::invalid_value(Unexpected::Float(seconds), &"a number of seconds above zero")
        })
    }
}
