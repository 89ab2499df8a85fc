//! Taking pages from producers and rows to their files.

mod open;
mod page;
mod row_ids;
mod tables;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use cartage_package_store::{LoadId, ResourceEntry};
use cartage_runtime::{Runtime, Stage};
use cartage_schema::Schema;
use cartage_source_api::{Producer, SourceError, StateChange};
use cartage_state::PipelineState;
use indexmap::IndexMap;

use self::page::HintsInUse;
use crate::ExtractError;
use crate::compress::Compressors;
use crate::contract::Contracts;
use crate::feed::{Feed, FeedEvent};
use crate::plan::Planned;
use crate::publish::{Content, Publisher};
use crate::report::{ExtractReport, ExtractedPackage, ResourceReport};
use crate::resource_progress::ResourceProgress;
use crate::routed_tables::RoutedTables;
use crate::settings::ExtractSettings;
use crate::split_policy::{Filled, SplitPolicy};
use crate::state_row::state_page;
use crate::writer::{PackageFiles, TableWriters, WriterSettings};

impl Planned {
    fn report(&self) -> ResourceReport {
        let table = self.target.table.clone();
        ResourceReport { name: self.name.clone(), table, ..ResourceReport::default() }
    }
}

/// One run of the stage while pages come in.
pub(crate) struct Extraction<'a> {
    source_name: String,
    planned: Vec<Planned>,
    /// Where pages go that do not go to the table of their resource.
    targets: RoutedTables,
    reports: Vec<ResourceReport>,
    /// Rows by table.
    tables: IndexMap<String, u64>,
    /// How far each resource is.
    progress: Vec<ResourceProgress>,
    /// By table the resources that have not ended.
    filling: HashMap<String, usize>,
    hints: HintsInUse,
    contracts: Contracts,
    schema: Schema,
    state: PipelineState,
    settings: ExtractSettings,
    runtime: Runtime,
    publisher: Publisher<'a>,
    packages: Vec<ExtractedPackage>,
    has_state: bool,
    /// What the package that is being written holds.
    filled: Filled,
    /// Tables that have files in the packages before it.
    written: BTreeSet<String>,
    /// Tables of resources that the schema does not know yet.
    new_tables: HashSet<String>,
    /// Units of the total that were reported to the progress.
    done: u64,
}

impl<'a> Extraction<'a> {
    pub(crate) fn new(
        source_name: String,
        planned: Vec<Planned>,
        schema: Schema,
        state: PipelineState,
        settings: ExtractSettings,
        runtime: Runtime,
        publisher: Publisher<'a>,
    ) -> Self {
        Self {
            source_name,
            reports: planned.iter().map(Planned::report).collect(),
            tables: IndexMap::new(),
            progress: planned.iter().map(|_| ResourceProgress::default()).collect(),
            filling: planned.iter().fold(HashMap::new(), |mut filling, one| {
                *filling.entry(one.target.table.clone()).or_default() += 1;
                filling
            }),
            hints: HintsInUse::default(),
            contracts: Contracts::default(),
            new_tables: tables::new_tables(&planned, &schema),
            targets: RoutedTables::new(
                schema.naming(publisher.settings.destination.max_name_length()),
                &planned,
            ),
            planned,
            schema,
            state,
            settings,
            publisher,
            packages: Vec::new(),
            has_state: false,
            filled: Filled::nothing(runtime.clock.unix_micros()),
            written: BTreeSet::new(),
            done: 0,
            runtime,
        }
    }

    /// Takes all pages of the producers and publishes them in packages.
    pub(crate) fn gather(
        mut self,
        mut producers: Vec<Box<dyn Producer>>,
    ) -> Result<ExtractReport, ExtractError> {
        let total = self.open(&mut producers)?;
        let mut feed = self.feed(producers)?;
        while !self.package(&mut feed, total)? && !self.publisher.halt.is_cancelled() {}
        let reports = self.reports.into_iter().zip(&self.planned);
        let visible = reports.filter(|(_, planned)| !planned.is_hidden);
        let resources = visible.map(|(report, _)| report).collect();
        Ok(ExtractReport {
            packages: self.packages,
            schema: self.schema,
            state: self.state,
            state_extracted: self.has_state,
            resources,
            tables: self.tables,
            discards: self.contracts.discards,
        })
    }

    /// Makes one package. True if it is the last one.
    fn package(&mut self, feed: &mut Feed, total: Option<u64>) -> Result<bool, ExtractError> {
        let staged = self.publisher.stage(&self.runtime)?;
        let load_id = staged.load_id().clone();
        let random = Arc::clone(&self.runtime.random);
        let threads = self.settings.compression_threads.map(usize::from);
        let all_plain = (0..self.planned.len())
            .all(|resource| self.writer_settings(resource).disable_compression)
            && self.settings.disable_compression;
        let compressors = (!all_plain).then(|| Compressors::new(threads));
        let files = PackageFiles::new(&staged, &*random, compressors);
        let mut writers = TableWriters::new(files, &staged, &*random, self.settings.buffered_bytes);

        let left = total.map(|total| total.saturating_sub(self.done));
        self.runtime.progress.begin(Stage::Extract, load_id.as_str(), left);
        self.filled = Filled::nothing(self.runtime.clock.unix_micros());
        let is_last = self.fill(feed, &mut writers)?;
        if is_last {
            self.write_empty_tables(&mut writers)?;
        }
        self.write_state(&mut writers, &load_id)?;
        let (files, quarantine) = writers.finish()?;
        self.runtime.progress.end(Stage::Extract, load_id.as_str());
        let continues = self.continues();
        self.written.extend(files.iter().map(|file| file.table.clone()));
        let resources = self.resources_of_package();
        let content = Content { files, quarantine, resources, schema: &mut self.schema, state: &self.state };
        let published = self.publisher.publish(staged, content, continues, &self.runtime)?;
        self.packages.extend(published);
        Ok(is_last)
    }

    /// How the files of a resource are written.
    fn writer_settings(&self, resource: usize) -> WriterSettings {
        self.settings.of_resource(&self.planned[resource].name).into()
    }

    /// Writes pages until the package is full and may end, or there are no more; true in the latter case.
    fn fill(&mut self, feed: &mut Feed, writers: &mut TableWriters<'_>) -> Result<bool, ExtractError> {
        loop {
            match feed.next() {
                FeedEvent::Page(resource, page, along) => self.take(feed, writers, resource, page, along)?,
                FeedEvent::HandedDown => {}
                FeedEvent::Ended(resource, change) => self.end(feed, writers, resource, change)?,
                FeedEvent::Failed(resource, error) => return Err(self.failed(resource, error)),
                FeedEvent::Cancelled => return Err(ExtractError::Cancelled),
                FeedEvent::Done => return Ok(true),
            }
            if self.filled.is_full(&self.settings.package, self.runtime.clock.unix_micros())
                && self.may_cut()
                && !feed.is_handing_down()
            {
                return Ok(false);
            }
        }
    }

    /// Whether the package may end here. Not where nothing is to come: it is the last one then.
    fn may_cut(&self) -> bool {
        let resources = || self.planned.iter().zip(&self.progress);
        resources().any(|(_, progress)| !progress.has_ended())
            && resources().all(|(planned, progress)| match planned.cut {
                SplitPolicy::WithState if planned.has_checkpoints => progress.is_at_checkpoint(),
                SplitPolicy::WithState | SplitPolicy::StateAtEnd => true,
                SplitPolicy::AtEnd => !progress.is_in_the_middle(),
                SplitPolicy::WholeRun => false,
                SplitPolicy::WholeTable => {
                    let mut of_table = resources().filter(|(other, _)| other.root == planned.root);
                    of_table.clone().all(|(_, progress)| progress.has_ended())
                        || !of_table.any(|(_, progress)| progress.has_begun())
                }
            })
    }

    /// Brings the state up to where the package ends, and writes it as a row if it changed.
    fn write_state(&mut self, writers: &mut TableWriters<'_>, load_id: &LoadId) -> Result<(), ExtractError> {
        for (progress, planned) in self.progress.iter_mut().zip(&self.planned) {
            let is_due = progress.has_ended() || planned.cut.takes_state_along();
            if is_due && !planned.is_hidden {
                progress.write(&mut self.state, &self.schema.name, &planned.name);
            }
        }
        let state = state_page(&mut self.state, &mut self.schema, load_id, &*self.runtime.clock)?;
        if let Some(page) = &state {
            self.has_state = true;
            let settings = WriterSettings::from(self.settings.of_stage());
            writers.write(&self.schema.state_table_name(), page, settings)?;
        }
        Ok(())
    }

    /// The resources of which something is in the package.
    fn resources_of_package(&mut self) -> Vec<ResourceEntry> {
        let resources = self.planned.iter().zip(&mut self.progress);
        let entry = |planned: &Planned, has_ended: bool| ResourceEntry {
            name: planned.name.clone(),
            table: planned.target.table.clone(),
            write_disposition: planned.target.disposition.to_string(),
            resumable: planned.repeatable.is_now(has_ended),
        };
        let of_package = resources.filter_map(|(planned, progress)| {
            let took_part = progress.end_package() && !planned.is_hidden;
            took_part.then(|| entry(planned, progress.has_ended()))
        });
        of_package.collect()
    }

    /// Notes what a resource read, and closes its table if nobody else writes to it.
    fn end(
        &mut self,
        feed: &mut Feed,
        writers: &mut TableWriters<'_>,
        resource: usize,
        change: StateChange,
    ) -> Result<(), ExtractError> {
        self.progress[resource].take(change, &self.state, &self.schema.name);
        self.progress[resource].end();
        if let Some(producer) = feed.producer(resource) {
            self.reports[resource].inputs = producer.inputs();
            self.reports[resource].warnings = producer.warnings();
            let types = producer.column_types();
            self.settle_types(resource, types)?;
            for warning in &self.reports[resource].warnings {
                tracing::warn!(resource = %self.planned[resource].name, "{warning}");
            }
        }
        self.reports[resource].left_out = self.progress[resource].left_out();
        self.reports[resource].warnings.extend(self.progress[resource].warnings());
        let table = &self.planned[resource].target.table;
        let filling = self.filling.get_mut(table).expect("the tables of all resources are counted");
        *filling -= 1;
        if *filling == 0 { writers.close(table) } else { Ok(()) }
    }

    fn failed(&self, resource: usize, source: SourceError) -> ExtractError {
        ExtractError::Source {
            source_name: self.source_name.clone(),
            resource: self.planned[resource].name.clone(),
            source,
        }
    }
}
