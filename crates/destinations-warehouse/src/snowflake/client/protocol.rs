//! The forms of answers. Those with secrets cannot be shown: they have no `Debug`.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::failure::Failure;

/// What every answer is in.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope<T> {
    #[serde(default)]
    pub(crate) success: bool,
    #[serde(default = "Option::default")]
    pub(crate) data: Option<T>,
    /// Text or a number.
    #[serde(default, deserialize_with = "text")]
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

impl<T> Envelope<T> {
    /// What is inside of a success.
    pub(crate) fn into_data(self) -> Result<T, Failure> {
        match self.data {
            Some(data) if self.success => Ok(data),
            _ => Err(Failure::Refused {
                code: self.code.unwrap_or_default(),
                message: self.message.unwrap_or_default(),
            }),
        }
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(other) => Some(other.to_string()),
    })
}

/// The answer to a login, and to a renewal.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LoginAnswer {
    pub(crate) token: Option<String>,
    pub(crate) master_token: Option<String>,
    pub(crate) session_token: Option<String>,
    pub(crate) server_version: Option<String>,
    pub(crate) session_info: SessionInfo,
}

/// What a session begins in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SessionInfo {
    #[serde(rename = "databaseName")]
    pub(crate) database: Option<String>,
    #[serde(rename = "warehouseName")]
    pub(crate) warehouse: Option<String>,
    #[serde(rename = "roleName")]
    pub(crate) role: Option<String>,
}

/// The answer to a statement.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct QueryAnswer {
    pub(crate) rowtype: Vec<ColumnType>,
    pub(crate) rowset: Option<Vec<Vec<Value>>>,
    #[serde(rename = "rowsetBase64")]
    pub(crate) rowset_base64: Option<String>,
    pub(crate) query_result_format: Option<String>,
    pub(crate) chunks: Option<Vec<Chunk>>,
    pub(crate) chunk_headers: Option<HashMap<String, String>>,
    /// The key of chunks that have no headers.
    pub(crate) qrmk: Option<String>,
    /// Where to ask for the result of a statement that is not done.
    pub(crate) get_result_url: Option<String>,
}

/// A column of an answer.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ColumnType {
    pub(crate) name: String,
    #[serde(rename = "type", default)]
    pub(crate) type_name: String,
    pub(crate) scale: Option<i64>,
}

/// A part of an answer that is elsewhere.
#[derive(Deserialize)]
pub(crate) struct Chunk {
    pub(crate) url: String,
}

/// The answer to `PUT`: where the file goes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadAnswer {
    pub(crate) stage_info: StageInfo,
    /// Keys of files that the client encrypts: an object or a list, or null.
    #[serde(default)]
    pub(crate) encryption_material: Value,
}

/// The place behind a stage.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct StageInfo {
    pub(crate) location_type: String,
    /// Bucket or container, and the folder in it.
    pub(crate) location: String,
    pub(crate) region: Option<String>,
    pub(crate) end_point: Option<String>,
    pub(crate) storage_account: Option<String>,
    pub(crate) presigned_url: Option<String>,
    pub(crate) creds: StageCredentials,
}

/// What opens the place behind a stage, for an hour or so.
#[derive(Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", default)]
pub(crate) struct StageCredentials {
    pub(crate) aws_key_id: Option<String>,
    pub(crate) aws_secret_key: Option<String>,
    pub(crate) aws_token: Option<String>,
    pub(crate) azure_sas_token: Option<String>,
    pub(crate) gcs_access_token: Option<String>,
}
