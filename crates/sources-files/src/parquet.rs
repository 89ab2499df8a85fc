//! Parquet files: checked by their footer and handed on as they are.

use std::path::Path;

use cartage_data_files::parquet::examine as footer_of;
use cartage_source_api::{ParquetFile, SourceError};

use crate::find::Found;

/// Reads the footer of a file.
pub(crate) fn examine(found: &Found, path: &Path) -> Result<ParquetFile, SourceError> {
    let footer = footer_of(path).map_err(|error| SourceError::parquet(&found.name, error))?;
    Ok(ParquetFile {
        path: path.to_owned(),
        source: found.name.clone(),
        rows: footer.rows,
        bytes: footer.bytes,
        uncompressed_bytes: footer.uncompressed_bytes,
    })
}
