//! The newest schema and state of a pipeline: of the newest pending package that has them, else those
//! that the last load committed. Dropping the pending packages is all that it takes to go back.

use cartage_package_store::{Folder, LoadId, PublishedPackage};
use cartage_schema::{NamingKind, Schema, normalize_schema_name};
use cartage_state::PipelineState;

use crate::error::PipelineError;
use crate::project::Project;
use crate::schema_files::SchemaFiles;

impl Project {
    /// The newest schema called `name`, also from extracted packages.
    pub(crate) fn newest_schema(&self, name: &str) -> Result<Option<Schema>, PipelineError> {
        for folder in [Folder::Extracted, Folder::Normalized] {
            if let Some(schema) = self.pending_schema(folder, name, None)? {
                return Ok(Some(schema));
            }
        }
        self.committed_schema(name)
    }

    /// The newest normalized schema called `name` of a package older than `before`.
    pub(crate) fn normalized_schema(
        &self,
        name: &str,
        before: &LoadId,
    ) -> Result<Option<Schema>, PipelineError> {
        match self.pending_schema(Folder::Normalized, name, Some(before))? {
            Some(schema) => Ok(Some(schema)),
            None => self.committed_schema(name),
        }
    }

    /// The schema called `name` of the last load that was committed.
    pub(crate) fn committed_schema(&self, name: &str) -> Result<Option<Schema>, PipelineError> {
        let text = self.store.documents().schema(name)?;
        text.map(|text| parse(name, &text)).transpose()
    }

    /// The newest state, also of extracted packages.
    pub(crate) fn newest_state(&self) -> Result<Option<PipelineState>, PipelineError> {
        for folder in [Folder::Extracted, Folder::Normalized] {
            for load_id in self.store.list(folder)?.iter().rev() {
                if let Some(text) = self.store.open_package(folder, load_id)?.state_json()? {
                    return parse_state(&text).map(Some);
                }
            }
        }
        self.committed_state()
    }

    /// The state of the last load that was committed.
    pub(crate) fn committed_state(&self) -> Result<Option<PipelineState>, PipelineError> {
        self.store.documents().state()?.map(|text| parse_state(&text)).transpose()
    }

    /// The schema that a source starts from: its newest one, or an empty one with the naming convention
    /// that the settings ask for.
    pub(crate) fn base_schema(&self, source: &str) -> Result<Schema, PipelineError> {
        let name = normalize_schema_name(source);
        let asked = self.asked_naming()?;
        let failed = |source| PipelineError::Schema { name: name.clone(), source: Box::new(source) };
        match SchemaFiles::of(self)?.start(&name, self.newest_schema(&name)?)? {
            None => Schema::new(&name, asked.unwrap_or(NamingKind::SnakeCase)).map_err(failed),
            Some(mut schema) => {
                if let Some(asked) = asked.filter(|asked| *asked != schema.naming_kind()) {
                    schema.set_naming(asked).map_err(failed)?;
                }
                Ok(schema)
            }
        }
    }

    fn pending_schema(
        &self,
        folder: Folder,
        name: &str,
        before: Option<&LoadId>,
    ) -> Result<Option<Schema>, PipelineError> {
        let pending = self.store.list(folder)?;
        for load_id in pending.iter().rev().filter(|load_id| before.is_none_or(|before| *load_id < before)) {
            let package = self.store.open_package(folder, load_id)?;
            if package.manifest().schema_name == name {
                return schema_of(&package).map(Some);
            }
        }
        Ok(None)
    }
}

fn parse_state(text: &str) -> Result<PipelineState, PipelineError> {
    PipelineState::from_json(text).map_err(|error| PipelineError::State { reason: error.to_string() })
}

/// The schema of a package.
pub(crate) fn schema_of(package: &PublishedPackage) -> Result<Schema, PipelineError> {
    parse(&package.manifest().schema_name, &package.schema_json()?)
}

fn parse(name: &str, text: &str) -> Result<Schema, PipelineError> {
    Schema::from_json(text)
        .map_err(|source| PipelineError::Schema { name: name.to_owned(), source: Box::new(source) })
}
