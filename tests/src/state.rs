//! The pipeline state as a dataset keeps it.

use std::io::Read as _;

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// Decodes `state` of `_dlt_pipeline_state`: compressed, or plain where it is older than that.
///
/// # Errors
/// If it is not JSON.
pub fn decoded(text: &str) -> Result<Value> {
    let unpacked = BASE64_STANDARD.decode(text).ok().and_then(|bytes| {
        let mut out = Vec::new();
        flate2::read::ZlibDecoder::new(bytes.as_slice()).read_to_end(&mut out).ok()?;
        Some(out)
    });
    Ok(serde_json::from_slice(unpacked.as_deref().unwrap_or(text.as_bytes()))?)
}
