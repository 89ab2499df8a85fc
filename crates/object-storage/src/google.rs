//! Tokens for Google's other services, of the same credentials and places that buckets have.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use object_store::Result;
use object_store::gcp::{GcpCredentialProvider, GoogleCloudStorageBuilder};

use crate::connect::use_ring;
use crate::refusal::{Refusal, first_line};

/// Variables that name the project where nothing else does.
const PROJECTS: [&str; 3] = ["GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"];
/// The variable that names the file of the application default credentials.
const CREDENTIALS: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// Who asks Google, and so gets tokens. They are renewed before they expire. `Debug` shows nothing.
#[derive(Clone)]
pub struct GoogleAccess {
    provider: GcpCredentialProvider,
}

impl fmt::Debug for GoogleAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleAccess").finish_non_exhaustive()
    }
}

impl GoogleAccess {
    /// The access of a service account, of which `document` is the file that Google gives.
    ///
    /// # Errors
    /// If the document is none of a service account.
    pub fn of_service_account(document: &str) -> Result<Self> {
        Self::built(GoogleCloudStorageBuilder::new().with_service_account_key(document))
    }

    /// The application default credentials: the file that `GOOGLE_APPLICATION_CREDENTIALS` names, the login of `gcloud`,
    /// or the role of the machine.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn of_machine() -> Result<Self> {
        Self::built(GoogleCloudStorageBuilder::from_env())
    }

    fn built(builder: GoogleCloudStorageBuilder) -> Result<Self> {
        use_ring();
        // A bucket is asked for and never used.
        let store = builder.with_bucket_name("none").build()?;
        Ok(Self { provider: Arc::clone(store.credentials()) })
    }

    /// A token that is valid now, of the scope `cloud-platform`.
    ///
    /// # Errors
    /// If Google or the machine refuses one, or cannot be reached.
    pub async fn token(&self) -> Result<String, NoToken> {
        match self.provider.get_credential().await {
            Ok(credential) => Ok(credential.bearer.clone()),
            Err(cause) => Err(NoToken::of(&cause)),
        }
    }
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoToken {
    refusal: Refusal,
    message: String,
}

impl NoToken {
    fn of(cause: &object_store::Error) -> Self {
        Self { refusal: Refusal::of(cause), message: first_line(&cause.to_string()) }
    }

    /// Whether another attempt may get one.
    pub fn may_pass(&self) -> bool {
        matches!(self.refusal, Refusal::Unreachable | Refusal::Other)
    }
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for NoToken {}

/// The project of this machine as variables and the application default credentials name it.
pub fn project_of_machine() -> Option<String> {
    let variable = |name: &&str| std::env::var(name).ok().filter(|project| !project.is_empty());
    PROJECTS.iter().find_map(variable).or_else(|| {
        let file = std::env::var_os(CREDENTIALS)?;
        project_of_document(&std::fs::read_to_string(Path::new(&file)).ok()?)
    })
}

/// The project that a document of credentials names.
pub fn project_of_document(document: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(document).ok()?;
    let named = ["project_id", "quota_project_id"].iter().find_map(|key| document.get(key)?.as_str());
    named.map(str::to_owned)
}
