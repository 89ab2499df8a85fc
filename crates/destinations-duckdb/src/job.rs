//! Jobs: a file into a table, and the follow-up of a chain.

use std::collections::HashSet;
use std::path::Path;

use cartage_destinations_api::sql::{ChainTable, Dialect, SqlScript, Statement, TableRef, follow_up, ledger};
use cartage_destinations_api::{
    Chain, Error, FileFormat, FollowUp, Job, JobFile, JobOutcome, LoadPlan, MergeStrategy, Result, taken_over,
};
use cartage_schema::{DataType, Table};

use crate::client::{Client, Session, not_in_plan};
use crate::schema_sql::{DuckDbDialect, literal};
use crate::staged::staged;
use crate::variant::Variant;

/// A path names one file and says nothing about its rows. Left alone, DuckDB takes a folder called `id=5` for a
/// column `id`, and replaces the column of that name in the file.
const NOTHING_FROM_THE_PATH: &str = "hive_partitioning = false, filename = false, union_by_name = false";

/// Largest JSON line that DuckDB reads unless told otherwise.
const JSON_LINE: u64 = 16 * 1024 * 1024;

/// Some statements that happen once per load.
pub(crate) struct ScriptJob<'a> {
    client: &'a Client,
    plan: &'a LoadPlan,
    entry: String,
    pub(crate) script: SqlScript,
}

impl<'a> ScriptJob<'a> {
    /// The rows of a file into its table, or into the table's staged twin.
    pub(crate) fn insert(client: &'a Client, plan: &'a LoadPlan, job: &JobFile) -> Result<Self> {
        let planned = plan.table(&job.table).ok_or_else(|| not_in_plan(&job.table, &plan.key))?;
        let table = plan.schema.tables.get(&job.table).ok_or_else(|| not_in_plan(&job.table, &plan.key))?;
        let target =
            if planned.staged { staged(client, plan, &job.table) } else { direct(client, &job.table) };
        let rows = match job.format {
            FileFormat::Parquet => {
                format!("SELECT * FROM read_parquet({}, {NOTHING_FROM_THE_PATH})", file(&job.path)?)
            },
            FileFormat::Jsonl => read_jsonl(table, job)?,
            other => return Err(Error::invalid(format!("duckdb cannot load {other} files"))),
        };
        let sql = format!("INSERT INTO {} BY NAME {rows}", DuckDbDialect.qualified(&target));
        let script = Statement::new(format!("insert {} into table {}", job.id, job.table), sql).into();
        Ok(Self { client, plan, entry: ledger::job_entry(&job.id), script })
    }

    /// What turns the staged rows of a chain into rows of the dataset.
    pub(crate) fn follow_up(client: &'a Client, plan: &'a LoadPlan, chain: &Chain) -> Result<Self> {
        let tables = chained(client, plan, chain)?;
        let by_key = matches!(chain.follow_up, FollowUp::Merge(MergeStrategy::Upsert | MergeStrategy::Cdc));
        let in_place = by_key && has_other_columns(&client.session()?, &tables)?;
        let dialect: &dyn Dialect = if in_place { &Variant::UpdatesInPlace } else { &DuckDbDialect };
        Self::finish(client, plan, chain, dialect, &tables)
    }

    /// The same for tables that have no columns but those of the schema, without a look at the database.
    pub(crate) fn usual_follow_up(client: &'a Client, plan: &'a LoadPlan, chain: &Chain) -> Result<Self> {
        Self::finish(client, plan, chain, &DuckDbDialect, &chained(client, plan, chain)?)
    }

    fn finish(
        client: &'a Client,
        plan: &'a LoadPlan,
        chain: &Chain,
        dialect: &dyn Dialect,
        tables: &[ChainTable<'_>],
    ) -> Result<Self> {
        let script = follow_up(dialect, chain.follow_up, tables, plan.created_micros())?;
        Ok(Self { client, plan, entry: ledger::follow_up_entry(&chain.root), script })
    }

    fn work(&self, session: &Session) -> Result<JobOutcome> {
        let key = &self.plan.key;
        let staging = &self.client.config().staging_dataset;
        let mut rows = 0;
        for statement in &self.script.statements {
            rows = session.execute(statement)?;
        }
        session.execute(&ledger::record(&DuckDbDialect, staging, key, &self.entry, self.plan.now_micros))?;
        Ok(JobOutcome::Done { rows })
    }
}

impl Job for ScriptJob<'_> {
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        let database = self.client.database()?;
        let _ledger = database.ledger.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let session = self.client.session()?;
        // Who takes over holds the ledger for himself, so the answer stays right until the end; nobody else has
        // the file, and this job runs once at a time.
        let staging = &self.client.config().staging_dataset;
        let done = session.entries_among(staging, &self.plan.key, &[ledger::BEGUN, &self.entry])?;
        if !done.iter().any(|entry| entry == ledger::BEGUN) {
            return Err(taken_over(&self.plan.key));
        }
        if done.contains(&self.entry) {
            return Ok(JobOutcome::DoneBefore);
        }
        session.transaction(|| self.work(&session))
    }
}

fn chained<'a>(client: &Client, plan: &'a LoadPlan, chain: &Chain) -> Result<Vec<ChainTable<'a>>> {
    let table = |name: &String| {
        let table = plan.schema.tables.get(name).ok_or_else(|| not_in_plan(name, &plan.key))?;
        Ok(ChainTable { target: direct(client, name), staged: staged(client, plan, name), table })
    };
    chain.tables.iter().map(table).collect()
}

/// Whether a table of a chain has columns that the schema does not know.
fn has_other_columns(session: &Session, tables: &[ChainTable<'_>]) -> Result<bool> {
    for chained in tables {
        let there = session.columns(&chained.target)?;
        let known: HashSet<String> =
            chained.table.complete_columns().map(|column| DuckDbDialect.fold(&column.name)).collect();
        if there.iter().any(|column| !known.contains(&DuckDbDialect.fold(column))) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn direct(client: &Client, table: &str) -> TableRef {
    TableRef::new(&client.config().dataset, table)
}

/// One file as the argument of a reader, which takes patterns: their characters are bracketed.
fn file(path: &Path) -> Result<String> {
    let text = path.to_str().ok_or_else(|| {
        Error::invalid(format!("{} is not UTF-8, and duckdb reads no other paths", path.display()))
            .with_remedy("set CARTAGE_DATA_DIR to a folder with a plain name")
    })?;
    let mut exact = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '*' | '?' | '[' => exact.extend(['[', character, ']']),
            _ => exact.push(character),
        }
    }
    Ok(literal(&exact))
}

fn read_jsonl(table: &Table, job: &JobFile) -> Result<String> {
    let mut types = Vec::new();
    let mut columns = Vec::new();
    for column in table.complete_columns() {
        let name = DuckDbDialect.quote(&column.name);
        if column.data_type == Some(DataType::Binary) {
            // JSON has no bytes; they come as base64.
            types.push(format!("{}: 'VARCHAR'", literal(&column.name)));
            columns.push(format!("from_base64({name}) AS {name}"));
        } else {
            types.push(format!(
                "{}: {}",
                literal(&column.name),
                literal(&DuckDbDialect.column_type(column)?)
            ));
            columns.push(name);
        }
    }
    let compression = match job.codec.as_deref() {
        None => "uncompressed",
        Some("gz") => "gzip",
        Some("zst") => "zstd",
        Some(other) => {
            return Err(Error::invalid(format!("duckdb cannot read jsonl files compressed with {other}")));
        }
    };
    Ok(format!(
        "SELECT {} FROM read_json({}, format = 'newline_delimited', columns = {{{}}}, compression = '{compression}', \
         maximum_object_size = {}, {NOTHING_FROM_THE_PATH})",
        columns.join(", "),
        file(&job.path)?,
        types.join(", "),
        job.bytes.clamp(JSON_LINE, u64::from(u32::MAX)),
    ))
}
