//! Load ids: the names of packages, in the order in which they were made.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::invalid_name::InvalidName;

/// Unix seconds with microseconds as text, for example `1795163558.208462`.
///
/// Always ten digits, a point and six digits, so the order of the text is the order of the time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LoadId(String);

impl LoadId {
    /// The last microsecond that ten digits of seconds can tell, in the year 2286.
    const MAX_MICROS: i64 = 9_999_999_999_999_999;

    /// The id of this point in time, in microseconds since 1970 in UTC.
    pub fn from_unix_micros(micros: i64) -> Self {
        let micros = micros.clamp(0, Self::MAX_MICROS);
        Self(format!("{:010}.{:06}", micros / 1_000_000, micros % 1_000_000))
    }

    /// The point in time of this id, in microseconds since 1970 in UTC.
    pub fn unix_micros(&self) -> i64 {
        self.0.bytes().filter(u8::is_ascii_digit).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
    }

    /// The id as text, such as `1795163558.208462`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LoadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for LoadId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let valid = text.len() == 17
            && text
                .bytes()
                .enumerate()
                .all(|(i, byte)| if i == 10 { byte == b'.' } else { byte.is_ascii_digit() });
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName {
                what: "load id",
                name: text.to_owned(),
                problem: "is not ten digits, a point and six digits",
            })
        }
    }
}

impl Serialize for LoadId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for LoadId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_order_is_time_order(a in 0..=LoadId::MAX_MICROS, b in 0..=LoadId::MAX_MICROS) {
            let (first, second) = (LoadId::from_unix_micros(a), LoadId::from_unix_micros(b));
            prop_assert_eq!(first.as_str().cmp(second.as_str()), a.cmp(&b));
            prop_assert_eq!(first.unix_micros(), a);
            prop_assert_eq!(first.as_str().parse::<LoadId>(), Ok(first.clone()));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "1795163558", "1795163558.2084625", "../../etc/passwd.0", "1795163558/208462"] {
            assert!(text.parse::<LoadId>().is_err(), "{text}");
        }
    }
}
