//! Parquet files: checked by their footer and handed on as they are.

use std::io::{self, Read};
use std::path::Path;

use arrow::array::RecordBatch;
use cartage_data_files::parquet::examine as footer_of;
use cartage_source_api::{ParquetFile, ScratchFile, SourceError};

use crate::found::{Found, Place};
use crate::remote::ObjectReader;

/// Batches of the rows of a file, in order.
pub(crate) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, SourceError>> + Send>;

/// Reads the footer of a file. An object, which is on its way already, is copied to this machine for it.
pub(crate) fn examine(found: &Found, object: Option<ObjectReader>) -> Result<ParquetFile, SourceError> {
    match (&found.place, object) {
        (Place::File(path), None) => footer(found, path, None),
        (_, Some(object)) => {
            let copy = copied(object)
                .map_err(|source| SourceError::Read { input: found.name.to_string(), source })?;
            footer(found, copy.path(), Some(copy.clone()))
        }
        _ => Err(SourceError::Unusable {
            input: found.name.to_string(),
            reason: "Parquet cannot be read from a stream; store it in a file".to_owned(),
        }),
    }
}

fn footer(found: &Found, path: &Path, scratch: Option<ScratchFile>) -> Result<ParquetFile, SourceError> {
    let footer = footer_of(path).map_err(|error| SourceError::parquet(&found.name, error))?;
    Ok(ParquetFile {
        path: path.to_owned(),
        source: found.name.clone(),
        rows: footer.rows,
        bytes: footer.bytes,
        uncompressed_bytes: footer.uncompressed_bytes,
        scratch,
    })
}

fn copied(mut object: ObjectReader) -> io::Result<ScratchFile> {
    let (scratch, mut file) = ScratchFile::create()?;
    io::copy(&mut object.by_ref(), &mut file)?;
    Ok(scratch)
}

/// The rows of a file, which stays as long as they are read.
pub(crate) fn batches(file: ParquetFile) -> Result<Batches, SourceError> {
    let rows = file.first_rows(file.rows)?;
    Ok(Box::new(rows.inspect(move |_| {
        // Kept until the last batch.
        let _ = &file;
    })))
}
