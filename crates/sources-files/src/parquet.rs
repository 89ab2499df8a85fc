//! Parquet files: checked by their footer and handed on as they are.

use std::fs::File;
use std::path::Path;

use cartage_extract::{ParquetFile, SourceError};
use parquet::file::metadata::{ParquetMetaDataReader, RowGroupMetaData};

use crate::find::Found;

/// Reads the footer of a file.
pub(crate) fn examine(found: &Found, path: &Path) -> Result<ParquetFile, SourceError> {
    let failed = |source| SourceError::Read { input: found.name.to_string(), source };
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).map_err(|error| {
        let reason = format!("is no whole Parquet file: {error}; write or copy it again");
        SourceError::Unusable { input: found.name.to_string(), reason }
    })?;
    let rows = metadata.file_metadata().num_rows().unsigned_abs();
    let uncompressed: i64 = metadata.row_groups().iter().map(RowGroupMetaData::total_byte_size).sum();
    Ok(ParquetFile {
        path: path.to_owned(),
        source: found.name.clone(),
        rows,
        bytes,
        uncompressed_bytes: uncompressed.unsigned_abs(),
    })
}
