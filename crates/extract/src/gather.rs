//! Taking pages from producers and rows to their files.

mod tables;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use cartage_package_store::{LoadId, ResourceEntry};
use cartage_runtime::threads::NoThread;
use cartage_runtime::{Runtime, Stage};
use cartage_schema::Schema;
use cartage_source_api::{OpenContext, Page, Producer, SourceError, StateChange, TargetTable};
use cartage_state::PipelineState;
use indexmap::IndexMap;

use crate::ExtractError;
use crate::compress::Compressors;
use crate::contract::Contracts;
use crate::feed::{Feed, FeedEvent, PageEffects, QueuedProducer, caught};
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
        let table = self.goal.table.clone();
        ResourceReport { name: self.name.clone(), table, ..ResourceReport::default() }
    }
}

/// Thousands of tiny files as thousands of pages would keep the threads busy with handing them over.
const SMALL_PAGE_BYTES: usize = 256 << 10;

/// Which hints are in the schema already.
#[derive(Default)]
struct HintsInUse {
    /// Tables that got JSON rows: the first resource that writes to one decides its hints for the run.
    json: HashSet<String>,
    /// The goal whose hints a table of columnar rows has. There the last one decides.
    columnar: HashMap<String, usize>,
}

/// One run of the stage while pages come in.
pub(crate) struct Extraction<'a> {
    source_name: String,
    planned: Vec<Planned>,
    /// Where pages go that do not go to the table of their resource.
    goals: RoutedTables,
    reports: Vec<ResourceReport>,
    /// Rows by table.
    tables: IndexMap<String, u64>,
    /// How far each resource is.
    standings: Vec<ResourceProgress>,
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
            standings: planned.iter().map(|_| ResourceProgress::default()).collect(),
            filling: planned.iter().fold(HashMap::new(), |mut filling, one| {
                *filling.entry(one.goal.table.clone()).or_default() += 1;
                filling
            }),
            hints: HintsInUse::default(),
            contracts: Contracts::default(),
            new_tables: tables::new_tables(&planned, &schema),
            goals: RoutedTables::new(
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
        let resources = || self.planned.iter().zip(&self.standings);
        resources().any(|(_, standing)| !standing.has_ended())
            && resources().all(|(planned, standing)| match planned.cut {
                SplitPolicy::WithState | SplitPolicy::StateAtEnd => true,
                SplitPolicy::AtEnd => !standing.is_in_the_middle(),
                SplitPolicy::WholeRun => false,
                SplitPolicy::WholeTable => {
                    let mut of_table = resources().filter(|(other, _)| other.root == planned.root);
                    of_table.clone().all(|(_, standing)| standing.has_ended())
                        || !of_table.any(|(_, standing)| standing.has_begun())
                }
            })
    }

    /// Brings the state up to where the package ends, and writes it as a row if it changed.
    fn write_state(&mut self, writers: &mut TableWriters<'_>, load_id: &LoadId) -> Result<(), ExtractError> {
        for (standing, planned) in self.standings.iter_mut().zip(&self.planned) {
            let is_due = standing.has_ended() || planned.cut.takes_state_along();
            if is_due && !planned.is_hidden {
                standing.write(&mut self.state, &self.schema.name, &planned.name);
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
        let resources = self.planned.iter().zip(&mut self.standings);
        let entry = |planned: &Planned, has_ended: bool| ResourceEntry {
            name: planned.name.clone(),
            table: planned.goal.table.clone(),
            write_disposition: planned.goal.disposition.to_string(),
            resumable: planned.repeatable.is_now(has_ended),
        };
        let of_package = resources.filter_map(|(planned, standing)| {
            let took_part = standing.end_package() && !planned.is_hidden;
            took_part.then(|| entry(planned, standing.has_ended()))
        });
        of_package.collect()
    }

    /// Opens all producers; the sum of their bytes where all know it.
    fn open(&mut self, producers: &mut [Box<dyn Producer>]) -> Result<Option<u64>, ExtractError> {
        let mut context = OpenContext::new(self.settings.max_line_bytes, self.runtime.cancel.clone());
        if !self.settings.counts_pages() {
            context.small_page_bytes = SMALL_PAGE_BYTES;
        }
        let source_state = Arc::new(self.state.source_state(&self.schema.name).cloned().unwrap_or_default());
        let mut total = Some(0);
        for (resource, producer) in producers.iter_mut().enumerate() {
            let Planned { name, is_hidden, .. } = &self.planned[resource];
            let mut context = context.clone().with_state(name, Arc::clone(&source_state));
            context.is_hidden = *is_hidden;
            let settings = self.settings.of_resource(name);
            context.max_line_bytes = settings.max_line_bytes;
            context.workers = settings.workers.get();
            context.max_parallel_items = settings.max_parallel_items.get();
            let naming = self.schema.naming(self.publisher.settings.destination.max_name_length());
            let table = TargetTable::of(self.planned[resource].goal.root(), &self.schema, naming);
            context.table = Some(Arc::new(table));
            let bytes = caught(|| producer.open(&context)).map_err(|error| self.failed(resource, error))?;
            total = total.zip(bytes).map(|(total, bytes)| total + bytes);
            self.standings[resource].take(producer.take_state_change(), &self.state, &self.schema.name);
        }
        Ok(total)
    }

    fn feed(&self, producers: Vec<Box<dyn Producer>>) -> Result<Feed, NoThread> {
        let pages = self.settings.limit.page_count();
        // The pages of a child are as many as its parent's rows ask for.
        let fodder = |(producer, resource): (_, &Planned)| QueuedProducer {
            producer,
            pages: if resource.parent.is_some() { u64::MAX } else { pages },
            parent: resource.parent,
        };
        Feed::new(
            producers.into_iter().zip(&self.planned).map(fodder).collect(),
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
        along: PageEffects,
    ) -> Result<(), ExtractError> {
        let PageEffects { change, route } = along;
        let left = self.settings.limit.rows_left(self.reports[resource].rows);
        // A page that moves a position is taken as a whole: cut, its other rows would be lost or its own double.
        let room = if change.has_edits() { u64::MAX } else { left };
        let bytes = page.source_bytes();
        let rows = page.rows().min(room);
        self.standings[resource].begin();
        let has_passed = self.standings[resource].take(change, &self.state, &self.schema.name);
        if self.planned[resource].is_hidden {
            if let Page::Json(page) = &mut page {
                page.truncate(room);
            }
            self.reports[resource].rows += rows;
            self.hand_down(feed, resource, page);
            return Ok(());
        }
        let goal = self.goal(resource, route.as_deref(), &page)?;
        let is_empty_file = matches!(&page, Page::ParquetFile(file) if file.rows == 0);
        match &page {
            // A page without rows still stands for a resource that has been there, unless its cursor let none
            // of them pass.
            Page::Json(_) if has_passed && self.hints.json.insert(goal.table.clone()) => {
                self.merge_hints(resource, &goal, &page)?;
            }
            Page::Arrow(_) | Page::ParquetFile(_)
                if (rows > 0 || is_empty_file)
                    && self.hints.columnar.insert(goal.table.clone(), goal.id) != Some(goal.id) =>
            {
                self.merge_hints(resource, &goal, &page)?;
            }
            _ => {}
        }
        let settings = self.writer_settings(resource);
        let table = &goal.table;
        let refused = self.contracts.refuses(table);
        match &mut page {
            Page::Json(page) => {
                page.truncate(room);
                self.reports[resource].rejected += page.rejected().len() as u64;
            }
            Page::Arrow(batch) => *batch = batch.slice(0, rows as usize),
            Page::ParquetFile(_) => {}
        }
        match &page {
            page if refused.is_some() => self.keep_discarded(writers, resource, &goal, page, rows)?,
            Page::ParquetFile(file) if file.rows > room => {
                let failed = |error| self.failed(resource, error);
                for batch in file.first_rows(rows).map_err(failed)? {
                    writers.write(table, &Page::Arrow(batch.map_err(failed)?), settings)?;
                }
            }
            // A file without rows says which columns its table has; a page of which no row is left does not.
            Page::Arrow(_) | Page::ParquetFile(_) if rows == 0 && !is_empty_file => {}
            page => {
                if let Page::ParquetFile(file) = page {
                    file.check_whole(self.settings.compression_threads)
                        .map_err(|error| self.failed(resource, error))?;
                }
                writers.write(table, page, settings)?;
            }
        }
        self.runtime.progress.advance(Stage::Extract, table, rows, bytes, bytes);
        self.done += bytes;
        self.filled.add(rows, page.size());
        self.reports[resource].rows += rows;
        if let Some(reason) = refused {
            self.contracts.discards.add(reason, rows, 0);
        } else if rows > 0 {
            *self.tables.entry(table.clone()).or_default() += rows;
        }
        self.hand_down(feed, resource, page);
        Ok(())
    }

    /// Gives a page to the children of its resource, and takes no more if there is no room.
    fn hand_down(&self, feed: &mut Feed, resource: usize, page: Page) {
        if feed.has_children(resource) && page.rows() > 0 {
            feed.hand_down(resource, page);
        }
        if self.settings.limit.is_reached(self.reports[resource].rows) {
            feed.close(resource);
        }
    }

    /// Notes what a resource read, and closes its table if nobody else writes to it.
    fn end(
        &mut self,
        feed: &mut Feed,
        writers: &mut TableWriters<'_>,
        resource: usize,
        change: StateChange,
    ) -> Result<(), ExtractError> {
        self.standings[resource].take(change, &self.state, &self.schema.name);
        self.standings[resource].end();
        if let Some(producer) = feed.producer(resource) {
            self.reports[resource].inputs = producer.inputs();
            self.reports[resource].warnings = producer.warnings();
            let types = producer.column_types();
            self.settle_types(resource, types)?;
            for warning in &self.reports[resource].warnings {
                tracing::warn!(resource = %self.planned[resource].name, "{warning}");
            }
        }
        self.reports[resource].left_out = self.standings[resource].left_out();
        self.reports[resource].warnings.extend(self.standings[resource].warnings());
        let table = &self.planned[resource].goal.table;
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
