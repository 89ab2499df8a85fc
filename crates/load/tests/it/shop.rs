//! A pipeline whose packages hold `items` and `items__tags`, and a destination for them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cartage_destinations_api::{Destination, WithStaging, system};
use cartage_destinations_null::Memory;
use cartage_load::{LoadError, LoadReport, LoadRequest, LoadSettings, run};
use cartage_package_store::{
    FileDraft, FileFormat, FileSystem, Folder, JobFileName, LoadId, ManifestDraft, PackageSettings,
    PackageStore, PublishedPackage, ReplaceStrategy, Wait,
};
use cartage_runtime::{CancelToken, RetryPolicy, Runtime, Sleeper, Stage};
use cartage_schema::{Column, DataType, NamingKind, Schema, Table, WriteDisposition};
use cartage_test_support::{TempPipeline, runtime};
use serde_json::{Value, json};

use crate::spy::{SpiedPlace, Spy};

/// A pipeline and its destination.
pub(crate) struct Shop {
    pub(crate) pipeline: TempPipeline,
    pub(crate) memory: Memory,
}

/// One package of the shop.
#[derive(Clone, Copy)]
pub(crate) struct Delivery<'a> {
    /// Counts the packages from 1; also the version of the state that it brings.
    pub(crate) number: i64,
    pub(crate) disposition: WriteDisposition,
    pub(crate) strategy: Option<&'a str>,
    /// Ids of items, one job file each list.
    pub(crate) items: &'a [&'a [i64]],
    /// Values of tags, one job file each list.
    pub(crate) tags: &'a [&'a [&'a str]],
}

impl<'a> Delivery<'a> {
    pub(crate) fn append(number: i64, items: &'a [&'a [i64]]) -> Self {
        Self { number, disposition: WriteDisposition::Append, strategy: None, items, tags: &[] }
    }

    pub(crate) fn replace(number: i64, strategy: &'a str, items: &'a [&'a [i64]]) -> Self {
        Self { number, disposition: WriteDisposition::Replace, strategy: Some(strategy), items, tags: &[] }
    }
}

/// Records the lengths of sleeps.
#[derive(Debug, Default)]
pub(crate) struct Sleeps(pub(crate) Mutex<Vec<Duration>>);

impl Sleeper for Sleeps {
    fn sleep(&self, duration: Duration, _cancel: &CancelToken) {
        self.0.lock().unwrap().push(duration);
    }
}

/// One worker and no real sleep.
pub(crate) fn settings() -> LoadSettings {
    LoadSettings {
        workers: 1.try_into().unwrap(),
        retry: RetryPolicy { sleeper: Arc::new(Sleeps::default()), ..RetryPolicy::default() },
        ..LoadSettings::default()
    }
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self::with(Memory::new())
    }

    /// The same in front of this destination.
    pub(crate) fn with(memory: Memory) -> Self {
        Self { pipeline: TempPipeline::new(), memory }
    }

    /// Publishes a package in `normalized/`.
    pub(crate) fn deliver(&self, delivery: Delivery<'_>) -> LoadId {
        self.deliver_with(delivery, PackageSettings::default())
    }

    /// The same with settings in `package.json`.
    pub(crate) fn deliver_with(&self, delivery: Delivery<'_>, mut settings: PackageSettings) -> LoadId {
        if let Some(strategy) =
            delivery.strategy.filter(|_| delivery.disposition == WriteDisposition::Replace)
        {
            let strategy: ReplaceStrategy = serde_json::from_value(strategy.into()).unwrap();
            settings.replace_strategies.insert("items".to_owned(), strategy);
        }
        let store = &self.pipeline.store;
        let lock = store.lock(Stage::Normalize, Wait::Fail).unwrap();
        let load_id = LoadId::from_unix_micros(1_700_000_000_000_000 + delivery.number * 1_000_000);
        let staged = store.stage(&lock, load_id.clone(), 7).unwrap();
        let mut files = Vec::new();
        let mut write = |table: &str, index: usize, rows: Vec<Value>| {
            let name = JobFileName::new(table, &format!("{index:010}"), FileFormat::Jsonl, None).unwrap();
            let text: String = rows.iter().flat_map(|row| [row.to_string(), "\n".to_owned()]).collect();
            std::fs::write(staged.job_path(&name), &text).unwrap();
            let mut file = FileDraft::new(name, table);
            file.rows = rows.len() as u64;
            file.uncompressed_bytes = text.len() as u64;
            files.push(file);
        };
        for (index, ids) in delivery.items.iter().enumerate() {
            write("items", index, ids.iter().map(|id| json!({"id": id})).collect());
        }
        for (index, tags) in delivery.tags.iter().enumerate() {
            write("items__tags", index, tags.iter().map(|tag| json!({"value": tag})).collect());
        }
        let state =
            json!({"_state_version": delivery.number, "_version_hash": format!("hash {}", delivery.number)});
        write(
            system::STATE_TABLE,
            0,
            vec![json!({
                "pipeline_name": "test", "version": delivery.number, "version_hash": format!("hash {}", delivery.number),
                "state": state.to_string(), "engine_version": 4, "created_at": 0, "_dlt_load_id": load_id.as_str(),
            })],
        );
        staged.write_schema(&schema(delivery).to_json()).unwrap();
        staged.write_state(&state.to_string()).unwrap();
        let draft =
            ManifestDraft { schema_name: "shop".to_owned(), files, settings, ..ManifestDraft::default() };
        staged.seal(draft).unwrap().publish(Folder::Normalized).unwrap();
        load_id
    }

    pub(crate) fn load(&self, load_id: &LoadId) -> Result<LoadReport, LoadError> {
        self.load_with(
            load_id,
            &*self.staged(Spy::new(&self.memory, |_, _| Ok(())), &|_| true),
            &settings(),
            &runtime(),
        )
    }

    /// `spy` behind the staging place that it reads, where it reads one; `lives` may end the process at any of its steps.
    pub(crate) fn staged<'a>(
        &'a self,
        spy: Spy<'a>,
        lives: &'a (dyn Fn(&str) -> bool + Send + Sync),
    ) -> Box<dyn Destination + 'a> {
        match self.memory.place() {
            None => Box::new(spy),
            Some(place) => {
                let place = Box::new(SpiedPlace { inner: place, lives });
                Box::new(WithStaging::new(Box::new(spy), place).unwrap())
            }
        }
    }

    pub(crate) fn load_with(
        &self,
        load_id: &LoadId,
        destination: &dyn Destination,
        settings: &LoadSettings,
        runtime: &Runtime,
    ) -> Result<LoadReport, LoadError> {
        load_from(&self.pipeline.store, load_id, destination, settings, runtime)
    }

    pub(crate) fn package(&self, folder: Folder, load_id: &LoadId) -> PublishedPackage {
        self.pipeline.store.open_package(folder, load_id).unwrap()
    }

    /// Values of one column, sorted; empty where there is no such table.
    pub(crate) fn values(&self, table: &str, column: &str) -> Vec<String> {
        let reader = self.memory.reader().unwrap();
        let Ok(columns) = reader.columns(table) else { return Vec::new() };
        let index = columns.iter().position(|(name, _)| name == column).unwrap();
        let mut values: Vec<String> = reader
            .rows(table)
            .unwrap()
            .into_iter()
            .map(|mut row| row.swap_remove(index).unwrap_or_default())
            .collect();
        values.sort();
        values
    }

    /// Everything that must not depend on crashes: rows, loads, state, and what the pipeline knows.
    pub(crate) fn outcome(&self) -> Vec<Vec<String>> {
        let documents = self.pipeline.store.documents();
        let folders =
            Folder::ALL.map(|folder| format!("{folder}: {:?}", self.pipeline.store.list(folder).unwrap()));
        vec![
            self.values("items", "id"),
            self.values("items__tags", "value"),
            self.values(system::LOADS_TABLE, "load_id"),
            self.values(system::VERSION_TABLE, "version_hash"),
            self.values(system::STATE_TABLE, "version"),
            documents.state().unwrap().into_iter().collect(),
            documents.schema("shop").unwrap().into_iter().collect(),
            folders.to_vec(),
        ]
    }
}

/// Loads a package of `store`, which may be on another file system than the shop's own.
pub(crate) fn load_from(
    store: &PackageStore,
    load_id: &LoadId,
    destination: &dyn Destination,
    settings: &LoadSettings,
    runtime: &Runtime,
) -> Result<LoadReport, LoadError> {
    let lock = store.lock(Stage::Load, Wait::Fail).unwrap();
    run(LoadRequest { store, lock: &lock, load_id, destination, settings, runtime })
}

fn schema(delivery: Delivery<'_>) -> Schema {
    let mut items = Table::root("items", "items").with_column(Column::typed("id", DataType::Bigint, false));
    items.write_disposition = Some(delivery.disposition);
    if let Some(strategy) = delivery.strategy.filter(|_| delivery.disposition == WriteDisposition::Merge) {
        items.other.insert("x-merge-strategy".to_owned(), strategy.into());
    }
    let tags =
        Table::nested("items__tags", "items").with_column(Column::typed("value", DataType::Text, true));
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
    let state = schema.pipeline_state_table();
    for mut table in [items, tags, state] {
        table.set_seen_data();
        schema.tables.insert(table.name.clone(), table);
    }
    schema.bump();
    schema
}

/// A file system that is dead or dies; see `FaultyDisk`.
pub(crate) fn reopened(shop: &Shop, fs: Arc<dyn FileSystem>) -> PackageStore {
    shop.pipeline.reopen(fs)
}
