//! An amount of memory as people write it.

use std::str::FromStr;

use serde::Deserialize;

/// An amount of memory in bytes, written as `256MB`, `1.5 GB` or `512MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct MemorySize(u64);

/// A text that is not an amount of memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount of memory; write a number and a unit, such as 256MB, 4GB or 512MiB")]
pub struct NoMemorySize(String);

/// Units, those of a thousand and those of 1024.
const UNITS: [(&str, u64); 9] = [
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

impl MemorySize {
    /// An amount of memory from a number of bytes.
    pub const fn of_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The amount in bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for MemorySize {
    type Err = NoMemorySize;

    fn from_str(text: &str) -> Result<Self, NoMemorySize> {
        let wrong = || NoMemorySize(text.to_owned());
        let digits = text.trim().find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (number, unit) = text.trim().split_at(digits);
        let unit = unit.trim().to_ascii_lowercase();
        let (_, factor) = UNITS.iter().find(|(known, _)| *known == unit).ok_or_else(wrong)?;
        let number: f64 = number.parse().map_err(|_| wrong())?;
        Ok(Self((number * *factor as f64) as u64))
    }
}

impl TryFrom<String> for MemorySize {
    type Error = NoMemorySize;

    fn try_from(text: String) -> Result<Self, NoMemorySize> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_their_unit() {
        let bytes = |text: &str| text.parse().map(MemorySize::bytes);
        assert_eq!(bytes("256MB"), Ok(256_000_000));
        assert_eq!(bytes(" 1.5 gb "), Ok(1_500_000_000));
        assert_eq!(bytes("512MiB"), Ok(512 << 20));
        assert_eq!(bytes("4096B"), Ok(4096));
    }

    #[test]
    fn what_has_no_unit_or_no_number_is_refused() {
        for text in ["", "256", "MB", "256 megabytes", "1.2.3MB", "-1MB", "80%"] {
            assert!(text.parse::<MemorySize>().is_err(), "{text}");
        }
    }
}
