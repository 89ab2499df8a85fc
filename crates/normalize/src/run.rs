//! One extracted package becomes one normalized package.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cartage_data_files::blocks::Packing;
use cartage_package_store::{
    ColumnPlace, Extracted, FileEntry, FileFormat, Folder, JobState, LoadId, ManifestDraft, Normalized,
    PackageSettings, PackageStore, PublishedPackage, StageLock, StagedPackage,
};
use cartage_runtime::{Runtime, Stage, contain};
use cartage_schema::{Column, DataType, MergeOrigin, Schema, SchemaError, Table, WriteDisposition};

use crate::assemble::{Assembler, dictionary_columns};
use crate::columnar_union::ColumnarFiles;
use crate::contracts::CurrentContracts;
use crate::coordinate::{Coordinator, InOrder};
use crate::error::NormalizeError;
use crate::finish::{FinalSchema, finalize};
use crate::input_place::input_of;
use crate::merge::Merged;
use crate::output::OutputOptions;
use crate::pool::Pool;
use crate::quarantine::Quarantine;
use crate::report::NormalizeReport;
use crate::rules::Rules;
use crate::settings::NormalizeSettings;
use crate::writer::JobWriter;

/// What [`run`] is handed.
#[derive(Debug)]
pub struct NormalizeRequest<'a> {
    /// Where the packages are.
    pub store: &'a PackageStore,
    /// The right to normalize.
    pub lock: &'a StageLock,
    /// The extracted package.
    pub load_id: &'a LoadId,
    /// The newest schema of the pipeline: of the newest normalized package, else the committed one.
    pub base_schema: Option<Schema>,
    /// The contracts of now; those of the package where absent.
    pub contracts: Option<CurrentContracts>,
    /// Threads that parse and encode.
    pub workers: usize,
    /// How much memory may be used.
    pub settings: NormalizeSettings,
    /// Clock, randomness, progress and cancellation.
    pub runtime: Runtime,
}

/// Normalizes the package, publishes the result in `normalized/` and discards the extracted one.
///
/// A package without jobs that has nothing to drop or truncate either is only discarded; the report says so.
/// If a crash left the package in both folders, the extracted one is discarded and nothing else done.
///
/// # Errors
/// See [`NormalizeError`]. Nothing was published then, and the extracted package is as it was.
pub fn run(request: &NormalizeRequest<'_>) -> Result<NormalizeReport, NormalizeError> {
    let started = request.runtime.clock.unix_micros();
    let extracted = request.store.open_package(Extracted, request.load_id)?;
    if request.store.list(Folder::Normalized)?.contains(request.load_id) {
        // A folder that has lost its manifest must not take the place of the rows that are still here.
        request.store.open_package(Normalized, request.load_id)?.verify()?;
        extracted.discard()?;
        return Ok(NormalizeReport { published: true, ..NormalizeReport::new(request.load_id) });
    }
    extracted.verify()?;
    let mut report = Run::begin(request, &extracted)?.work()?;
    extracted.discard()?;
    report.seconds = (request.runtime.clock.unix_micros() - started) as f64 / 1e6;
    Ok(report)
}

struct Run<'a> {
    request: &'a NormalizeRequest<'a>,
    extracted: &'a PublishedPackage<Extracted>,
    settings: PackageSettings,
    rules: Arc<Rules>,
    staged: StagedPackage,
}

impl<'a> Run<'a> {
    fn begin(
        request: &'a NormalizeRequest<'a>,
        extracted: &'a PublishedPackage<Extracted>,
    ) -> Result<Self, NormalizeError> {
        let load_id = request.load_id;
        let mut settings = extracted.manifest().settings.clone();
        let wrong_schema = |source: SchemaError| NormalizeError::Schema {
            load_id: load_id.to_string(),
            source: Box::new(source),
        };
        let mut own = Schema::from_json(&extracted.schema_json()?).map_err(wrong_schema)?;
        own.appends_merges = settings.destination.appends_merges();
        own.propagate_row_ids();
        let mut base = request.base_schema.clone();
        if let Some(base) = &mut base {
            base.appends_merges = own.appends_merges;
        }
        let refreshes = settings.refresh.is_some();
        let widened = widened_columns(&own, &settings.widen_columns);
        let mut schema = join(base, own, refreshes).map_err(wrong_schema)?;
        if let Some(base) = request.base_schema.as_ref().filter(|_| !refreshes) {
            keep_types(base, &mut schema);
        }
        for (table, column) in widened {
            // Merging documents would keep a precision that is no longer there.
            if let Some(table) = schema.tables.get_mut(&table) {
                table.columns.insert(column.name.clone(), column);
            }
        }
        if let Some(contracts) = &request.contracts {
            contracts.apply(&mut schema, &mut settings).map_err(wrong_schema)?;
        }
        let rules =
            Rules::new(load_id.as_str(), schema, &settings, &request.settings).map_err(wrong_schema)?;
        let random = request.runtime.random.next_u64();
        let staged = request.store.stage(request.lock, load_id.clone(), random)?;
        Ok(Self { request, extracted, settings, rules: Arc::new(rules), staged })
    }

    fn work(self) -> Result<NormalizeReport, NormalizeError> {
        let runtime = &self.request.runtime;
        let files = &self.extracted.manifest().files;
        let bytes = files.iter().map(|file| file.uncompressed_bytes).sum();
        runtime.progress.begin(Stage::Normalize, self.request.load_id.as_str(), Some(bytes));
        let (draft, report) = std::thread::scope(|scope| {
            let pool = Pool::start(scope, self.request.workers, &self.rules)?;
            self.normalize(pool)
        })?;
        runtime.progress.end(Stage::Normalize, self.request.load_id.as_str());
        self.publish(draft, report)
    }

    fn normalize(&self, pool: Pool) -> Result<(Output, NormalizeReport), NormalizeError> {
        let dictionary = dictionary_columns(&self.rules.schema, self.settings.destination.max_name_length());
        let options = OutputOptions::new(&self.settings, dictionary);
        let mut coordinator = Coordinator {
            runtime: &self.request.runtime,
            rules: &self.rules,
            pool,
            merged: Merged::new(self.rules.schema.clone()),
            assembler: Assembler::new(&self.request.settings, &self.rules.physical, &options)
                .with_whole_tables(self.settings.destination.files_are_tables),
            writer: JobWriter::new(&self.staged, &self.settings.data_writer, &options),
            quarantine: Quarantine::new(&self.staged),
            report: NormalizeReport::new(self.request.load_id),
            most_blocks: self.request.workers.max(1) * 2,
            most_row_groups: self.request.workers.max(1),
            progress: InOrder::default(),
            columnar_files: self.columnar_files(),
        };
        coordinator.quarantine.inherit(self.extracted)?;
        let mut roots = BTreeSet::new();
        for (index, entry) in self.extracted.manifest().files.iter().enumerate() {
            let table = self.rules.naming.normalize_table_key(&entry.table);
            self.file(&mut coordinator, index as u32, entry, &table)
                .map_err(|error| error.about(entry, &table))?;
            roots.insert(table);
        }
        coordinator.finish_blocks()?;
        coordinator.finish_files()?;
        self.empty_files(&mut coordinator, roots, &options)?;
        let Coordinator { writer, merged, quarantine, mut report, .. } = coordinator;
        let files = writer.finish()?;
        let quarantine = quarantine.finish()?;
        let written: BTreeSet<String> = files.iter().map(|file| file.table.clone()).collect();
        let FinalSchema { schema, update } =
            finalize(merged.finish(), &self.rules.schema, &written, &mut report)?;
        report.output_bytes = files.iter().filter_map(|file| file.written).map(|written| written.bytes).sum();
        Ok((Output { files, quarantine, schema, update }, report))
    }

    fn columnar_files(&self) -> ColumnarFiles {
        let mut files = ColumnarFiles::default();
        for entry in self.extracted.manifest().files.iter().filter(|file| file.format == FileFormat::Parquet)
        {
            let table = self.rules.naming.normalize_table_key(&entry.table);
            files.add(table, self.extracted.job_path(JobState::New, &entry.name));
        }
        files
    }

    fn file<'c>(
        &self,
        coordinator: &mut Coordinator<'c>,
        index: u32,
        entry: &'c FileEntry,
        table: &str,
    ) -> Result<(), NormalizeError> {
        let path = self.extracted.job_path(JobState::New, &entry.name);
        match (entry.format, Packing::of(entry.codec)) {
            (FileFormat::Jsonl, Some(packing)) => coordinator.jsonl(index, entry, &path, packing, table),
            (FileFormat::Parquet, Some(Packing::Plain)) => {
                coordinator.finish_blocks()?;
                contain(|| coordinator.parquet(&self.staged, entry, &path, table)).unwrap_or_else(|panic| {
                    Err(NormalizeError::Panicked { input: input_of(entry), table: table.to_owned(), panic })
                })
            }
            _ => {
                let format = entry.format.as_str().to_owned();
                Err(NormalizeError::Format { file: entry.name.to_string(), format })
            }
        }
    }

    /// Writes files without rows for tables that are to be emptied: those whose files brought no rows, and
    /// those of replaced resources without any file. A table that never had rows is made only by a file without rows of its
    /// own, with which a source declares it.
    fn empty_files(
        &self,
        coordinator: &mut Coordinator<'_>,
        mut roots: BTreeSet<String>,
        options: &OutputOptions,
    ) -> Result<(), NormalizeError> {
        let replace = WriteDisposition::Replace.as_str();
        let replaced = self
            .extracted
            .manifest()
            .resources
            .iter()
            .filter(|resource| resource.write_disposition == replace);
        roots.extend(replaced.map(|resource| self.rules.naming.normalize_table_key(&resource.table)));
        for name in roots {
            let is_declared = || {
                let mut files = self.extracted.manifest().files.iter();
                files.any(|file| file.rows == 0 && self.rules.naming.normalize_table_key(&file.table) == name)
            };
            let known = self.rules.schema.tables.get(&name);
            let has_columns = |table: &&Table| table.complete_columns().next().is_some();
            let Some(table) =
                known.filter(|table| table.has_seen_data() || has_columns(table) && is_declared())
            else {
                continue;
            };
            if !coordinator.writer.has_files(&name) {
                let fields: Vec<_> =
                    table.complete_columns().map(|column| self.rules.physical.field(column)).collect();
                let schema = Arc::new(arrow::datatypes::Schema::new(fields));
                let layout = options.layout(schema, table.complete_columns())?;
                coordinator.writer.write_empty(&name, &layout)?;
            }
        }
        Ok(())
    }

    fn publish(self, output: Output, mut report: NormalizeReport) -> Result<NormalizeReport, NormalizeError> {
        let manifest = self.extracted.manifest();
        // As in dlt, a package of which contracts left nothing is loaded all the same: it says that there were rows.
        let brought = manifest.files.iter().any(|file| file.rows > 0) || !output.quarantine.is_empty();
        if output.files.is_empty() && !brought && manifest.settings.refresh.is_none() {
            return Ok(report);
        }
        if self.request.runtime.cancel.is_cancelled() {
            return Err(NormalizeError::Cancelled);
        }
        self.staged.write_schema(&output.schema.to_json())?;
        let update = serde_json::to_string(&output.update).expect("tables are always JSON");
        self.staged.write_schema_update(&update)?;
        if let Some(state) = self.extracted.state_json()? {
            self.staged.write_state(&state)?;
        }
        let sealed = self.staged.seal(ManifestDraft {
            schema_name: output.schema.name.clone(),
            created_at: self.request.runtime.clock.now(),
            producer: manifest.producer.clone(),
            run_id: manifest.run_id.clone(),
            settings: manifest.settings.clone(),
            resources: manifest.resources.clone(),
            files: output.files,
            quarantine: output.quarantine,
            parent: Some(self.extracted.digest()),
        })?;
        sealed.publish(Normalized)?;
        report.published = true;
        Ok(report)
    }
}

/// What goes into the package in addition to the files themselves.
struct Output {
    files: Vec<cartage_package_store::FileDraft>,
    quarantine: Vec<cartage_package_store::QuarantineDraft>,
    schema: Schema,
    update: BTreeMap<String, Table>,
}

/// Gives columns that are at the destination the type, the bits and the digits that they have there: a hint does not
/// change a table that exists, so that values that the column does not hold must go to a variant.
fn keep_types(base: &Schema, schema: &mut Schema) {
    for (name, table) in base.tables.iter().filter(|(_, table)| table.has_seen_data()) {
        let Some(hinted) = schema.tables.get_mut(name) else { continue };
        for column in table.complete_columns() {
            let is_number =
                matches!(column.data_type, Some(DataType::Bigint | DataType::Decimal | DataType::Wei));
            let hinted = hinted.columns.get_mut(&column.name).filter(|own| own.data_type.is_some());
            let Some(own) = hinted else { continue };
            let is_other = own.data_type != column.data_type;
            if is_other {
                own.data_type = column.data_type;
                own.timezone = column.timezone;
            }
            if is_other || is_number {
                own.precision = column.precision;
                own.scale = column.scale;
            }
        }
    }
}

/// The columns that the package widens, with the types that they get.
fn widened_columns(own: &Schema, widened: &[ColumnPlace]) -> Vec<(String, Column)> {
    let column = |place: &ColumnPlace| {
        let column = own.tables.get(&place.table)?.columns.get(&place.column)?;
        Some((place.table.clone(), column.clone()))
    };
    widened.iter().filter_map(column).collect()
}

/// The schema to start from: that of the package, on top of what was found since it was extracted.
fn join(base: Option<Schema>, own: Schema, refreshes: bool) -> Result<Schema, SchemaError> {
    let Some(mut base) = base.filter(|_| !refreshes) else { return Ok(own) };
    // An imported schema replaces what was found.
    let follows = own.version_hash == base.version_hash
        || own.imported_version_hash != base.imported_version_hash
        || base.version_hash.as_ref().is_none_or(|hash| own.previous_hashes.contains(hash));
    if follows {
        return Ok(own);
    }
    let seen: Vec<String> =
        base.tables.values().filter(|table| table.has_seen_data()).map(|table| table.name.clone()).collect();
    base.merge_schema(&own)?;
    base.merge_all(own.nesting().parents_first().cloned(), MergeOrigin::Resource)?;
    for name in seen {
        if let Some(table) = base.tables.get_mut(&name) {
            table.set_seen_data();
        }
    }
    Ok(base)
}
