//! `credentials`: the fields of a service account as a table, its document as text, or the path of its file.

use std::path::Path;

use cartage_destinations_api::{Error, Result, Settings};
use cartage_object_storage::BucketCredentials;
use serde_json::{Value, json};

/// Fields of the document of a service account that may be in the table; others have no meaning to anybody.
const FIELDS: [&str; 12] = [
    "type",
    "project_id",
    "private_key_id",
    "private_key",
    "client_email",
    "client_id",
    "auth_uri",
    "token_uri",
    "auth_provider_x509_cert_url",
    "client_x509_cert_url",
    "universe_domain",
    // dlt had it here before it was a key of the destination.
    "location",
];
/// What only a login of a person has.
const OF_PERSONS: [&str; 3] = ["client_secret", "refresh_token", "scopes"];

/// Who asks, as the settings have it. `Debug` shows no value.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    values: BucketCredentials,
}

impl Credentials {
    /// Takes the credentials out of the settings.
    ///
    /// # Errors
    /// Invalid if they cannot be understood; no message repeats a value.
    pub(super) fn read(settings: &Settings, base_dir: &Path) -> Result<Self> {
        let fields = |text: &str| -> Result<Vec<(String, String)>> {
            let is_document = text.trim_start().starts_with('{');
            let document = if is_document { text.to_owned() } else { read_file(&base_dir.join(text))? };
            let Ok(Value::Object(document)) = serde_json::from_str(&document) else {
                return Err(Error::invalid(
                    "'credentials': the text is neither a document in JSON nor the path of one",
                )
                .with_remedy("name the key file of a service account, or write its fields as a table"));
            };
            let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Ok(document.into_iter().map(|(key, value)| (key, text(value))).collect())
        };
        let spelled = settings.spell_out_with("credentials", fields)?;
        let table = spelled.table_or_empty("credentials");
        for key in table.keys() {
            if OF_PERSONS.contains(&key) {
                return Err(Error::invalid(format!("'credentials': {key} belongs to the login of a person"))
                    .with_remedy(
                        "use a service account; or log in with `gcloud auth application-default login` and leave \
                         credentials out",
                    ));
            }
            if !FIELDS.contains(&key) {
                let known = FIELDS.join(", ");
                return Err(Error::invalid(format!("'credentials': unknown key `{key}`"))
                    .with_remedy(format!("known keys are {known}")));
            }
        }
        Ok(Self { values: table.parse()? })
    }

    /// The location that older settings of dlt have here.
    pub(super) fn location(&self) -> Option<String> {
        self.values.get("location").map(str::to_owned)
    }

    /// The document of the service account; `None` where there is none, so that the machine's own are taken.
    pub(super) fn document(&self) -> Option<String> {
        let key = self.values.get("private_key")?;
        let field = |name: &str| self.values.get(name).unwrap_or_default();
        let document = json!({
            "type": "service_account",
            "project_id": field("project_id"),
            // A text of the environment has its line ends as two characters.
            "private_key": key.replace("\\n", "\n"),
            "private_key_id": field("private_key_id"),
            "client_email": field("client_email"),
        });
        Some(document.to_string())
    }
}

/// Reads a file that the settings name.
fn read_file(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|cause| {
        Error::invalid(format!("'credentials': cannot read {}: {cause}", path.display()))
            .with_remedy("name the key file of a service account, or write its fields as a table")
    })
}
