//! Row ids: 14 characters of base64, as dlt has them.
//!
//! dlt draws the ids of root rows at random. Here they derive from load id, table and the position of the
//! row in the extracted file, so that a repeated run makes the same ids. Children of such rows only need
//! ids that are unique and stable, so a fast hash does. Ids that the data determines (keys, row hashes and
//! everything below such rows) are dlt's, byte for byte.

use cartage_schema::{ROW_ID_CHARS, position_id, row_hash_id, row_id_of, table_seed};
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

/// The id of one row.
#[derive(Clone, Debug)]
pub(crate) struct RowId {
    text: IdText,
    /// Whether the data determines the id, so that the ids below it must be dlt's.
    determined: bool,
}

#[derive(Clone, Debug)]
enum IdText {
    Made([u8; ROW_ID_CHARS]),
    Given(Box<str>),
}

impl RowId {
    /// The id of a root row without a key. `seed` is [`table_seed`] of its table.
    pub(crate) fn of_position(seed: u64, file: u32, offset: u64) -> Self {
        Self { text: IdText::Made(position_id(seed, file, offset)), determined: false }
    }

    /// An id that the data determines: brought by the row, or a hash of it.
    pub(crate) fn determined(text: &str) -> Self {
        Self { text: IdText::Given(text.into()), determined: true }
    }

    /// The id of the row at `index` of a list in the row with this id.
    pub(crate) fn child(&self, table: &str, seed: u64, index: usize) -> Self {
        if self.determined {
            return Self::determined(&row_hash_id(format!("{}_{table}_{index}", self.as_str()).as_bytes()));
        }
        let mut input = [0; ROW_ID_CHARS + 8];
        input[..ROW_ID_CHARS].copy_from_slice(self.as_bytes());
        input[ROW_ID_CHARS..].copy_from_slice(&(index as u64).to_le_bytes());
        Self::made(xxh3_128_with_seed(&input, seed))
    }

    /// The random id of a row that is not a root row of a file but counts as one: nested data with keys.
    pub(crate) fn of_keyed_child(&self, seed: u64, index: usize) -> Self {
        let mut input = self.as_bytes().to_vec();
        input.extend_from_slice(&(index as u64).to_le_bytes());
        Self::made(xxh3_128_with_seed(&input, seed))
    }

    fn made(hash: u128) -> Self {
        Self { text: IdText::Made(row_id_of(hash)), determined: false }
    }

    pub(crate) fn as_str(&self) -> &str {
        match &self.text {
            IdText::Made(chars) => std::str::from_utf8(chars).expect("base64 is ASCII"),
            IdText::Given(text) => text,
        }
    }

    /// The text as bytes, without the check that makes them a `str`.
    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.text {
            IdText::Made(chars) => chars,
            IdText::Given(text) => text.as_bytes(),
        }
    }
}

/// The id of a job file: ten hexadecimal digits that derive from what it holds, not from when it was made.
pub(crate) fn file_id(load_id: &str, table: &str, number: u32) -> String {
    let hash = xxh3_64_with_seed(&number.to_le_bytes(), table_seed(load_id, table));
    format!("{:010x}", hash >> 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_of_rows_with_their_own_id_have_dlts_ids() {
        let parent = RowId::determined("z5jIxXIbUnmbKw");
        assert_eq!(parent.child("t__l", 7, 0).as_str(), "6rVOW0pbUSjaAg");
    }

    #[test]
    fn ids_differ_by_table_position_and_index() {
        let seed = table_seed("1.0", "t");
        let row = RowId::of_position(seed, 0, 0);
        let others = [
            RowId::of_position(table_seed("1.0", "u"), 0, 0),
            RowId::of_position(table_seed("2.0", "t"), 0, 0),
            RowId::of_position(seed, 1, 0),
            RowId::of_position(seed, 0, 1),
            row.child("t__l", table_seed("1.0", "t__l"), 0),
            row.child("t__l", table_seed("1.0", "t__l"), 1),
        ];
        let mut ids: Vec<&str> = others.iter().map(RowId::as_str).chain([row.as_str()]).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 7);
    }
}
