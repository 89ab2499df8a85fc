//! The formats of job files behind one interface: Parquet, JSON lines and CSV.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use cartage_data_files::blocks::FileStats;
use cartage_data_files::parquet::{
    self, ColumnBatch, Compression, EncodedRowGroup, Layout, LayoutOptions, RowGroupEncoder,
};
use cartage_data_files::text::{EncodedLines, LinesWriter, Mark, TextFormat, TextLayout};
use cartage_package_store::{Codec, FileFormat, PackageSettings, PageCompression};
use cartage_schema::{Column, DataType};

use crate::error::NormalizeError;

/// Which format job files have.
#[derive(Clone, Debug)]
pub(crate) enum OutputOptions {
    Parquet(LayoutOptions),
    Lines { format: TextFormat, gzip: bool },
}

/// The columns of a job file. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) enum FileLayout {
    Parquet(Layout),
    Lines(TextLayout),
}

/// Encodes rows on as many threads as come to work on them.
#[derive(Debug)]
pub(crate) enum Encoder {
    Parquet(RowGroupEncoder),
    /// The first thread does it all.
    Lines(TextLayout, Mutex<Option<Vec<ColumnBatch>>>),
}

/// Rows ready to be appended to a file of their layout.
#[derive(Debug)]
pub(crate) enum EncodedRows {
    Parquet(EncodedRowGroup),
    Lines(EncodedLines),
}

/// A job file that is being written.
#[derive(Debug)]
pub(crate) enum FileWriter {
    Parquet(parquet::FileWriter),
    Lines(LinesWriter),
}

/// What the Arrow type of a column does not say.
fn mark(column: &Column) -> Option<Mark> {
    match column.data_type? {
        DataType::Json => Some(Mark::Json),
        DataType::Decimal => Some(Mark::Decimal),
        _ => None,
    }
}

impl OutputOptions {
    /// What the settings of a package ask for; Parquet where they ask for nothing.
    pub(crate) fn new(settings: &PackageSettings, dictionary: BTreeSet<String>) -> Self {
        let gzip = !settings.data_writer.disable_compression;
        match settings.destination.preferred_file_format.unwrap_or(FileFormat::Parquet) {
            FileFormat::Jsonl => Self::Lines { format: TextFormat::Jsonl, gzip },
            FileFormat::Csv => Self::Lines { format: TextFormat::Csv, gzip },
            FileFormat::Parquet => {
                let compression = match settings.data_writer.compression {
                    PageCompression::None => Compression::None,
                    PageCompression::Snappy => Compression::Snappy,
                    PageCompression::Lz4 => Compression::Lz4,
                    PageCompression::Zstd => Compression::Zstd(1),
                };
                Self::Parquet(LayoutOptions { compression, dictionary })
            }
        }
    }

    /// The layout of files with these fields, which stand for these columns.
    pub(crate) fn layout<'c>(
        &self,
        schema: SchemaRef,
        columns: impl Iterator<Item = &'c Column>,
    ) -> Result<FileLayout, NormalizeError> {
        Ok(match self {
            Self::Parquet(options) => FileLayout::Parquet(Layout::new(schema, options)?),
            Self::Lines { format, gzip } => {
                let marks = columns.filter_map(|column| Some((column.name.clone(), mark(column)?))).collect();
                FileLayout::Lines(TextLayout::new(schema, *format, *gzip, marks))
            }
        })
    }

    /// The extension of a file name, after its id.
    pub(crate) fn extension(&self) -> (FileFormat, Option<Codec>) {
        match self {
            Self::Parquet(_) => (FileFormat::Parquet, None),
            Self::Lines { format, gzip } => {
                let format = match format {
                    TextFormat::Jsonl => FileFormat::Jsonl,
                    TextFormat::Csv => FileFormat::Csv,
                };
                (format, gzip.then_some(Codec::Gz))
            }
        }
    }

    /// Whether rows are lines of JSON.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self, Self::Lines { format: TextFormat::Jsonl, .. })
    }

    /// Whether files of the format can be taken over as they are.
    pub(crate) fn is_parquet(&self) -> bool {
        matches!(self, Self::Parquet(_))
    }
}

impl FileLayout {
    pub(crate) fn schema(&self) -> &SchemaRef {
        match self {
            Self::Parquet(layout) => layout.schema(),
            Self::Lines(layout) => layout.schema(),
        }
    }

    /// Whether rows of `other` may follow rows of this layout in one file.
    pub(crate) fn continues(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Parquet(one), Self::Parquet(other)) => one.schema() == other.schema(),
            (Self::Lines(one), Self::Lines(other)) => one.continues(other),
            _ => false,
        }
    }

    /// What encodes batches that follow one another.
    pub(crate) fn encoder(&self, batches: Vec<ColumnBatch>) -> Encoder {
        match self {
            Self::Parquet(layout) => Encoder::Parquet(RowGroupEncoder::new(layout.clone(), batches)),
            Self::Lines(layout) => Encoder::Lines(layout.clone(), Mutex::new(Some(batches))),
        }
    }

    /// Creates a file, which must not exist.
    pub(crate) fn create(&self, path: &Path) -> Result<FileWriter, NormalizeError> {
        Ok(match self {
            Self::Parquet(layout) => FileWriter::Parquet(parquet::FileWriter::create(path, layout)?),
            Self::Lines(layout) => FileWriter::Lines(LinesWriter::create(path, layout)?),
        })
    }
}

impl Encoder {
    /// Works until there is nothing left to do. One of the threads gets the rows, all others `None`.
    ///
    /// # Errors
    /// [`NormalizeError::Parquet`] or [`NormalizeError::Text`].
    pub(crate) fn work(&self) -> Option<Result<EncodedRows, NormalizeError>> {
        match self {
            Self::Parquet(encoder) => {
                let encoded = encoder.work()?;
                Some(encoded.map(EncodedRows::Parquet).map_err(NormalizeError::from))
            }
            Self::Lines(layout, batches) => {
                let batches = batches.lock().unwrap_or_else(PoisonError::into_inner).take()?;
                Some(layout.encode(&batches).map(EncodedRows::Lines).map_err(NormalizeError::from))
            }
        }
    }

    /// How many threads find something to do.
    pub(crate) fn parts(&self) -> usize {
        match self {
            Self::Parquet(encoder) => encoder.columns(),
            Self::Lines(..) => 1,
        }
    }
}

impl FileWriter {
    /// Appends rows of the layout that the file was created with.
    pub(crate) fn append(&mut self, rows: EncodedRows) -> Result<(), NormalizeError> {
        match (self, rows) {
            (Self::Parquet(writer), EncodedRows::Parquet(group)) => writer.append(group)?,
            (Self::Lines(writer), EncodedRows::Lines(lines)) => writer.append(&lines)?,
            _ => unreachable!("all files of a package have one format"),
        }
        Ok(())
    }

    /// Closes the file until more is written.
    pub(crate) fn rest(&mut self) {
        match self {
            Self::Parquet(writer) => writer.rest(),
            Self::Lines(writer) => writer.rest(),
        }
    }

    pub(crate) fn rows(&self) -> u64 {
        match self {
            Self::Parquet(writer) => writer.rows(),
            Self::Lines(writer) => writer.rows(),
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Parquet(writer) => writer.bytes(),
            Self::Lines(writer) => writer.bytes(),
        }
    }

    /// Closes the file and tells what it holds.
    pub(crate) fn finish(self) -> Result<FileStats, NormalizeError> {
        Ok(match self {
            Self::Parquet(writer) => writer.finish()?,
            Self::Lines(writer) => writer.finish()?,
        })
    }
}
