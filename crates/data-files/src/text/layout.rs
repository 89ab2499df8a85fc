//! The columns of a file of lines, and rows encoded by them.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use cartage_values::canonical::write_text;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::TextError;
use super::cells::{Cells, Mark, quote};

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFormat {
    /// One JSON object a line, without nulls.
    Jsonl,
    /// A header and one record a line; everything but numbers and booleans is quoted.
    Csv,
}

/// The columns of a file of lines. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct TextLayout {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    schema: SchemaRef,
    format: TextFormat,
    gzip: bool,
    /// What the types of columns do not say.
    marks: BTreeMap<String, Mark>,
    /// The name of each column as it is written before its value.
    keys: Vec<Vec<u8>>,
}

/// Lines ready to be appended to a file of their layout.
#[derive(Debug)]
pub struct EncodedLines {
    pub(super) bytes: Vec<u8>,
    pub(super) uncompressed: u64,
    pub(super) rows: u64,
}

impl EncodedLines {
    /// Number of rows of the batch.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

impl TextLayout {
    /// The layout of files with the columns of `schema`, some of which have a mark.
    pub fn new(schema: SchemaRef, format: TextFormat, gzip: bool, marks: BTreeMap<String, Mark>) -> Self {
        let key = |name: &str| {
            let mut key = Vec::new();
            write_text(&mut key, name);
            key.push(b':');
            key
        };
        let keys = schema.fields().iter().map(|field| key(field.name())).collect();
        Self { inner: Arc::new(Inner { schema, format, gzip, marks, keys }) }
    }

    /// The columns, in the order in which they are written.
    pub fn schema(&self) -> &SchemaRef {
        &self.inner.schema
    }

    /// Whether files are packed.
    pub(crate) fn is_packed(&self) -> bool {
        self.inner.gzip
    }

    /// Whether lines of `other` may follow lines of this layout in one file.
    pub fn continues(&self, other: &Self) -> bool {
        self.inner.format == TextFormat::Jsonl || self.inner.schema == other.inner.schema
    }

    /// The header of a file, if it has one.
    pub(super) fn header(&self) -> Option<EncodedLines> {
        if self.inner.format != TextFormat::Csv {
            return None;
        }
        let mut line = Vec::new();
        for (index, field) in self.inner.schema.fields().iter().enumerate() {
            if index > 0 {
                line.push(b',');
            }
            quote(&mut line, field.name().as_bytes());
        }
        line.push(b'\n');
        Some(self.packed(&line, 0))
    }

    /// Encodes batches that follow one another. A batch has a row count and one array a column of this layout,
    /// in its order; `None` stands for nulls only.
    ///
    /// # Errors
    /// [`TextError::Type`] and [`TextError::Bytes`] if a column has no text.
    pub fn encode(&self, batches: &[(usize, Vec<Option<ArrayRef>>)]) -> Result<EncodedLines, TextError> {
        let Inner { schema, format, marks, .. } = &*self.inner;
        let mut lines = Vec::new();
        let mut total = 0;
        for (rows, arrays) in batches {
            let columns = schema.fields().iter().zip(arrays).map(|(field, array)| match array {
                None => Ok(Cells::Absent),
                Some(array) => Cells::new(field.name(), array, marks.get(field.name()).copied()),
            });
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            for row in 0..*rows {
                match format {
                    TextFormat::Jsonl => self.json_line(&mut lines, &columns, row),
                    TextFormat::Csv => self.csv_line(&mut lines, &columns, row)?,
                }
            }
            total += *rows as u64;
        }
        Ok(self.packed(&lines, total))
    }

    fn json_line(&self, out: &mut Vec<u8>, columns: &[Cells<'_>], row: usize) {
        out.push(b'{');
        let mut is_first = true;
        for (key, cells) in self.inner.keys.iter().zip(columns) {
            if !cells.has_json(row) {
                continue;
            }
            if !is_first {
                out.push(b',');
            }
            is_first = false;
            out.extend_from_slice(key);
            cells.write_json(out, row);
        }
        out.extend_from_slice(b"}\n");
    }

    fn csv_line(&self, out: &mut Vec<u8>, columns: &[Cells<'_>], row: usize) -> Result<(), TextError> {
        for (index, cells) in columns.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            if !cells.write_csv(out, row) {
                return Err(TextError::Bytes { column: self.inner.schema.field(index).name().clone() });
            }
        }
        out.push(b'\n');
        Ok(())
    }

    fn packed(&self, lines: &[u8], rows: u64) -> EncodedLines {
        let uncompressed = lines.len() as u64;
        let bytes = if self.inner.gzip { pack(lines) } else { lines.to_vec() };
        EncodedLines { bytes, uncompressed, rows }
    }
}

/// One gzip member, without a time, so that equal lines are equal bytes.
pub(super) fn pack(lines: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(lines.len() / 4), Compression::new(3));
    encoder.write_all(lines).and_then(|()| encoder.finish()).expect("writing to memory does not fail")
}
