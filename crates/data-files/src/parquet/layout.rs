//! The columns and encodings of a file, and row groups encoded by them.

use std::collections::BTreeSet;
use std::fmt::{self, Debug};
use std::sync::Arc;

use arrow::array::{ArrayRef, new_null_array};
use arrow::datatypes::{DataType, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression as ParquetCompression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, TypePtr};

use super::ParquetError;

/// How pages are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// Pages compressed with Snappy.
    Snappy,
    /// Pages compressed with LZ4, without frames (`LZ4_RAW`).
    Lz4,
    /// Zstandard with a level from 1 to 22.
    Zstd(i32),
}

/// Encodings of the columns of a file.
#[derive(Clone, Debug, Default)]
pub struct LayoutOptions {
    /// How pages are compressed.
    pub compression: Compression,
    /// Columns with few distinct values, which a dictionary makes smaller.
    pub dictionary: BTreeSet<String>,
}

/// The columns and encodings of a file. Cloning is cheap.
#[derive(Clone)]
pub struct Layout {
    schema: SchemaRef,
    root: TypePtr,
    properties: WriterPropertiesPtr,
    columns: Arc<ArrowRowGroupWriterFactory>,
}

impl Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layout").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Layout {
    /// The layout of files with the columns of `schema`.
    ///
    /// # Errors
    /// [`ParquetError::Encode`] if a column has a type that Parquet does not know.
    pub fn new(schema: SchemaRef, options: &LayoutOptions) -> Result<Self, ParquetError> {
        let properties = Arc::new(properties(&schema, options)?);
        let root = ArrowSchemaConverter::new().convert(&schema)?.root_schema_ptr();
        // The factory wants a writer for its properties only, so a writer to memory will do.
        let scratch = SerializedFileWriter::new(Vec::new(), Arc::clone(&root), Arc::clone(&properties))?;
        let columns = Arc::new(ArrowRowGroupWriterFactory::new(&scratch, Arc::clone(&schema)));
        Ok(Self { schema, root, properties, columns })
    }

    /// The columns, in the order in which they are written.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(super) fn root(&self) -> TypePtr {
        Arc::clone(&self.root)
    }

    pub(super) fn properties(&self) -> WriterPropertiesPtr {
        Arc::clone(&self.properties)
    }

    /// Encodes a row group from batches that follow one another. [`RowGroupEncoder`](super::RowGroupEncoder) does the
    /// same on several threads.
    ///
    /// # Errors
    /// [`ParquetError::Encode`] if an array has another type than its column, or nulls where the column
    /// has none.
    pub fn encode(&self, batches: &[ColumnBatch]) -> Result<EncodedRowGroup, ParquetError> {
        let writers = self.column_writers()?.into_iter().enumerate();
        let chunks = writers.map(|(index, mut writer)| {
            self.write_column(index, &mut writer, batches)?;
            Ok::<_, ParquetError>(writer.close()?)
        });
        Ok(EncodedRowGroup::new(chunks.collect::<Result<_, _>>()?, batches))
    }

    pub(super) fn column_writers(&self) -> Result<Vec<ArrowColumnWriter>, ParquetError> {
        Ok(self.columns.create_column_writers(0)?)
    }

    /// Writes the arrays of a column, not yet all of its pages: closing the writer does.
    pub(super) fn write_column(
        &self,
        index: usize,
        writer: &mut ArrowColumnWriter,
        batches: &[ColumnBatch],
    ) -> Result<(), ParquetError> {
        let field = self.schema.field(index);
        for (rows, arrays) in batches {
            let array = match arrays.get(index).and_then(Option::as_ref) {
                Some(array) => Arc::clone(array),
                None => new_null_array(field.data_type(), *rows),
            };
            for leaf in compute_leaves(field, &array)? {
                writer.write(&leaf)?;
            }
        }
        Ok(())
    }
}

/// Rows: how many, and one array a column of the layout, in its order; `None` stands for nulls only.
pub type ColumnBatch = (usize, Vec<Option<ArrayRef>>);

/// A row group ready to be appended to a file of its layout.
#[derive(Debug)]
pub struct EncodedRowGroup {
    pub(super) chunks: Vec<ArrowColumnChunk>,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

impl EncodedRowGroup {
    pub(super) fn new(chunks: Vec<ArrowColumnChunk>, batches: &[ColumnBatch]) -> Self {
        let rows = batches.iter().map(|(rows, _)| *rows as u64).sum();
        let bytes = chunks.iter().map(|chunk| chunk.close().bytes_written).sum();
        Self { chunks, rows, bytes }
    }

    /// Number of rows of the batch.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes that it takes in a file.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

fn properties(schema: &SchemaRef, options: &LayoutOptions) -> Result<WriterProperties, ParquetError> {
    let compression = match options.compression {
        Compression::None => ParquetCompression::UNCOMPRESSED,
        Compression::Snappy => ParquetCompression::SNAPPY,
        Compression::Lz4 => ParquetCompression::LZ4_RAW,
        Compression::Zstd(level) => ParquetCompression::ZSTD(ZstdLevel::try_new(level)?),
    };
    let mut builder = WriterProperties::builder()
        .set_created_by("cartage".to_owned())
        .set_compression(compression)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_data_page_row_count_limit(usize::MAX);
    for field in schema.fields() {
        if options.dictionary.contains(field.name()) && *field.data_type() == DataType::Utf8 {
            let path = ColumnPath::new(vec![field.name().clone()]);
            builder = builder.set_column_dictionary_enabled(path, true);
        }
    }
    Ok(builder.build())
}
