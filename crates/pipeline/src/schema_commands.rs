//! `schema import` and `schema diff`: schemas from wherever they are.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use cartage_destinations_api::Connector;
use cartage_package_store::{Folder, LoadId};
use cartage_schema::{Schema, SchemaChange, SchemaFormat, normalize_schema_name};
use serde::Serialize;

use crate::control::Change;
use crate::error::PipelineError;
use crate::extraction;
use crate::newest::schema_of;
use crate::project::Project;
use crate::schema_files::{SchemaFiles, read_schema_file, replaced};

/// Where a schema is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaPlace {
    /// In the data folder: the newest one, of a pending package or of the last load.
    Local,
    /// At the destination: the newest one.
    Destination,
    /// The schema of the package with this load id.
    Package(String),
    /// The schema in this YAML or JSON file.
    File(PathBuf),
}

impl FromStr for SchemaPlace {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "local" => Self::Local,
            "destination" => Self::Destination,
            other => match other.strip_prefix("package:") {
                Some(load_id) => Self::Package(load_id.to_owned()),
                None => Self::File(PathBuf::from(other)),
            },
        })
    }
}

/// What importing a schema did.
#[derive(Clone, Debug, Serialize)]
pub struct SchemaImport {
    /// Name of the schema that was imported.
    pub schema: String,
    /// Version hash of the schema after the change.
    pub version_hash: String,
    /// What differs from before.
    pub changes: Vec<SchemaChange>,
    /// The load that brought it to the destination; absent where nothing differs.
    pub load_id: Option<String>,
}

impl Project {
    /// A schema from a place. `name` is that of the first source where it is left out.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn schema_at(
        &self,
        place: &SchemaPlace,
        name: Option<&str>,
        connector: Connector<'_>,
    ) -> Result<Schema, PipelineError> {
        match place {
            SchemaPlace::Local => self.schema(name),
            SchemaPlace::Destination => {
                let first = || self.config.sources.first().map(|source| source.name.clone());
                let name = normalize_schema_name(&name.map(str::to_owned).or_else(first).unwrap_or_default());
                let destination = self.connect(connector)?;
                let stored = match destination.state_sync() {
                    Some(sync) => sync.newest_schema(&name)?,
                    None => None,
                };
                let stored = stored.ok_or_else(|| {
                    PipelineError::usage(
                        format!("dataset {} has no schema \"{name}\"", destination.description().dataset),
                        "it gets one with the first load",
                    )
                })?;
                Schema::from_json(&stored.document)
                    .map_err(|source| PipelineError::Schema { name, source: Box::new(source) })
            }
            SchemaPlace::Package(load_id) => self.schema_of_package(load_id),
            SchemaPlace::File(path) => schema_of_file(path),
        }
    }

    fn schema_of_package(&self, wanted: &str) -> Result<Schema, PipelineError> {
        let load_id = wanted.parse::<LoadId>().ok();
        for folder in Folder::ALL {
            for known in self.store.list(folder)? {
                if Some(&known) == load_id.as_ref() {
                    let package = self.store.open_package(folder, &known)?;
                    return schema_of(&package);
                }
            }
        }
        Err(PipelineError::usage(
            format!("the pipeline has no package {wanted}"),
            "`cartage package list` shows the packages",
        ))
    }

    /// Puts the schema of a file in the place of the one that the pipeline has, and loads it, so that the
    /// destination knows it. Tables that are there are not changed.
    ///
    /// # Errors
    /// If packages are pending, the file cannot be read, or schemas are imported from a folder anyway.
    pub fn import_schema(
        &self,
        path: &Path,
        connector: Connector<'_>,
    ) -> Result<SchemaImport, PipelineError> {
        let new = schema_of_file(path)?;
        if let Some(file) = SchemaFiles::of(self)?.import_file(&new.name) {
            return Err(PipelineError::usage(
                "pipeline.import_schema_path is set, and its files win",
                format!("edit or replace {}", file.display()),
            ));
        }
        let ((schema, changes), report) =
            self.alone_at_destination("import a schema", connector, |alone, destination, run_id, report| {
                let known = self.base_schema(&new.name)?;
                let changes = known.changes_to(&new);
                let schema = replaced(&known, new);
                if !changes.is_empty() {
                    let mut state =
                        extraction::state_for(self, self.newest_state()?, &self.configured_schemas())?;
                    // A package without rows needs the state to be one.
                    state.force_extract();
                    let change = Change { schema: schema.clone(), state, refresh: None, widen: Vec::new() };
                    alone.execute(self, destination, ("import the schema", change), run_id, report)?;
                }
                Ok((schema, changes))
            })?;
        let loaded = self.committed_schema(&schema.name)?;
        Ok(SchemaImport {
            schema: schema.name.clone(),
            version_hash: loaded.and_then(|schema| schema.version_hash).unwrap_or_default(),
            changes,
            load_id: report.packages.first().map(|package| package.load_id.clone()),
        })
    }
}

fn schema_of_file(path: &Path) -> Result<Schema, PipelineError> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("json");
    let format = extension.parse::<SchemaFormat>().map_err(|reason| {
        PipelineError::usage(
            reason,
            "name a file that ends with .yaml or .json, `local`, `destination` or package:LOAD_ID",
        )
    })?;
    read_schema_file(path, format, None)?.ok_or_else(|| {
        PipelineError::usage(
            format!("there is no file {}", path.display()),
            "name a file, `local`, `destination` or package:LOAD_ID",
        )
    })
}
