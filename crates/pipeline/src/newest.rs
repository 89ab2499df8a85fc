//! The newest schema and state of a pipeline: of the newest pending package that has them, else those
//! that the last load committed. Dropping the pending packages is all that it takes to go back.

use cartage_package_store::{Error as StoreError, Folder, LoadId, Package};
use cartage_schema::{NamingKind, Schema, normalize_schema_name};
use cartage_state::PipelineState;

use crate::error::PipelineError;
use crate::project::Project;
use crate::schema_files::SchemaFiles;

impl Project {
    /// The newest schema called `name`, also from extracted packages.
    pub(crate) fn newest_schema(&self, name: &str) -> Result<Option<Schema>, PipelineError> {
        let pending = self.newest_pending(&[Folder::Extracted, Folder::Normalized], None, |package| {
            if package.manifest().schema_name == name { package.schema_json().map(Some) } else { Ok(None) }
        })?;
        match pending {
            Some(text) => parse(name, &text).map(Some),
            None => self.committed_schema(name),
        }
    }

    /// The newest normalized schema called `name` of a package older than `before`.
    pub(crate) fn normalized_schema(
        &self,
        name: &str,
        before: &LoadId,
    ) -> Result<Option<Schema>, PipelineError> {
        let pending = self.newest_pending(&[Folder::Normalized], Some(before), |package| {
            if package.manifest().schema_name == name { package.schema_json().map(Some) } else { Ok(None) }
        })?;
        match pending {
            Some(text) => parse(name, &text).map(Some),
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
        let folders = [Folder::Extracted, Folder::Normalized];
        match self.newest_pending(&folders, None, Package::state_json)? {
            Some(text) => parse_state(&text).map(Some),
            None => self.committed_state(),
        }
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

    /// What `read` finds in the newest pending package that has it: of the first folder, then of the next.
    ///
    /// Other stages may run, in this process or in another one. Packages only ever move on, into the
    /// folder that is looked at next and then into the documents. So one that vanished while it was read is
    /// looked for again from the start, and none is missed.
    fn newest_pending<T>(
        &self,
        folders: &[Folder],
        before: Option<&LoadId>,
        read: impl Fn(&Package) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, PipelineError> {
        'again: loop {
            for folder in folders {
                let pending = self.store.list(*folder)?;
                let older = |load_id: &&LoadId| before.is_none_or(|before| *load_id < before);
                for load_id in pending.iter().rev().filter(older) {
                    match self.read_pending(*folder, load_id, &read)? {
                        Some(Some(found)) => return Ok(Some(found)),
                        Some(None) => {}
                        None => continue 'again,
                    }
                }
            }
            return Ok(None);
        }
    }

    /// Reads a package; `None` if it is no longer in the folder.
    pub(crate) fn read_pending<T>(
        &self,
        folder: Folder,
        load_id: &LoadId,
        read: impl Fn(&Package) -> Result<T, StoreError>,
    ) -> Result<Option<T>, PipelineError> {
        let found = self.store.open_package(folder, load_id).and_then(|package| read(&package));
        match found {
            Ok(found) => Ok(Some(found)),
            Err(_) if self.store.has_left(folder, load_id)? => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn parse_state(text: &str) -> Result<PipelineState, PipelineError> {
    PipelineState::from_json(text).map_err(|error| PipelineError::State { reason: error.to_string() })
}

/// The schema of a package.
pub(crate) fn schema_of(package: &Package) -> Result<Schema, PipelineError> {
    parse(&package.manifest().schema_name, &package.schema_json()?)
}

/// Reads the text of a schema.
pub(crate) fn parse(name: &str, text: &str) -> Result<Schema, PipelineError> {
    Schema::from_json(text)
        .map_err(|source| PipelineError::Schema { name: name.to_owned(), source: Box::new(source) })
}
