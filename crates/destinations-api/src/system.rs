//! dlt's system tables: their names, and how a schema document is kept in a text column.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use crate::error::{Error, Result};

/// Table of the stored schemas, a row for each version.
pub const VERSION_TABLE: &str = "_dlt_version";
/// Table of the complete loads, a row for each.
pub const LOADS_TABLE: &str = "_dlt_loads";
/// Stored states, written as ordinary rows.
pub const STATE_TABLE: &str = "_dlt_pipeline_state";

/// More than any schema needs; stops a document that unpacks without end.
const MAX_DOCUMENT: u64 = 1 << 30;

/// The document as it is stored: itself, or compressed where it is longer than a text may be.
pub fn encode_schema(document: &str, max_text_length: Option<usize>) -> String {
    if max_text_length.is_none_or(|limit| document.len() <= limit) {
        return document.to_owned();
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(document.as_bytes())
        .and_then(|()| encoder.finish())
        .map(|bytes| STANDARD.encode(bytes))
        .expect("writing to memory does not fail")
}

/// The document of a stored text.
///
/// # Errors
/// Corrupt if the text is packed and cannot be unpacked.
pub fn decode_schema(stored: &str) -> Result<String> {
    let Ok(packed) = STANDARD.decode(stored) else {
        return Ok(stored.to_owned());
    };
    let mut document = String::new();
    ZlibDecoder::new(packed.as_slice())
        .take(MAX_DOCUMENT)
        .read_to_string(&mut document)
        .map_err(|cause| Error::corrupt("stored schema cannot be unpacked").with_source(cause))?;
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_documents_are_packed_and_come_back_whole() {
        let document = format!("{{\"name\":\"{}\"}}", "x".repeat(5000));
        assert_eq!(encode_schema(&document, None), document);
        let packed = encode_schema(&document, Some(1000));
        assert!(packed.len() < 1000);
        assert_eq!(decode_schema(&packed).unwrap(), document);
        assert_eq!(decode_schema(&document).unwrap(), document);
    }
}
