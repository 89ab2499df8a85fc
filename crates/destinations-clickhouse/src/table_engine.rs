//! What follows the columns of a table: engine, keys, partitions and settings, from dlt's hints.

use cartage_destinations_api::{Error, Result};
use cartage_destinations_sql::statements::Dialect;
use cartage_schema::{Column, Table, WriteDisposition};
use serde::Deserialize;
use serde_json::Value;

use crate::config::TableEngineType;
use crate::statement::literal;

const ENGINE: &str = "x-table-engine-type";
const SORT: &str = "x-clickhouse-sort";
const PARTITION: &str = "x-clickhouse-partition";
const SETTINGS: &str = "x-clickhouse-settings";

/// What is said of tables without hints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableDefaults {
    pub(crate) engine: TableEngineType,
}

impl TableDefaults {
    /// The clauses of tables that hold rows as they are.
    pub(crate) fn plain_options(self) -> &'static str {
        match self.engine {
            TableEngineType::MergeTree | TableEngineType::ReplacingMergeTree => {
                " ENGINE = MergeTree ORDER BY tuple()"
            }
            TableEngineType::SharedMergeTree => " ENGINE = SharedMergeTree ORDER BY tuple()",
            TableEngineType::ReplicatedMergeTree => " ENGINE = ReplicatedMergeTree ORDER BY tuple()",
        }
    }
}

fn name(engine: TableEngineType) -> &'static str {
    match engine {
        TableEngineType::MergeTree => "MergeTree",
        TableEngineType::ReplacingMergeTree => "ReplacingMergeTree",
        TableEngineType::SharedMergeTree => "SharedMergeTree",
        TableEngineType::ReplicatedMergeTree => "ReplicatedMergeTree",
    }
}

/// All clauses; `table` is one of the schema.
///
/// # Errors
/// Invalid if a hint is none that dlt knows.
pub(crate) fn clauses(dialect: &dyn Dialect, defaults: TableDefaults, table: &Table) -> Result<String> {
    let mut text = format!("\nENGINE = {}", engine(dialect, defaults, table)?);
    let partition = key(dialect, table, PARTITION, |column| column.partition == Some(true))?;
    if let Some(Key { text: partition, .. }) = &partition {
        text.push_str(&format!("\nPARTITION BY {partition}"));
    }
    let primary =
        Key::of(dialect, table.complete_columns().filter(|column| column.primary_key == Some(true)));
    let sort = key(dialect, table, SORT, |column| column.sort == Some(true))?;
    match (&sort, &primary) {
        (Some(sort), Some(primary)) if sort.text.starts_with(primary.text.trim_end_matches(')')) => {
            text.push_str(&format!("\nPRIMARY KEY {}\nORDER BY {}", primary.text, sort.text));
        }
        (Some(Key { text: key, .. }), _) | (None, Some(Key { text: key, .. })) => {
            text.push_str(&format!("\nORDER BY {key}"));
        }
        (None, None) => text.push_str("\nORDER BY tuple()"),
    }
    let mut settings = settings(table)?;
    let may_be_null = [&sort, &primary, &partition].into_iter().flatten().any(|key| key.may_be_null);
    if may_be_null && !settings.iter().any(|setting| setting.starts_with("allow_nullable_key ")) {
        settings.push("allow_nullable_key = 1".to_owned());
    }
    if !settings.is_empty() {
        text.push_str(&format!("\nSETTINGS {}", settings.join(", ")));
    }
    Ok(text)
}

fn engine(dialect: &dyn Dialect, defaults: TableDefaults, table: &Table) -> Result<String> {
    let asked = match table.other.get(ENGINE) {
        None | Some(Value::Null) => defaults.engine,
        Some(value) => TableEngineType::deserialize(value).map_err(|_| {
            wrong(table, ENGINE, value).with_remedy(
                "use merge_tree, replacing_merge_tree, shared_merge_tree or replicated_merge_tree",
            )
        })?,
    };
    if asked != TableEngineType::ReplacingMergeTree {
        return Ok(name(asked).to_owned());
    }
    if table.write_disposition != Some(WriteDisposition::Append) {
        // Its rows are replaced or merged by us.
        return Ok(name(TableEngineType::MergeTree).to_owned());
    }
    let version = table.dedup_sort().map(|(column, _)| dialect.quote(column));
    let mark = table.complete_columns().find(|column| column.hard_delete == Some(true));
    let params: Vec<String> = match (version, mark) {
        (Some(version), Some(mark)) => vec![version, dialect.quote(&mark.name)],
        (version, _) => version.into_iter().collect(),
    };
    let engine = name(asked);
    Ok(if params.is_empty() { engine.to_owned() } else { format!("{engine}({})", params.join(", ")) })
}

/// What tables are sorted or divided by.
struct Key {
    text: String,
    /// Whether a column of it may be null; of an expression that is not known.
    may_be_null: bool,
}

impl Key {
    fn of<'c>(dialect: &dyn Dialect, columns: impl Iterator<Item = &'c Column>) -> Option<Self> {
        let columns: Vec<&Column> = columns.collect();
        let names: Vec<String> = columns.iter().map(|column| dialect.quote(&column.name)).collect();
        let may_be_null = columns.iter().any(|column| column.is_nullable());
        (!names.is_empty()).then(|| Self { text: format!("({})", names.join(", ")), may_be_null })
    }
}

/// The key that a hint of the table asks for, an expression or names of columns, or else hints of columns.
fn key(
    dialect: &dyn Dialect,
    table: &Table,
    hint: &str,
    of_column: impl Fn(&Column) -> bool,
) -> Result<Option<Key>> {
    match table.other.get(hint) {
        None | Some(Value::Null) => {
            Ok(Key::of(dialect, table.complete_columns().filter(|column| of_column(column))))
        }
        Some(Value::String(expression)) => Ok(Some(Key { text: expression.clone(), may_be_null: true })),
        Some(value @ Value::Array(names)) => {
            let column = |name: &Value| {
                let found =
                    table.complete_columns().find(|column| Some(column.name.as_str()) == name.as_str());
                found.ok_or_else(|| {
                    wrong(table, hint, value)
                        .with_remedy("name columns of the table as they are in the schema")
                })
            };
            let columns = names.iter().map(column).collect::<Result<Vec<_>>>()?;
            Ok(Key::of(dialect, columns.into_iter()))
        }
        Some(value) => {
            Err(wrong(table, hint, value).with_remedy("give an SQL expression, or a list of columns"))
        }
    }
}

fn settings(table: &Table) -> Result<Vec<String>> {
    let found = match table.other.get(SETTINGS) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(found)) => found,
        Some(value) => return Err(wrong(table, SETTINGS, value).with_remedy("give a table of settings")),
    };
    let setting =
        |(name, value): (&String, &Value)| {
            let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            match value {
                Value::String(text) if is_name => Ok(format!("{name} = {}", literal(text))),
                Value::Bool(_) | Value::Number(_) if is_name => Ok(format!("{name} = {value}")),
                _ => Err(wrong(table, SETTINGS, value)
                    .with_remedy("give numbers, texts or booleans by their names")),
            }
        };
    found.iter().map(setting).collect()
}

fn wrong(table: &Table, hint: &str, value: &Value) -> Error {
    Error::invalid(format!("table {}: {hint} cannot be {value}", table.name))
}
