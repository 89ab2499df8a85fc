//! A pipeline in a temporary folder, resources of fixed pages, and reading packages back.

use std::num::NonZeroUsize;
use std::sync::Arc;

use cartage_data_files::blocks::{BlockReader, Packing};
use cartage_extract::{ExtractError, ExtractReport, ExtractRequest, ExtractSettings, run};
use cartage_package_store::{
    DestinationTraits, FileEntry, Folder, JobState, LoadId, MergeStrategy, PackageSettings, PublishedPackage,
    ReplaceStrategy, Wait,
};
use cartage_runtime::{CancelToken, NameCollisions, OnBadRow, Runtime, Stage};
use cartage_schema::hints::ResourceHints;
use cartage_schema::{NamingKind, Schema};
use cartage_source_api::{
    JsonPage, OpenContext, Page, Pages, Producer, Resource, Resume, SchemaSettings, Source, SourceError,
    StateChange, StateOf,
};
use cartage_state::PipelineState;
use cartage_test_support::TempPipeline;
use serde_json::{Value, json};

/// A pipeline that goes from run to run.
pub(crate) struct Pipeline {
    pub(crate) temp: TempPipeline,
    pub(crate) runtime: Runtime,
    pub(crate) schema: Schema,
    pub(crate) state: PipelineState,
    pub(crate) settings: ExtractSettings,
    pub(crate) replace_strategy: ReplaceStrategy,
    pub(crate) halt: CancelToken,
}

impl Pipeline {
    pub(crate) fn new() -> Self {
        Self {
            temp: TempPipeline::new(),
            runtime: cartage_test_support::runtime(),
            schema: Schema::new("shop", NamingKind::SnakeCase).unwrap(),
            state: PipelineState::new("test"),
            replace_strategy: ReplaceStrategy::TruncateAndInsert,
            halt: CancelToken::default(),
            settings: ExtractSettings {
                compression_threads: NonZeroUsize::new(2),
                ..ExtractSettings::default()
            },
        }
    }

    /// Extracts and goes on with the schema and state of the report.
    pub(crate) fn run(&mut self, resources: Vec<Resource>) -> Result<ExtractReport, ExtractError> {
        self.run_source(source(resources))
    }

    pub(crate) fn run_source(&mut self, source: Source) -> Result<ExtractReport, ExtractError> {
        let store = &self.temp.store;
        let lock = store.lock(Stage::Extract, Wait::Fail).unwrap();
        let destination = DestinationTraits {
            max_identifier_length: Some(30),
            replace_strategy: Some(self.replace_strategy),
            merge_strategies: Some(vec![
                MergeStrategy::DeleteInsert,
                MergeStrategy::Upsert,
                MergeStrategy::Scd2,
                MergeStrategy::InsertOnly,
            ]),
            ..DestinationTraits::default()
        };
        let report = run(ExtractRequest {
            store,
            lock: &lock,
            source,
            base_schema: self.schema.clone(),
            base_state: self.state.clone(),
            settings: self.settings.clone(),
            package_settings: PackageSettings { destination, ..PackageSettings::default() },
            run_id: "run".to_owned(),
            producer: "cartage test".to_owned(),
            runtime: self.runtime.clone(),
            published: None,
            halt: self.halt.clone(),
        })?;
        self.schema = report.schema.clone();
        self.state = report.state.clone();
        Ok(report)
    }

    pub(crate) fn package(&self, report: &ExtractReport) -> Package {
        assert_eq!(report.packages.len(), 1);
        self.open(&report.packages[0].load_id)
    }

    pub(crate) fn open(&self, load_id: &LoadId) -> Package {
        let package = self.temp.store.open_package(Folder::Extracted, load_id).unwrap();
        package.verify().unwrap();
        Package(package)
    }

    pub(crate) fn packages(&self) -> usize {
        self.temp.store.list(Folder::Extracted).unwrap().len()
    }

    /// Whether anything is left in the folder of packages that are being made.
    pub(crate) fn is_staging_empty(&self) -> bool {
        let staging = self.temp.store.dir().join("packages/staging");
        std::fs::read_dir(staging).unwrap().next().is_none()
    }
}

/// A published package, read back.
pub(crate) struct Package(pub(crate) PublishedPackage);

impl Package {
    pub(crate) fn files(&self, table: &str) -> Vec<FileEntry> {
        self.0.manifest().files.iter().filter(|file| file.table == table).cloned().collect()
    }

    pub(crate) fn text(&self, file: &FileEntry) -> String {
        let packing = Packing::of(file.codec).unwrap();
        let mut reader = BlockReader::open(&self.0.job_path(JobState::New, &file.name), packing).unwrap();
        let mut scratch = Vec::new();
        let mut text = String::new();
        while let Some(block) = reader.next_block().unwrap() {
            text.push_str(std::str::from_utf8(block.rows(&mut scratch).unwrap()).unwrap());
        }
        assert_eq!(text.lines().count() as u64, file.rows);
        assert_eq!(text.len() as u64, file.uncompressed_bytes);
        text
    }

    /// The rows of all files of a table.
    pub(crate) fn rows(&self, table: &str) -> Vec<String> {
        let texts = self.files(table).into_iter().map(|file| self.text(&file));
        texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    pub(crate) fn settings(&self) -> &PackageSettings {
        &self.0.manifest().settings
    }
}

pub(crate) fn source(resources: Vec<Resource>) -> Source {
    Source {
        name: "shop".to_owned(),
        resources,
        schema: SchemaSettings::default(),
        on_bad_row: OnBadRow::Fail,
        name_collisions: NameCollisions::Share,
    }
}

pub(crate) fn hints(hints: Value) -> ResourceHints {
    serde_json::from_value(hints).unwrap()
}

pub(crate) fn resource(name: &str, hint: Value, producer: impl Producer + 'static) -> Resource {
    Resource::new(name, hints(hint), Box::new(producer))
}

/// A resource with one page for each list of values.
pub(crate) fn values(name: &str, hint: Value, pages: Vec<Vec<Value>>) -> Resource {
    let page = |rows: Vec<Value>| JsonPage::from_rows(rows).map(Page::Json);
    resource(name, hint, Pages(pages.into_iter().map(page)))
}

/// Numbered rows of some size, `pages` pages of `rows` rows.
pub(crate) fn numbered(name: &str, pages: usize, rows: usize, size: usize) -> Resource {
    let (source, filler) = (Arc::from(name), "x".repeat(size));
    let page = move |page: usize| -> Result<Page, SourceError> {
        let mut out = JsonPage::default();
        for n in page * rows..(page + 1) * rows {
            let row = format!("{{\"r\":\"{source}\",\"n\":{n},\"t\":\"{filler}\"}}");
            out.push_row(&source, n as u64 + 1, row.as_bytes());
        }
        Ok(Page::Json(out))
    };
    resource(name, json!({}), Pages((0..pages).map(page)))
}

/// An endpoint of `last` pages with `rows` rows each, which remembers the next page unless it came to its end.
pub(crate) struct Endpoint {
    pub(crate) next: u64,
    pub(crate) last: u64,
    pub(crate) rows: u64,
    pub(crate) resume: Resume,
}

impl Endpoint {
    pub(crate) fn new(last: u64, rows: u64) -> Self {
        Self { next: 0, last, rows, resume: Resume::AtEachPage }
    }

    /// Row `n` of all pages.
    pub(crate) fn row(n: u64) -> Value {
        json!({"id": n})
    }
}

impl Producer for Endpoint {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        self.next =
            context.resource_state().and_then(|state| state.get("page")?.as_u64()).unwrap_or_default();
        Ok(None)
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        self.next += 1;
        let first = (self.next - 1) * self.rows;
        let rows = || JsonPage::from_rows((first..first + self.rows).map(Self::row)).map(Page::Json);
        (self.next <= self.last).then(rows).transpose()
    }

    fn take_state_change(&mut self) -> StateChange {
        let change = StateChange::default();
        match self.next {
            0 => change,
            next if next > self.last => change.remove(StateOf::Resource, "page"),
            next => change.set(StateOf::Resource, "page", next).set(StateOf::Source, "seen", next),
        }
    }

    fn resume(&self) -> Resume {
        self.resume
    }

    fn starts_over(&self) -> bool {
        true
    }
}
