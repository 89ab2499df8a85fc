//! Opening a Parquet file of any writer, in whatever condition it is.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use cartage_runtime::contain;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, Type as PhysicalType};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};

use super::{ParquetError, footer};

/// Length of the footer and magic number, at the very end of a file.
const TAIL_BYTES: u64 = 8;

const MAGIC: &[u8] = b"PAR1";
const MAGIC_ENCRYPTED: &[u8] = b"PARE";

/// What the footer of a file says, as far as it can be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footer {
    /// Number of rows.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of its columns before compression.
    pub uncompressed_bytes: u64,
}

/// Reads and checks the footer of a file; [`verify`](super::verify) checks the rest.
///
/// # Errors
/// [`ParquetError::Io`], [`ParquetError::Encrypted`], [`ParquetError::Unsupported`], or
/// [`ParquetError::Damaged`] where it contradicts itself.
pub fn examine(path: &Path) -> Result<Footer, ParquetError> {
    let opened = Opened::read(path)?;
    let groups = opened.metadata().row_groups();
    let uncompressed: i64 = groups.iter().map(RowGroupMetaData::total_byte_size).sum();
    let rows = opened.metadata().file_metadata().num_rows().unsigned_abs();
    Ok(Footer { rows, bytes: opened.bytes, uncompressed_bytes: uncompressed.unsigned_abs() })
}

/// A file whose footer makes sense.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    arrow: ArrowReaderMetadata,
}

impl Opened {
    /// Reads the footer. No value is looked at, see [`Self::typed`].
    pub(super) fn read(path: &Path) -> Result<Self, ParquetError> {
        let mut file = File::open(path).map_err(|source| ParquetError::io("open", path, source))?;
        let bytes = check_footer(&mut file, path)?;
        let arrow = contain(|| ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()))
            .map_err(|panic| ParquetError::panicked(path, &panic))?
            .map_err(|source| ParquetError::read(path, source))?;
        check_chunks(arrow.metadata(), bytes, path)?;
        Ok(Self { path: path.to_owned(), bytes, arrow })
    }

    /// The same file, whose columns are seen as `schema` says.
    pub(super) fn seen_as(mut self, schema: SchemaRef) -> Result<Self, ParquetError> {
        let options = ArrowReaderOptions::new().with_schema(schema);
        let metadata = Arc::clone(self.arrow.metadata());
        self.arrow = contain(|| ArrowReaderMetadata::try_new(metadata, options))
            .map_err(|panic| ParquetError::panicked(&self.path, &panic))?
            .map_err(|source| ParquetError::read(&self.path, source))?;
        Ok(self)
    }

    pub(super) fn metadata(&self) -> &ParquetMetaData {
        self.arrow.metadata()
    }

    pub(super) fn arrow(&self) -> &ArrowReaderMetadata {
        &self.arrow
    }

    /// Opens the file once more: a thread that shares it with others would move their position.
    pub(super) fn file(&self) -> Result<File, ParquetError> {
        File::open(&self.path).map_err(|source| ParquetError::io("open", &self.path, source))
    }

    pub(super) fn builder(&self) -> Result<ParquetRecordBatchReaderBuilder<File>, ParquetError> {
        Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(self.file()?, self.arrow.clone()))
    }

    /// Whether there is something in the file that other readers read in another way, or not at all.
    pub(super) fn is_peculiar(&self) -> bool {
        let is_peculiar = |chunk: &ColumnChunkMetaData| {
            chunk.column_type() == PhysicalType::INT96 || chunk.compression() == Compression::LZ4
        };
        let by_schema = self.metadata().file_metadata().schema_descr();
        by_schema.columns().iter().any(|column| column.physical_type() == PhysicalType::INT96)
            || self.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns).any(is_peculiar)
    }
}

/// Checks that there is a footer, and that the library may be handed it. Returns the size of the file.
fn check_footer(file: &mut File, path: &Path) -> Result<u64, ParquetError> {
    let failed = |source| ParquetError::io("read", path, source);
    let bytes = file.metadata().map_err(failed)?.len();
    let damaged = |reason: &str| Err(ParquetError::damaged(path, reason));
    if bytes < TAIL_BYTES + MAGIC.len() as u64 {
        return damaged(if bytes == 0 { "it is empty" } else { "it is too short for a Parquet file" });
    }
    let mut head = [0; 4];
    let mut tail = [0; TAIL_BYTES as usize];
    let mut read =
        |from: SeekFrom, into: &mut [u8]| file.seek(from).and_then(|_| file.read_exact(into)).map_err(failed);
    read(SeekFrom::Start(0), &mut head)?;
    read(SeekFrom::End(-(TAIL_BYTES as i64)), &mut tail)?;
    let (length, magic) = tail.split_at(4);
    if magic == MAGIC_ENCRYPTED || head == MAGIC_ENCRYPTED {
        return Err(ParquetError::Encrypted { path: path.to_owned() });
    }
    if magic != MAGIC || head != MAGIC {
        return damaged("it does not begin and end as Parquet files do, or its end is missing");
    }
    let length = u64::from(length.iter().rev().fold(0_u32, |length, byte| length << 8 | u32::from(*byte)));
    if length > bytes - TAIL_BYTES - MAGIC.len() as u64 {
        return damaged("its footer is longer than the file");
    }
    let mut footer = vec![0; length as usize];
    read(SeekFrom::End(-((TAIL_BYTES + length) as i64)), &mut footer)?;
    match footer::RawFooter::read(&footer) {
        None => damaged("its footer cannot be read"),
        Some(footer) if footer.is_encrypted => Err(ParquetError::Encrypted { path: path.to_owned() }),
        Some(footer) if !footer.has_schema_tree => {
            damaged("its footer has a different number of columns than its schema, or nests them too deeply")
        }
        Some(_) => Ok(bytes),
    }
}

/// Checks that the row groups are those of the whole, and that each column is inside of the file.
fn check_chunks(metadata: &ParquetMetaData, bytes: u64, path: &Path) -> Result<(), ParquetError> {
    let damaged = |reason: String| Err(ParquetError::damaged(path, reason));
    let rows = metadata.file_metadata().num_rows();
    let groups = metadata.row_groups();
    if rows < 0 || groups.iter().any(|group| group.num_rows() < 0) {
        return damaged("its footer has a negative number of rows".to_owned());
    }
    let sum = groups.iter().try_fold(0_i64, |sum, group| sum.checked_add(group.num_rows()));
    if sum != Some(rows) {
        let sum = sum.map_or_else(|| "too many".to_owned(), |sum| sum.to_string());
        return damaged(format!("its footer counts {rows} rows, but its row groups have {sum}"));
    }
    for chunk in groups.iter().flat_map(RowGroupMetaData::columns) {
        let name = chunk.column_descr().path().string();
        if chunk.file_path().is_some_and(|file| !file.is_empty()) {
            let what = format!("column `{name}` is in another file: it is a summary of a folder");
            return Err(ParquetError::unsupported(path, what, "load the files that it names"));
        }
        if chunk.compression() == Compression::LZO {
            let what = format!("column `{name}` is compressed with LZO");
            return Err(ParquetError::unsupported(path, what, "write it with zstd or snappy"));
        }
        let Some((start, length)) = extent(chunk) else {
            return damaged(format!("its footer gives no location for column `{name}`"));
        };
        if start.checked_add(length).is_none_or(|end| end > bytes - TAIL_BYTES) {
            return damaged(format!(
                "column `{name}` reaches beyond the end: the file was truncated, or its footer is wrong"
            ));
        }
    }
    Ok(())
}

/// Where the pages of a column chunk are: the first byte and how many, as the library has it.
pub(super) fn extent(chunk: &ColumnChunkMetaData) -> Option<(u64, u64)> {
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    Some((u64::try_from(start).ok()?, u64::try_from(chunk.compressed_size()).ok()?))
}
