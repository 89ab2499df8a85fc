//! The settings below `[destination.<name>]`: parsed and checked, nothing connected. The keys are dlt's.

use std::num::NonZeroUsize;
use std::time::Duration;

use cartage_destinations_api::{CommonSettings, ConnectRequest, Error, Result, Seconds, Settings};
use cartage_destinations_sql::Datasets;
use cartage_object_storage::{GoogleAccess, project_of_document, project_of_machine};
use cartage_runtime::CancelToken;
use serde::Deserialize;

use super::credentials::Credentials;

/// The address of the service.
const SERVICE: &str = "https://bigquery.googleapis.com";
/// Where datasets are made unless the settings say otherwise, as in dlt.
const LOCATION: &str = "US";

/// Where the dataset is and how it is used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Name under `[destination]`, for remedies.
    pub name: String,
    /// The datasets that are loaded into.
    pub datasets: Datasets,
    /// What all destinations share.
    pub common: CommonSettings,
    /// The project that the datasets belong to.
    pub project: String,
    /// The project that jobs run in and are billed to.
    pub billed: String,
    /// Where datasets are made and jobs run, such as `EU`.
    pub location: String,
    /// Whether names of tables are told apart by case.
    pub case_sensitive: bool,
    /// Whether a dataset that is made is told so.
    pub sets_case_sensitivity: bool,
    /// How long one answer may take.
    pub answer_timeout: Duration,
    /// How long the upload of one file may take.
    pub upload_timeout: Duration,
    /// How long something is tried again that may pass.
    pub retry_for: Duration,
    /// Jobs at a time.
    pub connections: Option<NonZeroUsize>,
    /// The address, without a slash at its end.
    pub url: String,
    /// Who asks; nobody where the address is that of an emulator or proxy.
    pub access: Option<GoogleAccess>,
    /// Set when the user asks to stop.
    pub cancel: CancelToken,
}

/// The keys of dlt, and ours.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    project_id: Option<String>,
    location: Option<String>,
    #[serde(default = "yes")]
    has_case_sensitive_identifiers: bool,
    #[serde(default)]
    should_set_case_sensitivity_on_new_dataset: bool,
    http_timeout: Option<Seconds>,
    file_upload_timeout: Option<Seconds>,
    retry_deadline: Option<Seconds>,
    autodetect_schema: Option<bool>,
    ignore_unknown_values: Option<bool>,
    /// Of streaming inserts, which there are none of: dlt's settings may have it.
    #[serde(rename = "batch_size")]
    _batch_size: Option<NonZeroUsize>,
    connections: Option<NonZeroUsize>,
    url: Option<String>,
}

fn yes() -> bool {
    true
}

impl Config {
    /// Reads the settings of a request.
    ///
    /// # Errors
    /// Invalid naming the key that is unknown, absent or has a value that is not allowed.
    pub fn read(request: &ConnectRequest) -> Result<Self> {
        let (common, rest) = CommonSettings::split(&request.settings)?;
        let credentials = Credentials::read(&rest, &request.base_dir)?;
        let keys: Keys = rest.without(&["credentials"]).parse()?;
        refuse(&rest, &keys, &common)?;
        let url = keys.url.filter(|url| !url.is_empty());
        let access = match (&url, credentials.document()) {
            (Some(_), _) => None,
            (None, Some(document)) => Some(GoogleAccess::of_service_account(&document)),
            (None, None) => Some(GoogleAccess::of_machine()),
        };
        let access = access.transpose().map_err(|cause| unusable(&request.name, &cause))?;
        let known = credentials.document().and_then(|document| project_of_document(&document));
        let project = keys.project_id.or_else(|| known.clone()).or_else(project_of_machine);
        let project = project.filter(|project| !project.is_empty()).ok_or_else(|| no_project(request))?;
        let seconds = |given: Option<Seconds>, default| {
            given.map_or(Duration::from_secs(default), |Seconds(length)| length)
        };
        Ok(Self {
            name: request.name.clone(),
            datasets: Datasets::read(request, &common)?,
            common,
            billed: known.unwrap_or_else(|| project.clone()),
            project,
            location: keys.location.or_else(|| credentials.location()).unwrap_or_else(|| LOCATION.to_owned()),
            case_sensitive: keys.has_case_sensitive_identifiers,
            sets_case_sensitivity: keys.should_set_case_sensitivity_on_new_dataset,
            answer_timeout: seconds(keys.http_timeout, 15),
            upload_timeout: seconds(keys.file_upload_timeout, 30 * 60),
            retry_for: seconds(keys.retry_deadline, 60),
            connections: keys.connections,
            url: url.as_deref().unwrap_or(SERVICE).trim_end_matches('/').to_owned(),
            access,
            cancel: request.cancel.clone(),
        })
    }
}

/// Refuses what would be ignored.
fn refuse(settings: &Settings, keys: &Keys, common: &CommonSettings) -> Result<()> {
    if keys.autodetect_schema == Some(true) {
        let what = "tables are made from the schema of the pipeline; BigQuery is not asked to guess one";
        return Err(Error::from(settings.invalid("autodetect_schema", what)).with_remedy("leave it out"));
    }
    if keys.ignore_unknown_values == Some(true) {
        let what = "files have no values that their table does not know";
        return Err(Error::from(settings.invalid("ignore_unknown_values", what)).with_remedy("leave it out"));
    }
    if common.create_indexes == Some(true) {
        let what = "BigQuery has no unique constraints";
        return Err(Error::from(settings.invalid("create_indexes", what)).with_remedy("leave it out"));
    }
    Ok(())
}

fn unusable(name: &str, cause: &dyn std::error::Error) -> Error {
    // What the library says of a document may repeat a part of it.
    let _ = cause;
    Error::invalid("the credentials are none of a service account").with_remedy(format!(
        "set project_id, client_email and private_key in [destination.{name}.credentials] as the key file of the \
         service account has them, or check the file that GOOGLE_APPLICATION_CREDENTIALS names"
    ))
}

fn no_project(request: &ConnectRequest) -> Error {
    let name = &request.name;
    Error::invalid("no project of Google Cloud is named").with_remedy(format!(
        "set project_id in [destination.{name}] or in [destination.{name}.credentials], or the variable \
         GOOGLE_CLOUD_PROJECT"
    ))
}
