//! Schema files beside the pipeline: `import_schema_path` and `export_schema_path`, with dlt's rules
//! (reference/schema.md, 8).
//!
//! The import file is read whenever a source starts. It wins over what is known whenever it is another one than
//! the schema was made from, which `imported_version_hash` tells. Where there is none, the first run writes one:
//! what the hints of the resources say, for the user to edit. The export file is what is known, after each
//! change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cartage_config::SchemaFileFormat;
use cartage_schema::{MergeOrigin, Schema, SchemaError, SchemaFormat, SchemaTextOptions};
use cartage_source_api::Source;

use crate::error::PipelineError;
use crate::project::Project;

/// Where the files are, and how they look.
pub(crate) struct SchemaFiles {
    import: Option<PathBuf>,
    export: Option<PathBuf>,
    format: SchemaFormat,
    remove_defaults: bool,
}

impl SchemaFiles {
    /// As the settings say.
    pub(crate) fn of(project: &Project) -> Result<Self, PipelineError> {
        let settings = &project.config.pipeline;
        let place = |path: &Option<PathBuf>| path.as_ref().map(|path| project.config.base_dir().join(path));
        let format = match settings.external_schema_format {
            SchemaFileFormat::Yaml => SchemaFormat::Yaml,
            SchemaFileFormat::Json => SchemaFormat::Json,
            SchemaFileFormat::Dbml => SchemaFormat::Dbml,
            SchemaFileFormat::Dot => SchemaFormat::Dot,
            SchemaFileFormat::Mermaid => SchemaFormat::Mermaid,
        };
        let files = Self {
            import: place(&settings.import_schema_path),
            export: place(&settings.export_schema_path).filter(|_| !project.is_trial),
            format,
            remove_defaults: settings.external_schema_format_remove_defaults,
        };
        if files.import.is_some() && !format.can_be_read() {
            return Err(PipelineError::usage(
                format!("schemas cannot be imported from {format}"),
                "set pipeline.external_schema_format to yaml or json",
            ));
        }
        Ok(files)
    }

    fn file(&self, folder: &Path, schema: &str) -> PathBuf {
        folder.join(format!("{schema}.schema.{}", self.format))
    }

    /// The file that a schema is imported from, where there is a folder for such files.
    pub(crate) fn import_file(&self, schema: &str) -> Option<PathBuf> {
        self.import.as_ref().map(|folder| self.file(folder, schema))
    }

    /// The schema that a source starts from: `known`, unless the import file is newer. `None` where neither is
    /// there.
    pub(crate) fn start(&self, name: &str, known: Option<Schema>) -> Result<Option<Schema>, PipelineError> {
        let Some(path) = self.import_file(name) else { return Ok(known) };
        let Some(imported) = read_schema_file(&path, self.format, Some(name))? else { return Ok(known) };
        let hash = imported.compute_hash();
        match known {
            Some(known) if known.imported_version_hash.as_ref() == Some(&hash) => Ok(Some(known)),
            Some(known) => {
                let with_data: Vec<&str> = known
                    .data_tables()
                    .filter(|table| table.has_seen_data())
                    .map(|table| table.name.as_str())
                    .collect();
                tracing::warn!(
                    schema = name,
                    file = %path.display(),
                    tables_with_data = with_data.join(", "),
                    "the import file replaces the schema; columns that are at the destination are not changed there"
                );
                Ok(Some(replaced(&known, imported)))
            }
            None => {
                tracing::info!(schema = name, file = %path.display(), "schema imported");
                let mut imported = imported;
                imported.imported_version_hash = Some(hash);
                imported.bump();
                Ok(Some(imported))
            }
        }
    }

    /// Writes the import file of a source that has none: what is known of its schema and what its resources say.
    /// Gives the hash of what was written.
    pub(crate) fn write_import(
        &self,
        base: &Schema,
        source: &Source,
        project: &Project,
        with_state: bool,
    ) -> Result<Option<String>, PipelineError> {
        let Some(path) = self.import_file(&base.name).filter(|path| !project.is_trial && !path.exists())
        else {
            return Ok(None);
        };
        let mut schema = base.clone();
        let declared = declare(&mut schema, source, project, with_state);
        declared
            .map_err(|source| PipelineError::Schema { name: base.name.clone(), source: Box::new(source) })?;
        let text = schema.to_text(self.format, self.options(true));
        cartage_package_store::replace_file(&path, &text)?;
        let mut written = schema.without_processing_hints();
        written.bump();
        Ok(written.version_hash)
    }

    /// Writes the export file, if it would be another one.
    pub(crate) fn export(&self, schema: &Schema) -> Result<(), PipelineError> {
        let Some(folder) = &self.export else { return Ok(()) };
        let path = self.file(folder, &schema.name);
        let text = schema.to_text(self.format, self.options(self.export == self.import));
        if fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
            return Ok(());
        }
        Ok(cartage_package_store::replace_file(&path, &text)?)
    }

    fn options(&self, remove_processing_hints: bool) -> SchemaTextOptions {
        SchemaTextOptions { remove_defaults: self.remove_defaults, remove_processing_hints }
    }
}

/// What the resources of a source say about their tables, as extract puts it into the schema.
fn declare(
    schema: &mut Schema,
    source: &Source,
    project: &Project,
    with_state: bool,
) -> Result<(), SchemaError> {
    source.schema.apply(schema)?;
    let limits = project.capabilities().ok();
    let limit = limits.map(|limits| limits.max_name_length());
    let naming = schema.naming(limit);
    for resource in &source.resources {
        // Hints that make no table are refused when the resource is extracted.
        for table in resource.hints.to_tables(&resource.name, &naming).into_iter().flatten() {
            schema.merge_table(table, MergeOrigin::Resource)?;
        }
    }
    if with_state {
        schema.merge_table(schema.pipeline_state_table(), MergeOrigin::Resource)?;
    }
    Ok(())
}

/// `new` in the place of `known`: its history continues, and what is known of data in tables stays known.
pub(crate) fn replaced(known: &Schema, mut new: Schema) -> Schema {
    let (hash, replaced) = (new.compute_hash(), known.compute_hash());
    if hash != replaced {
        for earlier in known.previous_hashes.iter().rev().cloned().chain([replaced]) {
            new.remember_hash(earlier);
        }
    }
    new.imported_version_hash = Some(hash);
    new.version = new.version.max(known.version);
    for table in known.tables.values().filter(|table| table.has_seen_data()) {
        if let Some(table) = new.tables.get_mut(&table.name) {
            table.set_seen_data();
        }
    }
    new.bump();
    new
}

/// Reads a schema of a file; `None` where there is no such file.
pub(crate) fn read_schema_file(
    path: &Path,
    format: SchemaFormat,
    name: Option<&str>,
) -> Result<Option<Schema>, PipelineError> {
    let remedy = "repair the file, or remove it; the next run writes a new one";
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(PipelineError::usage(format!("cannot read {}: {error}", path.display()), remedy));
        }
    };
    let schema = Schema::from_text(format, &text)
        .map_err(|error| PipelineError::usage(format!("{}: {error}", path.display()), remedy))?;
    match name {
        Some(name) if schema.name != name => Err(PipelineError::usage(
            format!("{} contains schema \"{}\" and not \"{name}\"", path.display(), schema.name),
            "name the file as the schema that is in it, or change `name` in the file",
        )),
        _ => Ok(Some(schema)),
    }
}
