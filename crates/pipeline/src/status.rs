//! What there is of a pipeline: packages in each folder, the last state and schemas, an interrupted run.

use cartage_package_store::{Folder, LoadId};
use cartage_schema::Schema;
use serde::Serialize;

use crate::error::PipelineError;
use crate::project::Project;

/// What there is of a pipeline.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Name of the pipeline.
    pub pipeline: String,
    /// Path of its folder.
    pub folder: String,
    /// Its destination, as configured.
    pub destination: Option<String>,
    /// Name of its dataset.
    pub dataset: String,
    /// Packages, those that wait first, then what was done with others.
    pub packages: Vec<PackageLine>,
    /// Version of the state of the last load.
    pub state_version: Option<u64>,
    /// The schemas of the last load.
    pub schemas: Vec<SchemaLine>,
    /// The run that was interrupted, if one was; the next run finishes it.
    pub interrupted_run: Option<String>,
}

/// What `status` shows of a package.
#[derive(Clone, Debug, Serialize)]
pub struct PackageLine {
    /// Load id of the package.
    pub load_id: String,
    /// The folder of the store that holds the package.
    pub folder: Folder,
    /// Its schema; `None` where its manifest cannot be read.
    pub schema: Option<String>,
    /// Rows in its files.
    pub rows: u64,
    /// Their bytes on disk.
    pub bytes: u64,
    /// Why it cannot be read.
    pub damage: Option<String>,
    /// Why it was set aside, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What `status` shows of a schema.
#[derive(Clone, Debug, Serialize)]
pub struct SchemaLine {
    /// Name of the schema.
    pub name: String,
    /// Version number, as dlt counts it.
    pub version: u64,
    /// Hash of the content, as base64.
    pub version_hash: String,
    /// Number of tables that are not of dlt.
    pub tables: usize,
}

impl Project {
    /// Looks at everything, changes nothing and takes no lock.
    ///
    /// # Errors
    /// If the data folder cannot be read.
    pub fn status(&self) -> Result<Status, PipelineError> {
        let documents = self.store.documents();
        let mut schemas = Vec::new();
        for name in documents.schema_names()? {
            if let Some(schema) = self.committed_schema(&name)? {
                schemas.push(schema_line(&schema));
            }
        }
        Ok(Status {
            pipeline: self.config.pipeline.name.clone(),
            folder: self.store.dir().display().to_string(),
            destination: self.config.destination.as_ref().map(|destination| destination.name.clone()),
            dataset: self.dataset_name()?,
            packages: self.packages()?,
            state_version: self.committed_state()?.map(|state| state.version()),
            schemas,
            interrupted_run: documents.run()?.map(|marker| marker.run_id),
        })
    }

    /// The packages that the next run finishes, the oldest first.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn pending(&self) -> Result<Vec<LoadId>, PipelineError> {
        let mut pending = self.store.list(Folder::Normalized)?;
        pending.extend(self.store.list(Folder::Extracted)?);
        pending.sort();
        Ok(pending)
    }

    /// All packages, folder by folder, the oldest first.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn packages(&self) -> Result<Vec<PackageLine>, PipelineError> {
        let mut lines = Vec::new();
        for folder in Folder::ALL {
            for load_id in self.store.list(folder)? {
                let opened = self.store.open_package(folder, &load_id);
                if opened.is_err() && self.store.has_left(folder, &load_id)? {
                    // It moved on while we looked, and stands in another folder.
                    continue;
                }
                let manifest = opened.as_ref().ok().map(|package| package.manifest());
                let files = manifest.iter().flat_map(|manifest| &manifest.files);
                let (rows, bytes) =
                    files.fold((0, 0), |(rows, bytes), file| (rows + file.rows, bytes + file.bytes));
                lines.push(PackageLine {
                    load_id: load_id.to_string(),
                    folder,
                    schema: manifest.map(|manifest| manifest.schema_name.clone()),
                    rows,
                    bytes,
                    damage: opened.as_ref().err().map(ToString::to_string),
                    reason: opened.as_ref().ok().and_then(|package| package.abort_reason().ok().flatten()),
                });
            }
        }
        Ok(lines)
    }

    /// The newest schema called `name`, or that of the first source: of pending packages, else of the last load.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn schema(&self, name: Option<&str>) -> Result<Schema, PipelineError> {
        let first = || self.config.sources.first().map(|source| source.name.clone());
        let name = name.map(str::to_owned).or_else(first).unwrap_or_default();
        let name = cartage_schema::normalize_schema_name(&name);
        let found = match self.normalized_schema(&name, &LoadId::from_unix_micros(i64::MAX))? {
            Some(schema) => Some(schema),
            None => self.newest_schema(&name)?,
        };
        found.ok_or_else(|| {
            let known = self.store.documents().schema_names().unwrap_or_default().join(", ");
            PipelineError::usage(
                format!("the pipeline has no schema \"{name}\""),
                if known.is_empty() { "run it first".to_owned() } else { format!("it has {known}") },
            )
        })
    }
}

fn schema_line(schema: &Schema) -> SchemaLine {
    SchemaLine {
        name: schema.name.clone(),
        version: schema.version,
        version_hash: schema.version_hash.clone().unwrap_or_default(),
        tables: schema.data_tables().count(),
    }
}
