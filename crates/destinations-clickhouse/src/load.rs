//! Brings a file into a table: the whole file is the body of one statement.
//!
//! ClickHouse cuts off what a column cannot hold, most often without a word. So a column is inserted as it is only where
//! its type is that of the file; else the statement compares each value with what became of it and fails where they
//! differ. Timestamps are compared with the years that ClickHouse has.

use arrow::datatypes::{DataType as Arrow, Field};
use cartage_destinations_api::{Error, JobFile, Result};
use cartage_destinations_sql::SqlSession as _;
use cartage_destinations_sql::columnar::{FileRows, no_column};
use cartage_destinations_sql::statements::{Dialect as _, TableRef};
use cartage_schema::{Column, Table};

use crate::dialect::ClickHouseDialect;
use crate::session::Session;
use crate::statement::literal;

/// The first and the last moment that ClickHouse has.
const FIRST: &str = "toDateTime64('1900-01-01 00:00:00', 6, 'UTC')";
const LAST: &str = "toDateTime64('2299-12-31 23:59:59.999999', 6, 'UTC')";
const DATE: &str = "Date32";
/// The same in days since 1970.
const FIRST_DAY: i32 = -25_567;
const LAST_DAY: i32 = 120_529;
const TIMESTAMP: &str = "DateTime64(6, 'UTC')";

/// Loads a file of Parquet; returns the number of its rows.
pub(crate) fn load(session: &Session, target: &TableRef, table: &Table, job: &JobFile) -> Result<u64> {
    let path = job.local()?;
    let doing = format!("load rows into {}", table.name);
    let Some((file, _)) = FileRows::open(path, doing.clone())? else { return Ok(0) };
    let columns = session.columns(target)?;
    check_missing(table, &file, &columns)?;
    let fields = file.schema.fields().iter().map(|field| {
        let of_table = columns.iter().find(|(name, _)| name == field.name());
        let (_, kind) = of_table.ok_or_else(|| no_column(&table.name, field.name()))?;
        incoming(session.dialect(), field, kind, table.columns.get(field.name().as_str()))
    });
    let fields = fields.collect::<Result<Vec<_>>>()?;
    session.client().upload(&doing, &insert(session.dialect(), target, &fields), path)?;
    Ok(job.rows)
}

/// The statement that stands for the load of a file where statements are shown.
pub(crate) fn statement(dialect: &ClickHouseDialect, target: &TableRef, table: &Table) -> String {
    let columns: Vec<&str> = table.complete_columns().map(|column| column.name.as_str()).collect();
    format!("INSERT INTO {} ({}) FORMAT Parquet", dialect.qualified(target), dialect.column_list(&columns))
}

/// A column of a file on its way.
struct Incoming {
    /// Its name, quoted.
    name: String,
    /// The type in which it is read.
    read_as: String,
    /// The value that goes into the table.
    value: String,
    /// What makes the statement fail: a condition, and the message for it.
    fails: Option<(String, String)>,
}

fn insert(dialect: &ClickHouseDialect, target: &TableRef, fields: &[Incoming]) -> String {
    let join = |part: &dyn Fn(&Incoming) -> String, between: &str| {
        fields.iter().map(part).collect::<Vec<_>>().join(between)
    };
    let names = join(&|field| field.name.clone(), ", ");
    let target = dialect.qualified(target);
    if fields.iter().all(|field| field.fails.is_none() && field.value == field.name) {
        return format!("INSERT INTO {target} ({names}) FORMAT Parquet");
    }
    let structure = join(&|field| format!("{} Nullable({})", field.name, field.read_as), ", ");
    let checks = fields.iter().filter_map(|field| field.fails.as_ref());
    let checks: Vec<String> = checks
        .map(|(condition, message)| format!("NOT throwIf({condition}, {})", literal(message)))
        .collect();
    let checks = if checks.is_empty() { String::new() } else { format!(" WHERE {}", checks.join(" AND ")) };
    format!(
        "INSERT INTO {target} ({names}) SELECT {} FROM input({}){checks} FORMAT Parquet",
        join(&|field| field.value.clone(), ", "),
        literal(&structure)
    )
}

/// How a column of the file comes into a column of the type `kind`.
fn incoming(
    dialect: &ClickHouseDialect,
    field: &Field,
    kind: &str,
    column: Option<&Column>,
) -> Result<Incoming> {
    let name = dialect.quote(field.name());
    let target = plain_type(kind);
    let read_as = read_as(field)?;
    let is_time = matches!(field.data_type(), Arrow::Time32(_) | Arrow::Time64(_));
    let of_file = if is_time {
        format!("replaceOne(substring(toString({name}), 12), '.000000', '')")
    } else {
        name.clone()
    };
    let is_text = is_time || read_as == "String";
    let is_same =
        target == read_as || (is_time && target == "String") || (is_bool(target) && read_as == "Bool");
    let value = if is_same {
        of_file.clone()
    } else if is_text && !target.starts_with("Decimal") {
        // What a text says that does not fit becomes null, not another value.
        format!("accurateCastOrNull({of_file}, '{}')", escaped(target))
    } else {
        format!("CAST({of_file}, 'Nullable({})')", escaped(target))
    };
    let message = |reason: &str| format!("column {}: {reason}", field.name());
    let is_kept = is_same || loses_digits_as_asked(&read_as, target, column);
    let fails = match beyond_the_years(&name, &read_as).filter(|_| is_kept && !is_time) {
        Some(condition) => {
            Some((condition, message("a value is not in the years 1900 to 2299, which ClickHouse has")))
        }
        None if is_kept => None,
        None => {
            let condition = if is_text {
                format!("isNull({value}) != isNull({of_file})")
            } else {
                let back = format!("CAST({value}, 'Nullable({})')", escaped(&read_as));
                // A negative number comes back from what it became in such a column.
                let negative = if target.starts_with("UInt") {
                    format!(" OR ifNull({name} < 0, 0)")
                } else {
                    String::new()
                };
                format!("NOT ifNull({back} = {name}, isNull({name})){negative}")
            };
            Some((condition, message(&format!("a value does not fit into {target}"))))
        }
    };
    Ok(Incoming { name, read_as, value, fails })
}

/// Whether a day or a moment is none that all versions of ClickHouse have.
fn beyond_the_years(name: &str, read_as: &str) -> Option<String> {
    match read_as {
        TIMESTAMP => Some(format!("ifNull({name} < {FIRST} OR {name} > {LAST}, 0)")),
        DATE => Some(format!("ifNull(toInt32({name}) NOT BETWEEN {FIRST_DAY} AND {LAST_DAY}, 0)")),
        _ => None,
    }
}

/// Whether a timestamp keeps as many digits as the hints ask for, though not all that it has.
fn loses_digits_as_asked(read_as: &str, target: &str, column: Option<&Column>) -> bool {
    let digits = target.strip_prefix("DateTime64(").and_then(|rest| rest.get(..1)?.parse::<u32>().ok());
    let asked = column.and_then(|column| column.precision);
    read_as == TIMESTAMP && digits.zip(asked).is_some_and(|(digits, asked)| asked <= digits)
}

/// Refuses a file that lacks a column which must not be null: ClickHouse would make something up.
fn check_missing(table: &Table, file: &FileRows, columns: &[(String, String)]) -> Result<()> {
    let names = file.names();
    let missing = columns.iter().find(|(name, kind)| {
        !names.contains(&name.as_str()) && !may_be_null(kind) && table.columns.contains_key(name.as_str())
    });
    match missing {
        None => Ok(()),
        Some((name, _)) => Err(Error::terminal(format!(
            "column {name} of table {} must not be null, and the rows have no value for it",
            table.name
        ))
        .with_remedy(format!("set nullable = true for {name}, or clean the data"))),
    }
}

fn may_be_null(kind: &str) -> bool {
    kind.starts_with("Nullable(") || kind.starts_with("LowCardinality(Nullable(")
}

/// The type inside of what says that it may be null, or is stored in another way.
fn plain_type(kind: &str) -> &str {
    let mut kind = kind;
    for wrapper in ["LowCardinality(", "Nullable("] {
        if let Some(inner) = kind.strip_prefix(wrapper).and_then(|rest| rest.strip_suffix(')')) {
            kind = inner;
        }
    }
    kind
}

fn is_bool(target: &str) -> bool {
    matches!(target, "Bool" | "Boolean")
}

fn escaped(kind: &str) -> String {
    kind.replace('\\', "\\\\").replace('\'', "\\'")
}

/// The type in which ClickHouse reads a column of the file.
fn read_as(field: &Field) -> Result<String> {
    Ok(match field.data_type() {
        Arrow::Utf8
        | Arrow::LargeUtf8
        | Arrow::Utf8View
        | Arrow::Binary
        | Arrow::LargeBinary
        | Arrow::BinaryView => "String".to_owned(),
        Arrow::Boolean => "Bool".to_owned(),
        Arrow::Int8 | Arrow::Int16 | Arrow::Int32 | Arrow::Int64 => "Int64".to_owned(),
        Arrow::UInt8 | Arrow::UInt16 | Arrow::UInt32 | Arrow::UInt64 => "UInt64".to_owned(),
        Arrow::Float16 | Arrow::Float32 | Arrow::Float64 => "Float64".to_owned(),
        Arrow::Date32 | Arrow::Date64 => DATE.to_owned(),
        Arrow::Timestamp(..) | Arrow::Time32(_) | Arrow::Time64(_) => TIMESTAMP.to_owned(),
        Arrow::Decimal32(precision, scale)
        | Arrow::Decimal64(precision, scale)
        | Arrow::Decimal128(precision, scale)
        | Arrow::Decimal256(precision, scale) => format!("Decimal({precision}, {scale})"),
        other => {
            return Err(Error::terminal(format!("column {} of the file has the type {other}", field.name()))
                .with_remedy("write it as text, or leave it out"));
        }
    })
}
