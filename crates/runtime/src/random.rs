//! Random 64-bit numbers for file ids and folder suffixes; not for secrets.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

/// Makes numbers that do not repeat in practice.
pub trait Random: Debug + Send + Sync {
    /// The next 64 random bits.
    fn next_u64(&self) -> u64;

    /// Ten lower-case hexadecimal digits, as dlt's file ids have.
    fn file_id(&self) -> String {
        format!("{:010x}", self.next_u64() >> 24)
    }
}

/// Randomness of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn next_u64(&self) -> u64 {
        // The high half of a v4 UUID has fixed version bits, so both halves are mixed.
        xxh3_64(Uuid::new_v4().as_bytes())
    }
}

/// The same sequence for the same seed, in the order of the calls.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    count: AtomicU64,
}

impl SeededRandom {
    /// Starts the sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { seed, count: AtomicU64::new(0) }
    }
}

impl Random for SeededRandom {
    fn next_u64(&self) -> u64 {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut input = [0; 16];
        input[..8].copy_from_slice(&self.seed.to_le_bytes());
        input[8..].copy_from_slice(&count.to_le_bytes());
        xxh3_64(&input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_ids_and_other_seeds_others() {
        let ids = |seed| {
            let random = SeededRandom::new(seed);
            [random.file_id(), random.file_id()]
        };
        assert_eq!(ids(7), ids(7));
        assert_ne!(ids(7), ids(8));
        assert_ne!(ids(7)[0], ids(7)[1]);
        assert!(ids(7).iter().all(|id| id.len() == 10));
    }
}
