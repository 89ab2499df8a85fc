//! The checksum of files: XXH3 with 128 bits, written as `xxh3:` and 32 hexadecimal digits.
//!
//! It finds accidents (flipped bits, cut files, mixed-up files), not forgery.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// The text before the digits, so that another algorithm can be told apart.
const PREFIX: &str = "xxh3:";
/// Large enough that hashing, not system calls, takes the time.
const BUFFER_BYTES: usize = 256 << 10;

/// XXH3-128 (seed 0) of the bytes of a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Checksum(u128);

impl Checksum {
    /// The checksum of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(xxh3_128(bytes))
    }

    /// A checksum that the caller computed, for example while writing the file.
    pub fn from_u128(digest: u128) -> Self {
        Self(digest)
    }

    /// Reads to the end; returns the number of bytes and their checksum.
    ///
    /// # Errors
    /// Those of `reader`.
    pub(crate) fn of_reader(reader: &mut dyn Read) -> io::Result<(u64, Self)> {
        let mut hasher = Xxh3::new();
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut bytes = 0;
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok((bytes, Self(hasher.digest128()))),
                Ok(read) => {
                    hasher.update(&buffer[..read]);
                    bytes += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{:032x}", self.0)
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not `xxh3:` and 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a checksum is \"xxh3:\" and 32 lower-case hexadecimal digits")]
pub struct InvalidChecksum;

impl FromStr for Checksum {
    type Err = InvalidChecksum;

    fn from_str(text: &str) -> Result<Self, InvalidChecksum> {
        let digits = text.strip_prefix(PREFIX).ok_or(InvalidChecksum)?;
        let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() != 32 || !digits.bytes().all(lower_hex) {
            return Err(InvalidChecksum);
        }
        u128::from_str_radix(digits, 16).map(Self).map_err(|_| InvalidChecksum)
    }
}

impl Serialize for Checksum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Checksum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_reads_back_and_upper_case_is_refused() {
        let checksum = Checksum::of(b"cargo");
        assert_eq!(checksum.to_string().parse(), Ok(checksum));
        assert_eq!(checksum.to_string().to_uppercase().parse::<Checksum>(), Err(InvalidChecksum));
    }

    #[test]
    fn reading_in_pieces_gives_the_checksum_of_the_whole() {
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
        let (len, checksum) = Checksum::of_reader(&mut bytes.as_slice()).unwrap();
        assert_eq!((len, checksum), (3_000_000, Checksum::of(&bytes)));
    }
}
