//! Tables side by side in the stage that extracts, which takes turns with them.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cartage_extract::{ExtractReport, ExtractRequest, ExtractSettings, run};
use cartage_package_store::{PackageSettings, Wait};
use cartage_runtime::{CancelToken, NameCollisions, NextItemMode, OnBadRow, Stage};
use cartage_schema::hints::ResourceHints;
use cartage_schema::{NamingKind, Schema as OurSchema};
use cartage_source_api::{Resource, SchemaSettings, Source};
use cartage_sources_sql::{ResourceKeys, SqlSource};
use cartage_state::PipelineState;
use cartage_test_support::TempPipeline;
use serde_json::json;

use crate::support::Schema;

/// A pipeline that goes from run to run.
struct Pipeline {
    temp: TempPipeline,
    schema: OurSchema,
    state: PipelineState,
    settings: ExtractSettings,
    /// Set where a run ends behind its first package, as one that is killed there.
    halt: CancelToken,
}

impl Pipeline {
    fn new(settings: ExtractSettings) -> Self {
        Self {
            temp: TempPipeline::new(),
            schema: OurSchema::new("crm", NamingKind::SnakeCase).unwrap(),
            state: PipelineState::new("test"),
            settings,
            halt: CancelToken::default(),
        }
    }

    fn run(
        &mut self,
        source: &SqlSource,
        listed: Vec<(String, ResourceHints, ResourceKeys)>,
    ) -> ExtractReport {
        let made = source.resources(listed).unwrap().into_iter();
        let resources =
            made.map(|made| Resource::new(made.name, made.hints, Box::new(made.reader))).collect();
        let store = &self.temp.store;
        let lock = store.lock(Stage::Extract, Wait::Fail).unwrap();
        let report = run(ExtractRequest {
            store,
            lock: &lock,
            source: Source {
                name: "crm".to_owned(),
                resources,
                schema: SchemaSettings::default(),
                on_bad_row: OnBadRow::Fail,
                name_collisions: NameCollisions::Share,
            },
            base_schema: self.schema.clone(),
            base_state: self.state.clone(),
            settings: self.settings.clone(),
            package_settings: PackageSettings::default(),
            run_id: "run".to_owned(),
            producer: "cartage test".to_owned(),
            runtime: cartage_test_support::runtime(),
            published: None,
            halt: self.halt.clone(),
        });
        let report = report.unwrap();
        self.schema = report.schema.clone();
        self.state = report.state.clone();
        report
    }
}

/// The most connections that read the schema while something is done.
fn most_connections<T>(schema: &Schema, work: impl FnOnce() -> T) -> (T, u64) {
    let is_over = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        let of_watcher = Arc::clone(&is_over);
        let watcher = scope.spawn(move || {
            let mut most = 0;
            while !of_watcher.load(Ordering::SeqCst) {
                most = most.max(schema.readers());
                std::thread::sleep(Duration::from_millis(5));
            }
            most
        });
        let done = work();
        is_over.store(true, Ordering::SeqCst);
        (done, watcher.join().unwrap())
    })
}

#[test]
fn many_tables_take_turns_with_few_connections() {
    let table = |n| {
        format!(
            "CREATE TABLE t{n} AS SELECT n AS id, repeat('x', 300) AS x FROM generate_series(1, {n} * 100) n;"
        )
    };
    let tables: Vec<String> = (0..9).map(table).collect();
    let schema = Schema::with(&tables.concat());
    for mode in [NextItemMode::RoundRobin, NextItemMode::Fifo] {
        for (max, rows) in [(1, None), (3, None), (3, Some(150))] {
            let source = schema.source(&json!({"chunk_size": 20, "max_connections": max}));
            let keys = ResourceKeys {
                partitions: serde_json::from_value(json!(8)).unwrap(),
                ..ResourceKeys::default()
            };
            let listed = (0..9).map(|n| (format!("t{n}"), ResourceHints::default(), keys.clone())).collect();
            let mut settings = ExtractSettings { next_item_mode: mode, ..ExtractSettings::default() };
            settings.limit.rows = rows;
            let (report, most) = most_connections(&schema, || Pipeline::new(settings).run(&source, listed));
            assert!(most <= max, "{most} connections instead of {max}");
            for n in 0..9 {
                let wanted = (n * 100).min(rows.unwrap_or(u64::MAX));
                assert_eq!(report.tables.get(&format!("t{n}")).copied().unwrap_or(0), wanted, "t{n}");
            }
            schema.assert_hung_up();
        }
    }
}

#[test]
fn a_backfill_in_order_goes_on_behind_its_last_package() {
    let schema = Schema::with(
        "CREATE TABLE t AS SELECT n AS id, (n * 7919 % 3000) / 7 AS c FROM generate_series(1, 3000) n; \
         CREATE INDEX ON t (c)",
    );
    let source = schema.source(&json!({"chunk_size": 100}));
    let mut settings = ExtractSettings::default();
    settings.package.max_rows = NonZeroU64::new(700);
    let mut pipeline = Pipeline::new(settings);
    pipeline.halt.cancel();
    let hints = json!({
        "write_disposition": "append", "primary_key": "id", "incremental": {"cursor_path": "c", "row_order": "asc"},
    });
    let hints: ResourceHints = serde_json::from_value(hints).unwrap();
    let mut rows = Vec::new();
    loop {
        let listed = vec![("t".to_owned(), hints.clone(), ResourceKeys::default())];
        let report = pipeline.run(&source, listed);
        match report.tables.get("t") {
            Some(of_run) if *of_run > 0 => rows.push(*of_run),
            _ => break,
        }
    }
    // Appended rows are neither lost nor doubled.
    assert_eq!(rows.iter().sum::<u64>(), 3000, "{rows:?}");
    assert!(rows.len() >= 4, "{rows:?}");
    schema.assert_hung_up();
}
