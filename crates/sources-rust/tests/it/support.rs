//! A pipeline of the extract stage that goes from run to run.

use std::num::NonZeroU64;

use cartage_extract::{ExtractError, ExtractReport, ExtractRequest, ExtractSettings, PackageLimits, run};
use cartage_package_store::{
    DestinationTraits, Folder, JobState, MergeStrategy, PackageSettings, ReplaceStrategy, Wait,
};
use cartage_runtime::{CancelToken, Stage};
use cartage_schema::{NamingKind, Schema};
use cartage_source_api::Source;
use cartage_sources_rust::{AnyResource, SourceBuilder, source};
use cartage_state::PipelineState;
use cartage_test_support::TempPipeline;
use serde_json::Value;

/// A pipeline that goes from run to run.
pub(crate) struct Pipeline {
    pub(crate) temp: TempPipeline,
    pub(crate) schema: Schema,
    pub(crate) state: PipelineState,
    pub(crate) settings: ExtractSettings,
}

impl Pipeline {
    pub(crate) fn new() -> Self {
        Self {
            temp: TempPipeline::new(),
            schema: Schema::new("shop", NamingKind::SnakeCase).unwrap(),
            state: PipelineState::new("test"),
            settings: ExtractSettings { disable_compression: true, ..ExtractSettings::default() },
        }
    }

    /// One whose packages end after this many rows, where they may.
    pub(crate) fn with_packages_of(rows: u64) -> Self {
        let mut pipeline = Self::new();
        pipeline.settings.package =
            PackageLimits { max_rows: NonZeroU64::new(rows), ..PackageLimits::default() };
        pipeline
    }

    pub(crate) fn extract(
        &mut self,
        resource: impl Into<AnyResource>,
    ) -> Result<ExtractReport, ExtractError> {
        self.extract_source(source("shop").with(resource))
    }

    pub(crate) fn extract_source(&mut self, source: SourceBuilder) -> Result<ExtractReport, ExtractError> {
        self.extract_built(source.build().unwrap())
    }

    fn extract_built(&mut self, source: Source) -> Result<ExtractReport, ExtractError> {
        let store = &self.temp.store;
        let lock = store.lock(Stage::Extract, Wait::Fail).unwrap();
        let destination = DestinationTraits {
            replace_strategy: Some(ReplaceStrategy::TruncateAndInsert),
            merge_strategies: Some(vec![MergeStrategy::DeleteInsert, MergeStrategy::Upsert]),
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
            runtime: cartage_test_support::runtime(),
            published: None,
            halt: CancelToken::default(),
        })?;
        self.schema = report.schema.clone();
        self.state = report.state.clone();
        Ok(report)
    }

    /// The rows of a table in the newest package.
    pub(crate) fn rows(&self, table: &str) -> Vec<Value> {
        let newest = self.temp.store.list(Folder::Extracted).unwrap().pop().unwrap();
        self.rows_of_package(table, &newest)
    }

    /// The rows of a table in all packages.
    pub(crate) fn all_rows(&self, table: &str) -> Vec<Value> {
        let packages = self.temp.store.list(Folder::Extracted).unwrap();
        packages.iter().flat_map(|package| self.rows_of_package(table, package)).collect()
    }

    fn rows_of_package(&self, table: &str, load_id: &cartage_package_store::LoadId) -> Vec<Value> {
        let package = self.temp.store.open_package(Folder::Extracted, load_id).unwrap();
        let files = package.manifest().files.iter().filter(|file| file.table == table);
        let texts =
            files.map(|file| std::fs::read_to_string(package.job_path(JobState::New, &file.name)).unwrap());
        let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
        lines.map(|line| serde_json::from_str(&line).unwrap()).collect()
    }
}

pub(crate) fn ids(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}
