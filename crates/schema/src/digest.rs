//! The hashes of dlt: SHA3-256 for versions, SHAKE128 for row ids and tags of names.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha3::{Digest as _, Sha3_256};
use shake::Shake128;
use shake::digest::{ExtendableOutput as _, Update as _, XofReader as _};

/// Bytes of a row id.
const ROW_ID_BYTES: usize = 10;

/// Fills `digest` from SHAKE128 of `bytes`.
pub(crate) fn shake128(bytes: &[u8], digest: &mut [u8]) {
    let mut hasher = Shake128::default();
    hasher.update(bytes);
    hasher.finalize_xof().read(digest);
}

/// The id that dlt computes for a row from `bytes`: SHAKE128 as 14 characters of base64.
///
/// Children hash `{parent id}_{table}_{list index}`; rows with a key hash the [canonical
/// JSON](cartage_values::canonical) of the key; rows of scd2 tables that of the whole row.
pub fn row_hash_id(bytes: &[u8]) -> String {
    let mut digest = [0; ROW_ID_BYTES];
    shake128(bytes, &mut digest);
    STANDARD_NO_PAD.encode(digest)
}

/// A hash of `length` bytes of any content: SHAKE128 as base64 without padding. Incremental loading knows rows
/// again by nine bytes of it.
pub fn content_hash(bytes: &[u8], length: usize) -> String {
    let mut digest = vec![0; length];
    shake128(bytes, &mut digest);
    STANDARD_NO_PAD.encode(digest)
}

/// SHA3-256 of parts that are hashed one after another, as base64.
pub(crate) struct VersionHasher(Sha3_256);

impl VersionHasher {
    pub(crate) fn new(content: &[u8]) -> Self {
        Self(Sha3_256::new_with_prefix(content))
    }

    pub(crate) fn update(&mut self, part: &str) {
        sha3::Digest::update(&mut self.0, part.as_bytes());
    }

    pub(crate) fn finish(self) -> String {
        STANDARD.encode(self.0.finalize())
    }
}
