//! Texts whose lengths are packed as differences: how many lengths there are is stored before them, inside the page.
//!
//! The library makes room for as many as are claimed before it reads one. No page has more than it has values.

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::ColumnChunkMetaData;

use super::thrift::Input;

const TOO_MANY: &str = "a page claims to have more texts than values";
const CUT: &str = "the lengths of its texts cannot be read";

/// Whether a page header names an encoding with such lengths (`DELTA_LENGTH_BYTE_ARRAY`, `DELTA_BYTE_ARRAY`).
pub(super) fn has_lengths(encoding: i64) -> bool {
    matches!(encoding, 6 | 7)
}

/// Unpacks all pages of a column and looks at the lengths that they claim to have; or what is wrong with one.
pub(super) fn check(
    pages: &mut dyn PageReader,
    chunk: &ColumnChunkMetaData,
) -> parquet::errors::Result<Result<(), &'static str>> {
    while let Some(page) = pages.get_next_page()? {
        if let Err(reason) = check_page(&page, chunk) {
            return Ok(Err(reason));
        }
    }
    Ok(Ok(()))
}

fn check_page(page: &Page, chunk: &ColumnChunkMetaData) -> Result<(), &'static str> {
    let encoding = page.encoding();
    if !matches!(encoding, Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY) {
        return Ok(());
    }
    let most = u64::from(page.num_values());
    let bytes = values(page, chunk).ok_or(CUT)?;
    let behind = lengths(bytes, most)?;
    if encoding == Encoding::DELTA_BYTE_ARRAY {
        // Behind the lengths of what texts share with the one before are those of the rest.
        lengths(bytes.get(behind..).ok_or(CUT)?, most)?;
    }
    Ok(())
}

/// What follows the levels of a page.
fn values<'a>(page: &'a Page, chunk: &ColumnChunkMetaData) -> Option<&'a [u8]> {
    let column = chunk.column_descr();
    match page {
        Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
            let behind = skip_levels(buf, column.max_rep_level(), *rep_level_encoding, *num_values)?;
            skip_levels(behind, column.max_def_level(), *def_level_encoding, *num_values)
        }
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            buf.get(*rep_levels_byte_len as usize..)?.get(*def_levels_byte_len as usize..)
        }
        Page::DictionaryPage { .. } => Some(&[]),
    }
}

fn skip_levels(bytes: &[u8], max_level: i16, encoding: Encoding, values: u32) -> Option<&[u8]> {
    if max_level == 0 {
        return Some(bytes);
    }
    if encoding == Encoding::RLE {
        let (length, behind) = bytes.split_first_chunk()?;
        return behind.get(u32::from_le_bytes(*length) as usize..);
    }
    let bits = u64::from(i16::BITS - max_level.leading_zeros()) * u64::from(values);
    bytes.get(bits.div_ceil(8) as usize..)
}

/// Where a list of lengths ends that has no more than `most`.
fn lengths(bytes: &[u8], most: u64) -> Result<usize, &'static str> {
    let mut input = Input::new(bytes);
    let mut number = || input.varint().ok_or(CUT);
    let (block, parts, count, _first) = (number()?, number()?, number()?, number()?);
    if count > most {
        return Err(TOO_MANY);
    }
    let part = block.checked_div(parts).ok_or(CUT)?;
    let mut left = count.saturating_sub(1);
    while left > 0 {
        input.varint().ok_or(CUT)?;
        let widths = input.take(parts).ok_or(CUT)?;
        for width in widths.iter().map(|width| u64::from(*width)) {
            // Parts behind the last length have no bytes, whatever their width is.
            if left > 0 {
                let bits = width.checked_mul(part).ok_or(CUT)?;
                input.take(bits / 8).ok_or(CUT)?;
            }
            left = left.saturating_sub(part);
        }
    }
    Ok(input.position())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 128 in 4 parts: the count, a first length of 1, and one block whose first part has `width` bits.
    fn packed(count: u8, width: u8) -> Vec<u8> {
        let mut bytes = vec![0x80, 1, 4, count, 2, 0, width, 9, 9, 9];
        bytes.resize(bytes.len() + usize::from(width) * 4, 0);
        bytes
    }

    #[test]
    fn a_list_of_lengths_ends_behind_its_last_part_with_lengths() {
        assert_eq!(lengths(&packed(20, 3), 20), Ok(22));
        assert_eq!(lengths(&packed(33, 0), 50), Ok(10));
        assert_eq!(lengths(&[0x80, 1, 4, 1, 2], 1), Ok(5));
        assert_eq!(lengths(&[0x80, 1, 4, 0, 0], 0), Ok(5));
    }

    #[test]
    fn more_lengths_than_values_and_lists_that_are_cut_are_damage() {
        assert_eq!(lengths(&packed(20, 3), 19), Err(TOO_MANY));
        assert_eq!(
            lengths(&[0x80, 1, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2], 100),
            Err(TOO_MANY)
        );
        for end in 0..22 {
            assert_eq!(lengths(&packed(20, 3)[..end], 20), Err(CUT), "cut at {end}");
        }
        assert_eq!(lengths(&[0x80, 1, 0, 5, 2, 0], 5), Err(CUT));
    }
}
