//! What is known of a file as columns of its rows, by the names of dlt's file items.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema};
use cartage_row_readers::field;
use cartage_source_api::{InputPosition, JsonPage, SourceError};
use cartage_values::timestamp_to_text;
use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::found::{Found, Place, last_name};
use crate::local::address_of;
use crate::mime;

/// A column that says something of the file of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileColumn {
    /// The last name of the file.
    FileName,
    /// Its address.
    FileUrl,
    /// The type of its content by its name, such as `text/csv`.
    MimeType,
    /// How it is compressed by its name, such as `gzip`.
    Encoding,
    /// When it was changed last.
    ModificationDate,
    /// Bytes as they are stored.
    SizeInBytes,
    /// Its name behind the folder that the pattern begins with.
    RelativePath,
}

impl FileColumn {
    /// The key of rows.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::FileName => "file_name",
            Self::FileUrl => "file_url",
            Self::MimeType => "mime_type",
            Self::Encoding => "encoding",
            Self::ModificationDate => "modification_date",
            Self::SizeInBytes => "size_in_bytes",
            Self::RelativePath => "relative_path",
        }
    }
}

/// The columns of one file and their values.
#[derive(Debug)]
pub(crate) struct FileValues {
    name: Arc<str>,
    values: Vec<(FileColumn, Value)>,
    modified: Option<i64>,
    /// The columns as they stand at the beginning of a row, behind its bracket.
    text: Vec<u8>,
    /// One for each key, in quotes.
    keys: Vec<(FileColumn, Finder<'static>)>,
}

impl FileValues {
    /// What is known of a file.
    pub(crate) fn of(found: &Found, columns: &[FileColumn]) -> Self {
        let mut values: Vec<(FileColumn, Value)> = Vec::new();
        for column in columns {
            if !values.iter().any(|(known, _)| known == column) {
                values.push((*column, value_of(found, *column)));
            }
        }
        let known = values.iter().filter(|(_, value)| !value.is_null());
        let object: Map<String, Value> =
            known.map(|(column, value)| (column.key().to_owned(), value.clone())).collect();
        let text = Value::Object(object).to_string();
        let keys = values
            .iter()
            .map(|(column, _)| (*column, Finder::new(&format!("\"{}\"", column.key())).into_owned()));
        Self {
            name: Arc::clone(&found.name),
            modified: found.modified,
            text: text.trim_start_matches('{').trim_end_matches('}').as_bytes().to_vec(),
            keys: keys.collect(),
            values,
        }
    }

    /// The rows of a page with the columns in front.
    ///
    /// # Errors
    /// A row that has such a key itself, or is not an object.
    pub(crate) fn in_rows(&self, page: JsonPage) -> Result<JsonPage, SourceError> {
        self.check(&page)?;
        if self.text.is_empty() {
            return Ok(page);
        }
        let mut with = JsonPage::default().with_source_bytes(page.source_bytes());
        with.text_mut().reserve(page.text().len() + (self.text.len() + 1) * page.rows() as usize);
        for (source, line, row) in rows_of(&page) {
            let Some(rest) = row.trim_ascii_start().strip_prefix(b"{") else {
                let reason =
                    "`file_columns` can be added to rows that are objects only; leave it out".to_owned();
                return Err(malformed(source, line, reason));
            };
            let text = with.text_mut();
            text.push(b'{');
            text.extend_from_slice(&self.text);
            if rest.trim_ascii_start().first() != Some(&b'}') {
                text.push(b',');
            }
            text.extend_from_slice(rest);
            with.end_row(source, line);
        }
        for rejected in page.rejected() {
            with.reject(rejected.clone());
        }
        Ok(with)
    }

    /// Looks for rows that have such a key themselves. Most pages do not even have the text of one.
    fn check(&self, page: &JsonPage) -> Result<(), SourceError> {
        // A key may be written with escapes.
        let has_escapes = memchr::memmem::find(page.text(), b"\\u00").is_some();
        for (column, key) in &self.keys {
            if !has_escapes && key.find(page.text()).is_none() {
                continue;
            }
            for (source, line, row) in rows_of(page) {
                if let Ok(Some(_)) = field(row.trim_ascii(), column.key()) {
                    return Err(malformed(source, line, exists(column.key())));
                }
            }
        }
        Ok(())
    }

    /// A batch with the columns behind its own.
    ///
    /// # Errors
    /// If the batch has such a column itself.
    pub(crate) fn in_batch(&self, batch: &RecordBatch) -> Result<RecordBatch, SourceError> {
        let rows = batch.num_rows();
        let schema = batch.schema();
        let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
        let mut columns = batch.columns().to_vec();
        for (column, value) in &self.values {
            if schema.field_with_name(column.key()).is_ok() {
                return Err(SourceError::Unusable {
                    input: self.name.to_string(),
                    reason: exists(column.key()),
                });
            }
            let array: ArrayRef = match column {
                FileColumn::SizeInBytes => Arc::new(Int64Array::from(vec![value.as_i64(); rows])),
                FileColumn::ModificationDate => {
                    Arc::new(TimestampMicrosecondArray::from(vec![self.modified; rows]).with_timezone("UTC"))
                }
                _ => Arc::new(StringArray::from(vec![value.as_str(); rows])),
            };
            fields.push(Arc::new(Field::new(column.key(), array.data_type().clone(), true)));
            columns.push(array);
        }
        let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
        RecordBatch::try_new(Arc::new(schema), columns).map_err(|error| SourceError::Other(error.into()))
    }
}

fn exists(key: &str) -> String {
    format!(
        "there is a column `{key}` already, which `file_columns` would add; leave `{key}` out of `file_columns`, or \
         rename the column in the file"
    )
}

fn malformed(source: &Arc<str>, line: u64, reason: String) -> SourceError {
    SourceError::Malformed { place: InputPosition { source: Arc::clone(source), line, column: None }, reason }
}

/// The rows of a page with their places.
fn rows_of(page: &JsonPage) -> impl Iterator<Item = (&Arc<str>, u64, &[u8])> {
    let lines = page.text().split_inclusive(|byte| *byte == b'\n');
    let places = page.origins().iter().flat_map(|origin| {
        (origin.first_line..origin.first_line + origin.rows).map(move |line| (&origin.source, line))
    });
    places.zip(lines).map(|((source, line), row)| (source, line, row.strip_suffix(b"\n").unwrap_or(row)))
}

fn value_of(found: &Found, column: FileColumn) -> Value {
    let name = last_name(&found.relative);
    match column {
        FileColumn::FileName => name.into(),
        FileColumn::FileUrl => match &found.place {
            Place::File(path) => address_of(path).into(),
            Place::Object(object) => object.url().as_ref().into(),
            Place::StandardInput => Value::Null,
        },
        FileColumn::MimeType => mime::guess(name).0.into(),
        FileColumn::Encoding => mime::guess(name).1.map_or(Value::Null, Value::from),
        FileColumn::ModificationDate => {
            found.modified.map_or(Value::Null, |micros| timestamp_to_text(micros, true).into())
        }
        FileColumn::SizeInBytes => found.bytes.map_or(Value::Null, Value::from),
        FileColumn::RelativePath => found.relative.clone().into(),
    }
}
