//! Schemas, plans, files and what is read back.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use cartage_runtime::{RetryPolicy, Runtime};
use cartage_schema::{Column, DataType, MergeStrategy, NamingKind, ReplaceStrategy, Schema, Table};
use serde_json::{Map, Value};
use tempfile::TempDir;

use super::{Make, parquet};
use crate::destination::{DatasetReader, Destination, Job, JobOutcome, LoadCommit};
use crate::error::Result;
use crate::files::{FileFormat, JobFile};
use crate::load_key::LoadKey;
use crate::plan::{Chain, FollowUp, LoadPlan, TablePlan};
use crate::system::{LOADS_TABLE, STATE_TABLE, VERSION_TABLE};

/// Microseconds that loads of the suite begin at; each load id is one second later.
const BEGIN: i64 = 1_700_000_000_000_000;

/// An empty dataset and a folder for job files.
pub(super) struct Place {
    pub(super) destination: Box<dyn Destination>,
    folder: TempDir,
}

impl Place {
    pub(super) fn new(make: Make<'_>) -> Self {
        Self { destination: make(), folder: TempDir::new().expect("a temporary folder can be made") }
    }

    /// Whether repeating a step must have no effect, and whether that can be seen.
    pub(super) fn remembers(&self) -> bool {
        self.destination.capabilities().guarantees.exactly_once && self.destination.reader().is_some()
    }

    pub(super) fn offers(&self, strategy: ReplaceStrategy) -> bool {
        self.destination.capabilities().strategies.replace.contains(&strategy)
            && self.destination.staging().is_some()
    }

    pub(super) fn merges(&self, strategy: MergeStrategy) -> bool {
        self.destination.capabilities().strategies.merge.contains(&strategy)
            && self.destination.staging().is_some()
    }

    fn reader(&self) -> Option<&dyn DatasetReader> {
        self.destination.reader()
    }

    /// Writes `rows` as a job file in the destination's format.
    pub(super) fn file(&self, schema: &Schema, table: &str, id: &str, rows: &[Value]) -> JobFile {
        let format = self.destination.capabilities().files.preferred_format;
        let path = self.folder.path().join(format!("{table}.{id}.{format}"));
        if format == FileFormat::Parquet {
            parquet::write(&path, &schema.tables[table], rows);
        } else {
            let mut file = File::create(&path).expect("a job file can be made");
            for row in rows {
                writeln!(file, "{row}").expect("a job file can be written");
            }
        }
        let job_id = format!("{table}.{id}.{format}");
        JobFile::new(job_id, table, path, format).with_size(rows.len() as u64, 1)
    }

    /// Runs one job, to its end where it runs at the destination.
    pub(super) fn run(&self, plan: &LoadPlan, job: &JobFile) -> Result<JobOutcome> {
        run_to_its_end(|| self.destination.open_job(plan, job))
    }

    /// Runs one job, or asks about it.
    pub(super) fn run_once(&self, plan: &LoadPlan, job: &JobFile) -> Result<JobOutcome> {
        self.destination.open_job(plan, job)?.run()
    }

    /// A whole load: `rows` of each table as one job, then the follow-ups and the commit.
    pub(super) fn load(&self, plan: &LoadPlan, rows: &[(&str, Vec<Value>)]) {
        self.destination.prepare_load(plan).expect("the load can be prepared");
        for (table, rows) in rows {
            let job = self.file(&plan.schema, table, &plan.key.load_id.replace('.', ""), rows);
            self.run(plan, &job).expect("the job runs");
        }
        self.follow_up(plan);
        self.commit(plan);
    }

    /// Runs the follow-ups of all chains.
    pub(super) fn follow_up(&self, plan: &LoadPlan) -> Vec<JobOutcome> {
        let staging = self.destination.staging();
        plan.chains
            .iter()
            .map(|chain| {
                let staging = staging.expect("a destination with chains has staging");
                run_to_its_end(|| staging.open_follow_up(plan, chain)).expect("the follow-up runs")
            })
            .collect()
    }

    pub(super) fn commit(&self, plan: &LoadPlan) {
        self.destination
            .complete_load(&LoadCommit::of(plan, plan.now_micros + 1))
            .expect("the load can be completed");
    }

    /// Rows of `table` as maps without nulls, sorted; `None` where rows cannot be read back.
    pub(super) fn rows(&self, table: &str) -> Option<Vec<Vec<(String, String)>>> {
        let reader = self.reader()?;
        let columns = reader.columns(table).expect("the table is there");
        let rows = reader.rows(table).expect("rows can be read");
        let mut named: Vec<Vec<(String, String)>> = rows
            .into_iter()
            .map(|row| {
                let cells = columns.iter().zip(row);
                cells.filter_map(|((name, _), value)| Some((name.clone(), value?))).collect()
            })
            .collect();
        named.sort();
        Some(named)
    }

    /// Fails unless `table` holds exactly these values of `column`, in any order.
    pub(super) fn expect_values(&self, table: &str, column: &str, expected: &[&str], case: &str) {
        let Some(rows) = self.rows(table) else { return };
        let mut found: Vec<&str> = rows
            .iter()
            .map(|row| {
                row.iter().find(|(name, _)| name == column).map_or("null", |(_, value)| value.as_str())
            })
            .collect();
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{case}: {table}.{column}");
    }

    pub(super) fn columns(&self, table: &str) -> Option<Vec<String>> {
        let columns = self.reader()?.columns(table).expect("the table is there");
        Some(columns.into_iter().map(|(name, _)| name).collect())
    }

    pub(super) fn tables(&self) -> Option<Vec<String>> {
        let mut tables = self.reader()?.tables().expect("tables can be listed");
        tables.sort();
        Some(tables)
    }
}

/// Runs what `open` gives and asks about it until it does not run at the destination any more.
pub(super) fn run_to_its_end<'a>(open: impl Fn() -> Result<Box<dyn Job + 'a>>) -> Result<JobOutcome> {
    let pauses = RetryPolicy::new(Duration::from_millis(1), Duration::from_secs(10));
    let runtime = Runtime::system();
    for asked in 1..1000 {
        match open()?.run()? {
            JobOutcome::Running(_) => pauses.wait(asked, &runtime),
            outcome => return Ok(outcome),
        }
    }
    panic!("the job is still running");
}

/// A schema called `shop` with `items` (id, name, load id, row id) and its child `items__tags`.
pub(super) fn schema() -> Schema {
    let items = Table::root("items", "items")
        .with_column(Column::typed("id", DataType::Bigint, true))
        .with_column(Column::typed("name", DataType::Text, true))
        .with_column(Column::typed("_dlt_load_id", DataType::Text, false))
        .with_column(Column::typed("_dlt_id", DataType::Text, false));
    let tags = Table::nested("items__tags", "items")
        .with_column(Column::typed("value", DataType::Text, true))
        .with_column(Column::typed("_dlt_parent_id", DataType::Text, false))
        .with_column(Column::typed("_dlt_id", DataType::Text, false));
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).expect("a valid name");
    let state = schema.pipeline_state_table().with_column(Column::typed("_dlt_id", DataType::Text, false));
    for table in [items, tags, state] {
        schema.tables.insert(table.name.clone(), table);
    }
    bumped(schema)
}

/// The schema with its version and hash brought up to date.
pub(super) fn bumped(mut schema: Schema) -> Schema {
    schema.bump();
    schema
}

/// The `number`-th load of `pipeline` with all tables of `schema`, written directly.
pub(super) fn plan_of(pipeline: &str, number: u32, schema: &Schema) -> LoadPlan {
    let now = BEGIN + i64::from(number) * 1_000_000;
    let key = LoadKey {
        pipeline: pipeline.to_owned(),
        schema: schema.name.clone(),
        load_id: format!("{}.5", now / 1_000_000),
    };
    let document = Arc::from(schema.to_json());
    let mut plan = LoadPlan::new(key, Arc::new(schema.clone()), document, now);
    plan.tables =
        [VERSION_TABLE, LOADS_TABLE, STATE_TABLE, "items", "items__tags"].map(TablePlan::direct).to_vec();
    plan.jobs = all_jobs(&plan.key.load_id);
    plan
}

/// The ids of all jobs that cases of the suite have: see [`Place::file`].
fn all_jobs(load_id: &str) -> Vec<String> {
    let own = load_id.replace('.', "");
    let parts = (0..8).map(|part| format!("part{part}"));
    let ids =
        ["one", "bad", "late", "orphan", "ours", "new", "unfinished", "second", "state"].map(str::to_owned);
    let ids: Vec<String> = ids.into_iter().chain(parts).chain([own]).collect();
    let mut jobs = Vec::new();
    for table in ["items", "items__tags", STATE_TABLE] {
        for format in [FileFormat::Parquet, FileFormat::Jsonl] {
            jobs.extend(ids.iter().map(|id| format!("{table}.{id}.{format}")));
        }
    }
    jobs
}

/// The same load as a replace of `items` and its child.
pub(super) fn replacing(mut plan: LoadPlan, strategy: ReplaceStrategy) -> LoadPlan {
    let tables = vec!["items".to_owned(), "items__tags".to_owned()];
    if strategy == ReplaceStrategy::TruncateAndInsert {
        plan.truncate = tables;
    } else {
        for table in &mut plan.tables {
            table.staged = tables.contains(&table.name);
        }
        plan.chains = vec![Chain::new("items", tables, FollowUp::Replace(strategy))];
    }
    plan
}

/// The same load as a merge of `items` and its child.
pub(super) fn merging(mut plan: LoadPlan, strategy: MergeStrategy) -> LoadPlan {
    let tables = vec!["items".to_owned(), "items__tags".to_owned()];
    for table in &mut plan.tables {
        table.staged = tables.contains(&table.name);
    }
    plan.chains = vec![Chain::new("items", tables, FollowUp::Merge(strategy))];
    plan
}

/// A row of `items`.
pub(super) fn item(id: i64, plan: &LoadPlan) -> Value {
    object([
        ("id", id.into()),
        ("_dlt_load_id", plan.key.load_id.as_str().into()),
        ("_dlt_id", format!("{}-{id}", plan.key.load_id).into()),
    ])
}

/// A row of `items__tags`.
pub(super) fn tag(value: &str, parent: i64, plan: &LoadPlan) -> Value {
    object([
        ("value", value.into()),
        ("_dlt_parent_id", format!("{}-{parent}", plan.key.load_id).into()),
        ("_dlt_id", format!("{}-{parent}-{value}", plan.key.load_id).into()),
    ])
}

/// A row of the state table.
pub(super) fn state_row(plan: &LoadPlan, pipeline: &str, version: i64) -> Value {
    object([
        ("version", version.into()),
        ("engine_version", 4.into()),
        ("pipeline_name", pipeline.into()),
        ("state", format!("state {version}").into()),
        ("created_at", "2023-11-14T22:13:20Z".into()),
        ("version_hash", format!("hash {version}").into()),
        ("_dlt_load_id", plan.key.load_id.as_str().into()),
        ("_dlt_id", format!("{pipeline}-{version}").into()),
    ])
}

/// A JSON object of these fields.
pub(super) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}
