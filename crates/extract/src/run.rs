//! The stage: from producers to one published package.

use cartage_package_store::{Folder, LoadId, ManifestDraft, ResourceEntry, SealedPackage, StagedPackage};
use cartage_runtime::{Runtime, Stage};
use cartage_schema::{Origin, Schema, WriteDisposition};
use cartage_state::PipelineState;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::compress::Compressors;
use crate::feed::{Fed, Feed};
use crate::page::Page;
use crate::plan::{Planned, plan};
use crate::producer::{OpenContext, Producer};
use crate::refresh::refresh;
use crate::report::{ExtractReport, ResourceReport};
use crate::request::ExtractRequest;
use crate::settings::ExtractSettings;
use crate::state_row::state_page;
use crate::writer::{PackageFiles, TableWriters, WriterSettings};
use crate::{ExtractError, SourceError};

/// Extracts one source into one package and publishes it in `extracted/`.
///
/// If there is nothing to load (no rows, no table to empty, no change of the state) nothing is published.
///
/// # Errors
/// Whatever fails, or if somebody asks to stop: nothing is published and the staging folder is removed.
/// [`ExtractError::Source`] names source, resource and place.
pub fn run(request: ExtractRequest<'_>) -> Result<ExtractReport, ExtractError> {
    let max_name_length = request.max_name_length();
    let ExtractRequest { store, lock, source, base_schema, base_state, settings, runtime, .. } = request;
    let source_name = source.name.clone();
    let mut schema = base_schema;
    let mut state = base_state;
    let mut package_settings = request.package_settings;
    let on_bad_row = serde_json::to_value(source.on_bad_row).unwrap_or_default();
    package_settings.insert("on_bad_row".to_owned(), on_bad_row);
    let schema_settings = source.schema.clone();
    let naming = schema.naming(max_name_length);
    let (planned, producers) = plan(source, &settings, &naming)?;

    let names: Vec<&str> = planned.iter().map(|resource| resource.name.as_str()).collect();
    let wrong_schema = |schema: &Schema, error: cartage_schema::SchemaError| ExtractError::Schema {
        schema: schema.name.clone(),
        reason: error.to_string(),
    };
    if let Some(mode) = settings.refresh {
        let tables = refresh(mode, &names, &mut schema, &mut state);
        if let Some(tables) = tables.map_err(|error| wrong_schema(&schema, error))? {
            let tables = serde_json::to_value(tables).unwrap_or_default();
            package_settings.insert("refresh".to_owned(), tables);
        }
    }
    schema_settings.apply(&mut schema).map_err(|error| wrong_schema(&schema, error))?;
    for replaced in planned.iter().filter(|resource| resource.disposition == WriteDisposition::Replace) {
        state.reset_resource(&schema.name, &replaced.name);
    }

    let load_id = store.next_load_id(runtime.clock.unix_micros())?;
    let staged = store.stage(lock, load_id.clone(), runtime.random.next_u64())?;
    let mut job = Job {
        source_name,
        reports: planned.iter().map(Planned::report).collect(),
        tables: IndexMap::new(),
        active: planned.iter().map(|_| true).collect(),
        planned,
        schema,
        state,
        settings,
        runtime,
        load_id,
    };
    let written = job.write(&staged, producers)?;
    job.publish(staged, written, package_settings, request.run_id, request.producer)
}

impl Planned {
    fn report(&self) -> ResourceReport {
        ResourceReport { name: self.name.clone(), table: self.table.clone(), ..ResourceReport::default() }
    }
}

/// One run of the stage.
struct Job {
    source_name: String,
    planned: Vec<Planned>,
    reports: Vec<ResourceReport>,
    /// Rows by table.
    tables: IndexMap<String, u64>,
    /// Resources that may have more pages.
    active: Vec<bool>,
    schema: Schema,
    state: PipelineState,
    settings: ExtractSettings,
    runtime: Runtime,
    load_id: LoadId,
}

/// What was written into the staging folder.
struct Written {
    files: Vec<cartage_package_store::FileDraft>,
    quarantine: Vec<cartage_package_store::QuarantineDraft>,
    has_state: bool,
}

impl Job {
    fn write(
        &mut self,
        staged: &StagedPackage,
        mut producers: Vec<Box<dyn Producer>>,
    ) -> Result<Written, ExtractError> {
        let random = std::sync::Arc::clone(&self.runtime.random);
        let threads = self.settings.compression_threads.map(usize::from);
        let compressors = (!self.settings.disable_compression).then(|| Compressors::new(threads));
        let files = PackageFiles::new(staged, &*random, compressors);
        let settings = WriterSettings::from(&self.settings);
        let mut writers = TableWriters::new(files, staged, &*random, settings);

        let total = self.open(&mut producers)?;
        self.runtime.progress.begin(Stage::Extract, self.load_id.as_str(), total);
        let mut feed = self.feed(producers);
        loop {
            match feed.next() {
                Fed::Page(resource, page) => self.take(&mut feed, &mut writers, resource, page)?,
                Fed::Ended(resource) => self.end(&mut feed, &mut writers, resource)?,
                Fed::Failed(resource, error) => return Err(self.failed(resource, error)),
                Fed::Cancelled => return Err(ExtractError::Cancelled),
                Fed::Done => break,
            }
        }
        self.write_empty_tables(&mut writers)?;
        let state = state_page(&mut self.state, &mut self.schema, &self.load_id, &*self.runtime.clock)?;
        if let Some(page) = &state {
            writers.write(&self.schema.state_table_name(), page)?;
        }
        let (files, quarantine) = writers.finish()?;
        self.runtime.progress.end(Stage::Extract, self.load_id.as_str());
        Ok(Written { files, quarantine, has_state: state.is_some() })
    }

    /// Opens all producers; the sum of their bytes where all know it.
    fn open(&self, producers: &mut [Box<dyn Producer>]) -> Result<Option<u64>, ExtractError> {
        let context = OpenContext::new(self.settings.max_line_bytes, self.runtime.cancel.clone());
        let mut total = Some(0);
        for (resource, producer) in producers.iter_mut().enumerate() {
            let bytes = producer.open(&context).map_err(|error| self.failed(resource, error))?;
            total = total.zip(bytes).map(|(total, bytes)| total + bytes);
        }
        Ok(total)
    }

    fn feed(&self, producers: Vec<Box<dyn Producer>>) -> Feed {
        let limit = self.settings.limit;
        let pages = if limit.rows == Some(0) { 0 } else { limit.pages.unwrap_or(u64::MAX) };
        Feed::new(
            producers.into_iter().map(|producer| (producer, pages)).collect(),
            self.settings.next_item_mode,
            self.settings.workers.get(),
            self.settings.max_parallel_items.get(),
            self.runtime.cancel.clone(),
        )
    }

    /// Writes a page, as far as the limit of rows allows.
    fn take(
        &mut self,
        feed: &mut Feed,
        writers: &mut TableWriters<'_>,
        resource: usize,
        mut page: Page,
    ) -> Result<(), ExtractError> {
        let room = self.settings.limit.rows.map_or(u64::MAX, |limit| limit - self.reports[resource].rows);
        let bytes = page.source_bytes();
        let rows = page.rows().min(room);
        if rows > 0 {
            self.merge_hints(resource)?;
        }
        let table = &self.planned[resource].table;
        match &mut page {
            Page::Json(page) => {
                page.truncate(room);
                self.reports[resource].rejected += page.rejected().len() as u64;
            }
            Page::Arrow(batch) => *batch = batch.slice(0, rows as usize),
            Page::ParquetFile(_) => {}
        }
        match &page {
            Page::ParquetFile(file) if file.rows > room => writers.write_some(table, file, rows)?,
            // A columnar page without rows still says which columns there are, but makes no table.
            Page::Arrow(_) | Page::ParquetFile(_) if rows == 0 => {}
            page => writers.write(table, page)?,
        }
        self.runtime.progress.advance(Stage::Extract, table, rows, bytes, bytes);
        self.reports[resource].rows += rows;
        if rows > 0 {
            *self.tables.entry(table.clone()).or_default() += rows;
        }
        if self.settings.limit.rows.is_some_and(|limit| self.reports[resource].rows >= limit) {
            feed.close(resource);
        }
        Ok(())
    }

    /// Puts the tables of a resource into the schema, with its first rows.
    fn merge_hints(&mut self, resource: usize) -> Result<(), ExtractError> {
        for table in std::mem::take(&mut self.planned[resource].tables) {
            self.schema.merge_table(table, Origin::Resource).map_err(|error| ExtractError::Hints {
                source_name: self.source_name.clone(),
                resource: self.planned[resource].name.clone(),
                reason: error.to_string(),
            })?;
        }
        Ok(())
    }

    /// Notes what a resource read, and closes its table if nobody else writes to it.
    fn end(
        &mut self,
        feed: &mut Feed,
        writers: &mut TableWriters<'_>,
        resource: usize,
    ) -> Result<(), ExtractError> {
        if let Some(producer) = feed.producer(resource) {
            self.reports[resource].inputs = producer.inputs();
            self.reports[resource].warnings = producer.warnings();
            for warning in &self.reports[resource].warnings {
                tracing::warn!(resource = %self.planned[resource].name, "{warning}");
            }
        }
        self.active[resource] = false;
        let table = &self.planned[resource].table;
        let is_shared = self.planned.iter().zip(&self.active).any(|(other, active)| *active && other.table == *table);
        if is_shared { Ok(()) } else { writers.close(table) }
    }

    /// Tables that are replaced by nothing get a file without rows, so that load empties them.
    fn write_empty_tables(&mut self, writers: &mut TableWriters<'_>) -> Result<(), ExtractError> {
        for resource in 0..self.planned.len() {
            let planned = &self.planned[resource];
            if planned.disposition != WriteDisposition::Replace || writers.has_files(&planned.table) {
                continue;
            }
            let table = planned.table.clone();
            if self.schema.tables.get(&table).is_some_and(cartage_schema::Table::has_seen_data) {
                self.merge_hints(resource)?;
                writers.write_empty(&table)?;
            }
        }
        Ok(())
    }

    fn failed(&self, resource: usize, source: SourceError) -> ExtractError {
        ExtractError::Source {
            source_name: self.source_name.clone(),
            resource: self.planned[resource].name.clone(),
            source,
        }
    }

    fn publish(
        mut self,
        staged: StagedPackage,
        written: Written,
        package_settings: Map<String, Value>,
        run_id: String,
        producer: String,
    ) -> Result<ExtractReport, ExtractError> {
        let is_empty = written.files.is_empty()
            && written.quarantine.is_empty()
            && !package_settings.contains_key("refresh");
        let (files, bytes, uncompressed) = if is_empty {
            (0, 0, 0)
        } else {
            self.schema.bump();
            let sealed = self.seal(staged, &written, package_settings, run_id, producer)?;
            let listed = &sealed.manifest().files;
            let sums = (
                listed.len(),
                listed.iter().map(|file| file.bytes).sum(),
                listed.iter().map(|file| file.uncompressed_bytes).sum(),
            );
            if self.runtime.cancel.is_cancelled() {
                return Err(ExtractError::Cancelled);
            }
            sealed.publish(Folder::Extracted)?;
            sums
        };
        Ok(ExtractReport {
            load_id: (!is_empty).then_some(self.load_id),
            schema: self.schema,
            state: self.state,
            state_extracted: written.has_state,
            resources: self.reports,
            tables: self.tables,
            files,
            bytes,
            uncompressed_bytes: uncompressed,
        })
    }

    fn seal(
        &self,
        staged: StagedPackage,
        written: &Written,
        package_settings: Map<String, Value>,
        run_id: String,
        producer: String,
    ) -> Result<SealedPackage, ExtractError> {
        staged.write_schema(&self.schema.to_json())?;
        staged.write_state(&self.state.to_json())?;
        let entry = |resource: &Planned| ResourceEntry {
            name: resource.name.clone(),
            table: resource.table.clone(),
            write_disposition: resource.disposition.to_string(),
            resumable: resource.is_resumable,
        };
        Ok(staged.seal(ManifestDraft {
            schema_name: self.schema.name.clone(),
            created_at: self.runtime.clock.now(),
            producer,
            run_id,
            settings: Value::Object(package_settings),
            resources: self.planned.iter().map(entry).collect(),
            files: written.files.clone(),
            quarantine: written.quarantine.clone(),
            parent: None,
        })?)
    }
}
