//! Row ids that no data determines: 14 characters of base64, as dlt has them.
//!
//! dlt draws them at random. Here they derive from load id, table and the position of the row, so that a repeated stage
//! gives the same ids.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128_with_seed};

use crate::naming::Naming;
use crate::schema::Schema;
use crate::table::Table;
use crate::words::MergeStrategy;

/// How root rows of a table get their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowIdKind {
    /// From load id, table and position: [`position_id`].
    Position,
    /// Hash of the primary key, whose columns these are.
    Key(Vec<String>),
    /// Hash of the whole row as it came.
    Row,
}

impl Schema {
    /// How root rows of a table get their ids: by what the table's merge compares.
    pub fn row_id_kind(&self, table: &Table, naming: &Naming) -> RowIdKind {
        match self.merge_of(table) {
            Some(MergeStrategy::Upsert | MergeStrategy::InsertOnly | MergeStrategy::Cdc) => {
                RowIdKind::Key(table.primary_key().into_iter().map(str::to_owned).collect())
            }
            Some(MergeStrategy::Scd2) => {
                let version = table.first_column(|column| column.has_own_hint("x-row-version"));
                let id = naming.normalize_identifier("_dlt_id");
                if version.is_some_and(|column| column.name == id) {
                    RowIdKind::Row
                } else {
                    RowIdKind::Position
                }
            }
            _ => RowIdKind::Position,
        }
    }
}

/// Characters of an id.
pub const ROW_ID_CHARS: usize = 14;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What makes the ids of a table differ from those of other tables and loads.
pub fn table_seed(load_id: &str, table: &str) -> u64 {
    xxh3_64_with_seed(table.as_bytes(), xxh3_64(load_id.as_bytes()))
}

/// The id of the row at `offset`, counted from 0, in the file of this number of its table: ASCII. `seed` is
/// [`table_seed`] of the table.
pub fn position_id(seed: u64, file: u32, offset: u64) -> [u8; ROW_ID_CHARS] {
    let mut position = [0; 12];
    position[..4].copy_from_slice(&file.to_le_bytes());
    position[4..].copy_from_slice(&offset.to_le_bytes());
    row_id_of(xxh3_128_with_seed(&position, seed))
}

/// Base64 of the low ten bytes of a hash, without padding.
pub fn row_id_of(hash: u128) -> [u8; ROW_ID_CHARS] {
    // 80 bits give ten characters, three more, and one of the last two bits.
    let high = (hash >> 20) as u64;
    let low = (hash as u64 & 0xf_ffff) << 4;
    let mut chars = [0; ROW_ID_CHARS];
    for (index, char) in chars[..10].iter_mut().enumerate() {
        *char = ALPHABET[(high >> (54 - 6 * index)) as usize & 63];
    }
    for (index, char) in chars[10..].iter_mut().enumerate() {
        *char = ALPHABET[(low >> (18 - 6 * index)) as usize & 63];
    }
    chars
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;

    use super::*;

    #[test]
    fn ids_are_base64_of_ten_bytes() {
        for hash in [0_u128, 1, 0xffff_ffff_ffff_ffff_ffff, 0x0123_4567_89ab_cdef_4242, u128::MAX] {
            let bytes = hash.to_be_bytes();
            assert_eq!(row_id_of(hash), STANDARD_NO_PAD.encode(&bytes[6..]).as_bytes());
        }
    }
}
