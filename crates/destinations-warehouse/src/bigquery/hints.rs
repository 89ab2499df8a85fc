//! Partitions, clusters and options of tables, from dlt's hints and those of its `bigquery_adapter`.

use cartage_destinations_api::{Error, Result};
use cartage_destinations_sql::statements::Dialect;
use cartage_schema::{Column, DataType, Table};
use serde_json::Value;

use super::literal::text;

const PARTITION: &str = "x-bigquery-partition";
const PARTITION_EXPIRATION: &str = "x-bigquery-partition-expiration-days";
const CLUSTER: &str = "x-bigquery-cluster";
const CLUSTER_COLUMNS: &str = "x-bigquery-cluster-columns";
const DESCRIPTION: &str = "x-bigquery-table-description";
const EXPIRATION: &str = "x-bigquery-table-expiration";
const ROUND_HALF_EVEN: &str = "x-bigquery-round-half-even";
const ROUND_HALF_AWAY: &str = "x-bigquery-round-half-away-from-zero";
const AUTODETECT: &str = "x-bigquery-autodetect-schema";
/// Whole numbers are taken for seconds since 1970, one partition a day, as in dlt.
const DAYS_OF_SECONDS: &str = "GENERATE_ARRAY(-172800000, 691200000, 86400)";
/// Columns that rows are clustered by.
const MOST_CLUSTERS: usize = 4;

/// What follows the columns in the definition of a table.
///
/// # Errors
/// Invalid if hints contradict each other, or cannot be met.
pub(super) fn options_of(dialect: &dyn Dialect, table: &Table) -> Result<String> {
    if is_set(table.other.get(AUTODETECT)) {
        return Err(Error::invalid(format!("table {}: BigQuery is not asked to guess columns", table.name))
            .with_remedy(format!("leave the hint {AUTODETECT} out")));
    }
    let clauses = [partition(dialect, table)?, cluster(dialect, table)?, options(table)?];
    Ok(clauses.into_iter().flatten().fold(String::new(), |text, clause| text + "\n" + &clause))
}

/// What follows the type of a column: how values with more digits are rounded that others write into it.
pub(super) fn options_of_column(column: &Column) -> String {
    let mode = if is_set(column.other.get(ROUND_HALF_EVEN)) {
        "ROUND_HALF_EVEN"
    } else if is_set(column.other.get(ROUND_HALF_AWAY)) {
        "ROUND_HALF_AWAY_FROM_ZERO"
    } else {
        return String::new();
    };
    format!(" OPTIONS (rounding_mode = '{mode}')")
}

fn is_set(hint: Option<&Value>) -> bool {
    !matches!(hint, None | Some(Value::Null | Value::Bool(false)))
}

fn partition(dialect: &dyn Dialect, table: &Table) -> Result<Option<String>> {
    let written = match table.other.get(PARTITION) {
        Some(Value::Object(written)) => {
            written.iter().map(|(column, clause)| (column.as_str(), clause)).collect()
        }
        _ => Vec::new(),
    };
    let marked: Vec<&Column> = table
        .complete_columns()
        .filter(|column| column.partition == Some(true) || is_set(column.other.get(PARTITION)))
        .collect();
    if written.len() + marked.len() > 1 {
        let message = format!("table {} is to be partitioned by more than one column", table.name);
        return Err(Error::invalid(message).with_remedy("leave the hint partition on one column"));
    }
    if let [(column, clause)] = written[..] {
        let clause = clause.as_str().unwrap_or_default().replace("{column_name}", &dialect.quote(column));
        return Ok(Some(format!("PARTITION BY {clause}")));
    }
    let Some(column) = marked.first() else { return Ok(None) };
    let name = dialect.quote(&column.name);
    let clause = match column.data_type {
        Some(DataType::Date) => name,
        Some(DataType::Timestamp) => format!("DATE({name})"),
        Some(DataType::Bigint) => format!("RANGE_BUCKET({name}, {DAYS_OF_SECONDS})"),
        _ => {
            let message = format!("table {} cannot be partitioned by {}", table.name, column.name);
            return Err(Error::invalid(message).with_remedy(
                "take a date, a timestamp or a bigint, or write the clause in the hint x-bigquery-partition of the table",
            ));
        }
    };
    Ok(Some(format!("PARTITION BY {clause}")))
}

fn cluster(dialect: &dyn Dialect, table: &Table) -> Result<Option<String>> {
    let listed = table.other.get(CLUSTER_COLUMNS).and_then(Value::as_array);
    let columns: Vec<&str> = match listed.filter(|columns| !columns.is_empty()) {
        Some(columns) => columns.iter().filter_map(Value::as_str).collect(),
        None => table
            .complete_columns()
            .filter(|column| column.cluster == Some(true) || is_set(column.other.get(CLUSTER)))
            .map(|column| column.name.as_str())
            .collect(),
    };
    if columns.len() > MOST_CLUSTERS {
        let message = format!("table {} is to be clustered by {} columns", table.name, columns.len());
        return Err(Error::invalid(message).with_remedy("BigQuery takes four at most"));
    }
    Ok((!columns.is_empty()).then(|| format!("CLUSTER BY {}", dialect.column_list(&columns))))
}

fn options(table: &Table) -> Result<Option<String>> {
    let mut options = Vec::new();
    if let Some(description) = table.other.get(DESCRIPTION).and_then(Value::as_str) {
        options.push(format!("description = {}", text(description)));
    }
    if let Some(moment) = table.other.get(EXPIRATION).and_then(Value::as_str) {
        options.push(format!("expiration_timestamp = TIMESTAMP {}", text(moment)));
    }
    if let Some(days) = table.other.get(PARTITION_EXPIRATION).filter(|days| is_set(Some(days))) {
        let days = days.as_f64().ok_or_else(|| {
            Error::invalid(format!("table {}: {PARTITION_EXPIRATION} is {days}, not a number", table.name))
        })?;
        options.push(format!("partition_expiration_days = {days}"));
    }
    Ok((!options.is_empty()).then(|| format!("OPTIONS ({})", options.join(", "))))
}
