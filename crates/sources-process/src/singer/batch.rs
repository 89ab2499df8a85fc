//! Files of BATCH messages.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use cartage_row_readers::Lines;
use cartage_source_api::{Page, SourceError};
use flate2::read::MultiGzDecoder;

use crate::singer::message::Encoding;

/// Reads a file of a batch. It stays: a tap can name any file, and only the user knows which can go.
///
/// # Errors
/// If it is not local, cannot be read, or is written in an unknown way.
pub(super) fn read(address: &str, encoding: &Encoding, max_line_bytes: usize) -> Result<Vec<Page>, String> {
    let path = address.strip_prefix("file://").unwrap_or(address);
    if path.contains("://") {
        return Err(format!("the file of a batch is at `{address}`; only local files are read"));
    }
    let path = PathBuf::from(path);
    let failed = |error: SourceError| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        format!("file of a batch: {error}{cause}")
    };
    let opened = || {
        let source = |source| SourceError::Read { input: path.display().to_string(), source };
        File::open(&path).map_err(source).map_err(failed)
    };
    let pages = match (encoding.format.as_str(), encoding.compression.as_deref()) {
        ("jsonl", None | Some("" | "none")) => lines(opened()?, &path, max_line_bytes).map_err(failed)?,
        ("jsonl", Some("gzip")) => {
            lines(MultiGzDecoder::new(opened()?), &path, max_line_bytes).map_err(failed)?
        }
        (format, compression) => {
            return Err(format!("batches of {format} with compression {compression:?} are not read"));
        }
    };
    Ok(pages)
}

fn lines(input: impl Read, path: &std::path::Path, max_line_bytes: usize) -> Result<Vec<Page>, SourceError> {
    let source: Arc<str> = path.display().to_string().into();
    let mut lines = Lines::new(input, source, max_line_bytes);
    let mut pages = Vec::new();
    while let Some(page) = lines.next_page()? {
        pages.push(Page::Json(page));
    }
    Ok(pages)
}
