//! Whether the pages of each column are where the footer has them, and as large as they can be.
//!
//! The library takes the sizes and counts in headers for true, and asks for as much memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use parquet::column::reader::ColumnReader;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{FileReader as _, SerializedFileReader};

use super::open::{Opened, extent};
use super::thrift::PageHeader;
use super::{ParquetError, deltas};

/// Rows of lists read at once.
const BATCH_ROWS: usize = 1 << 10;

/// Bytes read for a header at first; statistics make some longer.
const HEADER_BYTES: usize = 512;

/// No header is longer.
const MOST_HEADER_BYTES: usize = 16 << 20;

/// Pages of this size are decompressed whatever the footer says of the column.
const USUAL_PAGE_BYTES: i64 = 64 << 20;

const INDEX_PAGE: i64 = 1;
const DICTIONARY_PAGE: i64 = 2;

/// Walks over all pages without decoding them, and counts the rows of each column.
pub(super) fn check(opened: &Opened) -> Result<(), ParquetError> {
    let mut file = opened.file()?;
    for (index, group) in opened.metadata().row_groups().iter().enumerate() {
        for (leaf, chunk) in group.columns().iter().enumerate() {
            let failed = |reason: &str| {
                let name = chunk.column_descr().path().string();
                ParquetError::damaged(&opened.path, format!("column `{name}`: {reason}"))
            };
            let Walked { values, has_lengths } = walk(&mut file, chunk)
                .map_err(|source| ParquetError::io("read", &opened.path, source))?
                .map_err(failed)?;
            if has_lengths {
                lengths(opened, index, leaf, chunk)?.map_err(failed)?;
            }
            let rows = match chunk.column_descr().max_rep_level() {
                0 => values,
                _ => records(opened, index, leaf)?,
            };
            if rows != group.num_rows() {
                let counted = group.num_rows();
                return Err(failed(&format!("it has {rows} rows, but the footer counts {counted}")));
            }
        }
    }
    Ok(())
}

/// What the headers of the pages of a column chunk say.
struct Walked {
    /// Values, nulls included.
    values: i64,
    /// Whether there are texts whose lengths are inside of the page.
    has_lengths: bool,
}

/// Walks over the headers of a column chunk; or what is wrong with one.
fn walk(file: &mut File, chunk: &ColumnChunkMetaData) -> std::io::Result<Result<Walked, &'static str>> {
    let Some((mut at, mut left)) = extent(chunk) else {
        return Ok(Err("its footer gives no location for it"));
    };
    let (mut values, mut has_lengths) = (0_i64, false);
    while left > 0 {
        let Some(header) = header(file, at, left)? else { return Ok(Err("a page has no header")) };
        let PageHeader { length, page_type, uncompressed, compressed, values: count, encoding } = header;
        let size = length as u64 + compressed.unsigned_abs();
        if compressed < 0 || uncompressed < 0 || count < 0 || size > left {
            return Ok(Err("a page is longer than the column"));
        }
        if uncompressed > chunk.uncompressed_size().max(USUAL_PAGE_BYTES) {
            return Ok(Err("a page claims to be larger than the column"));
        }
        match page_type {
            DICTIONARY_PAGE if count > uncompressed => {
                return Ok(Err("a dictionary claims to have more values than bytes"));
            }
            INDEX_PAGE | DICTIONARY_PAGE => {}
            _ => values = values.saturating_add(count),
        }
        has_lengths |= deltas::has_lengths(encoding);
        (at, left) = (at + size, left - size);
    }
    Ok(Ok(Walked { values, has_lengths }))
}

fn header(file: &mut File, at: u64, left: u64) -> std::io::Result<Option<PageHeader>> {
    let most = usize::try_from(left).unwrap_or(usize::MAX).min(MOST_HEADER_BYTES);
    let mut window = HEADER_BYTES.min(most);
    loop {
        let mut bytes = vec![0; window];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut bytes)?;
        let header = PageHeader::read(&bytes);
        if header.is_some() || window == most {
            return Ok(header);
        }
        window = (window * 16).min(most);
    }
}

/// Looks at lengths of texts inside of pages.
fn lengths(
    opened: &Opened,
    group: usize,
    leaf: usize,
    chunk: &ColumnChunkMetaData,
) -> Result<Result<(), &'static str>, ParquetError> {
    let failed = |source| ParquetError::read(&opened.path, source);
    let reader = SerializedFileReader::new(opened.file()?).map_err(failed)?;
    let group = reader.get_row_group(group).map_err(failed)?;
    let mut pages = group.get_column_page_reader(leaf).map_err(failed)?;
    deltas::check(&mut *pages, chunk).map_err(failed)
}

/// The rows of a column of lists, which begin where a value is not repeated.
fn records(opened: &Opened, group: usize, leaf: usize) -> Result<i64, ParquetError> {
    let failed = |source| ParquetError::read(&opened.path, source);
    let reader = SerializedFileReader::new(opened.file()?).map_err(failed)?;
    let group = reader.get_row_group(group).map_err(failed)?;
    let column = group.get_column_reader(leaf).map_err(failed)?;
    count(column).map(|rows| rows as i64).map_err(failed)
}

/// Reads a column to its end. (Skipping its rows would be faster, but where levels are missing the library skips
/// forever.)
fn count(column: ColumnReader) -> parquet::errors::Result<usize> {
    macro_rules! counted {
        ($($variant:ident),*) => {
            match column {
                $(ColumnReader::$variant(mut column) => {
                    let mut rows = 0;
                    loop {
                        let (mut defined, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::new());
                        let read =
                            column.read_records(BATCH_ROWS, Some(&mut defined), Some(&mut repeated), &mut values)?;
                        if read == (0, 0, 0) {
                            return Ok(rows);
                        }
                        rows += read.0;
                    }
                })*
            }
        };
    }
    counted!(
        BoolColumnReader,
        Int32ColumnReader,
        Int64ColumnReader,
        Int96ColumnReader,
        FloatColumnReader,
        DoubleColumnReader,
        ByteArrayColumnReader,
        FixedLenByteArrayColumnReader
    )
}
