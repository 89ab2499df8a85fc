//! The form in which the state is loaded: one row with the compressed document.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde_json::{Map, Value};

use crate::canonical;
use crate::error::StateError;
use crate::state::{LOCAL, PipelineState};

/// Largest document that is decompressed. States are kilobytes; a few bytes that grow without end are not a state.
const MAX_DOCUMENT: u64 = 1 << 30;

/// A row of `_dlt_pipeline_state`, without the row id.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StateRow {
    /// Version of the state.
    pub version: u64,
    /// Version of the form of the document.
    pub engine_version: u64,
    /// Name of the pipeline.
    pub pipeline_name: String,
    /// The encoded document.
    pub state: String,
    /// When the row was made, as ISO 8601 text.
    pub created_at: String,
    /// Hash of the content.
    pub version_hash: Option<String>,
    /// The load that carries the row.
    #[serde(rename = "_dlt_load_id")]
    pub load_id: String,
}

impl PipelineState {
    /// The document without its local part, compressed: base64 of zlib.
    pub fn encode(&self) -> String {
        let mut document = self.document.clone();
        document.shift_remove(LOCAL);
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&canonical::compact(&document)).expect("writing to memory cannot fail");
        STANDARD.encode(encoder.finish().expect("writing to memory cannot fail"))
    }

    /// Reads an encoded state. Text that is not base64 is taken for the plain document.
    ///
    /// # Errors
    /// [`StateError::Compression`], and those of [`from_json`](Self::from_json).
    pub fn decode(text: &str) -> Result<Self, StateError> {
        let Ok(compressed) = STANDARD.decode(text) else { return Self::from_json(text) };
        let mut json = Vec::new();
        ZlibDecoder::new(compressed.as_slice())
            .take(MAX_DOCUMENT)
            .read_to_end(&mut json)
            .map_err(StateError::Compression)?;
        let document: Map<String, Value> = serde_json::from_slice(&json)?;
        Self::from_document(document)
    }

    /// The row that loads this state. It must have been [bumped](Self::bump).
    pub fn to_row(&self, created_at: &str, load_id: &str) -> StateRow {
        StateRow {
            version: self.version(),
            engine_version: self.engine_version(),
            pipeline_name: self.pipeline_name().to_owned(),
            state: self.encode(),
            created_at: created_at.to_owned(),
            version_hash: self.version_hash().map(str::to_owned),
            load_id: load_id.to_owned(),
        }
    }
}
