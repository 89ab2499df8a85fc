//! Maps and sets of names: keys of rows, and columns.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64;

/// A map by names.
pub(crate) type NameMap<N, V> = HashMap<N, V, BuildHasherDefault<NameHasher>>;

/// A set of names.
pub(crate) type NameSet<N> = HashSet<N, BuildHasherDefault<NameHasher>>;

/// Hashes a name in one go, for which it takes fewer steps than the hasher of the standard library.
#[derive(Debug, Default)]
pub(crate) struct NameHasher(u64);

impl Hasher for NameHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= xxh3_64(bytes);
    }

    fn write_u8(&mut self, byte: u8) {
        // The end mark of texts adds nothing.
        let _ = byte;
    }
}
