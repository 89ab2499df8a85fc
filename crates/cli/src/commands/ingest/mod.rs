//! `ingest`: a pipeline made of two arguments.

mod database;

use std::path::{Path, PathBuf};

use cartage_destinations_api::{Connector, kinds};
use cartage_pipeline::{ExtractOptions, PipelineError, RunOptions};
use cartage_schema::MergeStrategy;
use toml::{Table, Value};

use super::pending::Again;
use super::work::tell;
use crate::args::IngestArgs;
use crate::config::Start;
use crate::failure::Failure;
use crate::output;
use database::{DatabaseAddress, RowsOf};

pub(super) fn ingest(start: &Start<'_>, args: &IngestArgs, connector: Connector<'_>) -> Result<(), Failure> {
    let project = start.open(start.config_of_text(pipeline_text(args)?)?)?;
    if args.abort {
        for load_id in project.abort()?.aborted {
            output::tell(&format!("package {load_id} is aborted"));
        }
    }
    let options = RunOptions {
        extract: ExtractOptions { limit: args.limit, ..ExtractOptions::default() },
        extract_again: false,
    };
    let report = project.run(&options, connector).map_err(|error| Again::Ingest.after(&project, error))?;
    tell(start, &report)
}

/// The pipeline file that the arguments stand for.
pub(crate) fn pipeline_text(args: &IngestArgs) -> Result<String, PipelineError> {
    let (kind, place) = kind_and_place(&args.destination)?;
    let database = DatabaseAddress::find(&args.source)?;
    match &database {
        Some(_) => check_options_of_files(args)?,
        None => check_merge(args)?,
    }
    let table = table_name(args, database.as_ref())?;
    let mut destination = Table::new();
    if !place.is_empty() {
        destination.insert(key_of_place(kind)?.to_owned(), text(place));
    }
    let document = Table::from_iter([
        ("pipeline".to_owned(), pipeline(args, kind, place, database.as_ref(), &table)),
        ("destination".to_owned(), toml_table([(kind, Value::Table(destination))])),
        ("sources".to_owned(), toml_table([("ingest", source(args, database.as_ref(), &table))])),
    ]);
    Ok(document.to_string())
}

/// The type of a destination and its place: `duckdb:events.duckdb`, or an address such as `postgresql://..` or `s3://..`.
fn kind_and_place(destination: &str) -> Result<(&str, &str), PipelineError> {
    let (kind, place) = destination.split_once(':').unwrap_or((destination, ""));
    if kind.is_empty() {
        return Err(PipelineError::Usage {
            message: format!("\"{destination}\" names no destination"),
            remedy: "write it as TYPE:PLACE, such as duckdb:events.duckdb, or as an address".to_owned(),
        });
    }
    Ok(match kinds::find_by_scheme(kind) {
        Some(known) if place.starts_with("//") => (known.name, destination),
        _ => (kind, place),
    })
}

/// The setting that takes the place of a destination of this type.
fn key_of_place(kind: &str) -> Result<&'static str, PipelineError> {
    let Some(known) = kinds::find(kind) else {
        return Err(PipelineError::Usage {
            message: format!("type '{kind}' is not known"),
            remedy: format!(
                "{}, or an address such as s3://bucket/raw",
                kinds::remedy_of_unknown(kind, kinds::names())
            ),
        });
    };
    known.place.as_ref().map(|place| place.key).ok_or_else(|| PipelineError::Usage {
        message: format!("a destination of type {kind} does not take a place"),
        remedy: format!("write {kind} alone, or name another type"),
    })
}

fn pipeline(
    args: &IngestArgs,
    kind: &str,
    place: &str,
    database: Option<&DatabaseAddress>,
    table: &str,
) -> Value {
    // One pipeline for each table, place and database that is read, so that state and schema of one do not meet those of
    // another.
    let place = if place.contains("://") { Path::new(place).to_path_buf() } else { absolute(place) };
    let place = place.display();
    let origin = database.map(|database| format!("<{}", database.identity())).unwrap_or_default();
    let all = format!("{kind}:{place}/{}/{table}{origin}", args.dataset);
    let mark = cartage_package_store::Checksum::of(all.as_bytes());
    let mark: String = mark.to_string().chars().rev().take(8).collect();
    toml_table([
        ("name", text(&format!("ingest_{table}_{mark}"))),
        ("dataset_name", text(&args.dataset)),
        ("destination", text(kind)),
    ])
}

fn absolute(place: &str) -> PathBuf {
    std::path::absolute(place).unwrap_or_else(|_| PathBuf::from(place))
}

/// The table of the source: that of the files, or that of the database.
fn source(args: &IngestArgs, database: Option<&DatabaseAddress>, table: &str) -> Value {
    let mut resource = Table::from_iter([("name".to_owned(), text(table))]);
    let mut source = Table::new();
    match database {
        None => {
            source.insert("type".to_owned(), text("files"));
            resource.insert("path".to_owned(), text(&args.source));
        }
        Some(database) => {
            source.insert("type".to_owned(), text("sql_database"));
            source.insert("credentials".to_owned(), text(&database.credentials));
            if let Some(schema) = &database.schema {
                source.insert("schema".to_owned(), text(schema));
            }
            let (key, rows) = match &database.rows {
                RowsOf::Table(name) => ("table", name),
                RowsOf::Query(query) => ("query", query),
            };
            resource.insert(key.to_owned(), text(rows));
        }
    }
    add_options(args, &mut resource);
    source.insert("resources".to_owned(), Value::Array(vec![Value::Table(resource)]));
    Value::Table(source)
}

/// What the other arguments are in the table of the resource.
fn add_options(args: &IngestArgs, resource: &mut Table) {
    let disposition = match &args.merge_strategy {
        Some(strategy) => toml_table([("disposition", text("merge")), ("strategy", text(strategy.as_str()))]),
        None => text(&args.write_disposition),
    };
    resource.insert("write_disposition".to_owned(), disposition);
    if let Some(format) = &args.file_format {
        resource.insert("format".to_owned(), text(format));
    }
    for (name, columns) in [("primary_key", &args.primary_key), ("merge_key", &args.merge_key)] {
        if !columns.is_empty() {
            let columns = columns.iter().map(|column| text(column)).collect();
            resource.insert(name.to_owned(), Value::Array(columns));
        }
    }
    if let Some(cursor) = &args.incremental_key {
        let mut incremental = Table::from_iter([("cursor_path".to_owned(), text(cursor))]);
        if let Some(start) = &args.incremental_start {
            incremental.insert("initial_value".to_owned(), number_or_text(start));
        }
        resource.insert("incremental".to_owned(), Value::Table(incremental));
    }
    if let Some(levels) = args.max_table_nesting {
        resource.insert("max_table_nesting".to_owned(), Value::Integer(levels.into()));
    }
    if args.allow_empty {
        resource.insert("allow_empty".to_owned(), Value::Boolean(true));
    }
    let csv = args.csv.settings();
    if !csv.is_empty() {
        resource.insert("csv".to_owned(), Value::Table(csv));
    }
}

/// A database has no formats, and an empty table is not a mistake.
fn check_options_of_files(args: &IngestArgs) -> Result<(), PipelineError> {
    let given = [
        ("--file-format", args.file_format.is_some()),
        ("--allow-empty", args.allow_empty),
        ("the options for CSV", !args.csv.settings().is_empty()),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((name, _)) => Err(PipelineError::Usage {
            message: format!("{name}: this option applies to files only, and the source is a database"),
            remedy: "leave it out".to_owned(),
        }),
    }
}

/// A merge of files needs a key, but for scd2, which compares whole rows. Tables of databases have theirs.
fn check_merge(args: &IngestArgs) -> Result<(), PipelineError> {
    let usage =
        |message: String, remedy: &str| Err(PipelineError::Usage { message, remedy: remedy.to_owned() });
    let disposition = &args.write_disposition;
    if disposition != "merge" {
        return match args.merge_strategy {
            None => Ok(()),
            Some(_) => usage(
                format!("--merge-strategy cannot be used with --write-disposition {disposition}"),
                "add --write-disposition merge",
            ),
        };
    }
    let strategy = args.merge_strategy.unwrap_or(MergeStrategy::DeleteInsert);
    if strategy.needs_primary_key() && args.primary_key.is_empty() {
        return usage(
            format!("--merge-strategy {strategy} needs to know which rows are the same"),
            "name the column with --primary-key",
        );
    }
    let has_key = !args.primary_key.is_empty() || !args.merge_key.is_empty();
    if strategy == MergeStrategy::DeleteInsert && !has_key {
        return usage(
            "a merge needs to know which rows are the same".to_owned(),
            "name the column with --primary-key (or --merge-key), or use --merge-strategy scd2",
        );
    }
    Ok(())
}

/// A number where the text is just how it is printed, so that cursors of numbers begin at one.
fn number_or_text(given: &str) -> Value {
    match given.parse::<i64>() {
        Ok(number) if number.to_string() == given => Value::Integer(number),
        _ => text(given),
    }
}

/// The table: as asked for, else that of the database, or the name of the file up to its first dot or star.
fn table_name(args: &IngestArgs, database: Option<&DatabaseAddress>) -> Result<String, PipelineError> {
    if let Some(name) = &args.table {
        return Ok(name.clone());
    }
    match database.map(|database| &database.rows) {
        Some(RowsOf::Table(name)) => return Ok(name.clone()),
        Some(RowsOf::Query(_)) => {
            return Err(PipelineError::Usage {
                message: "a query does not say what its table is called".to_owned(),
                remedy: "name the table with --table".to_owned(),
            });
        }
        None => {}
    }
    let path = cartage_sources::local_path(&args.source);
    let name = Path::new(&path).file_name().map(|name| name.to_string_lossy().into_owned());
    let stem = name.as_deref().unwrap_or_default().split(['.', '*', '?', '[']).next().unwrap_or_default();
    let stem = stem.trim_matches(['-', '_']);
    if stem.is_empty() {
        return Err(PipelineError::Usage {
            message: format!("cannot derive a table name from \"{}\"", args.source),
            remedy: "name the table with --table".to_owned(),
        });
    }
    Ok(stem.to_owned())
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn toml_table<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Table(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_types_with_places_or_addresses() {
        for (given, kind, place) in [
            ("duckdb:events.duckdb", "duckdb", "events.duckdb"),
            ("duckdb:///events.duckdb", "duckdb", "duckdb:///events.duckdb"),
            ("filesystem:s3://bucket/raw", "filesystem", "s3://bucket/raw"),
            ("s3://bucket/raw", "filesystem", "s3://bucket/raw"),
            ("postgresql://u@host/db", "postgres", "postgresql://u@host/db"),
            ("postgres:postgresql://u@host/db", "postgres", "postgresql://u@host/db"),
            ("null", "null", ""),
        ] {
            assert_eq!(kind_and_place(given).unwrap(), (kind, place), "{given}");
        }
        assert!(kind_and_place(":place").is_err());
    }

    #[test]
    fn a_type_that_is_not_known_is_told_apart_from_one_without_a_place() {
        assert_eq!(key_of_place("postgres").unwrap(), "credentials");
        let error = |kind: &str| key_of_place(kind).unwrap_err().to_string();
        assert!(error("null").contains("does not take a place"), "{}", error("null"));
        assert!(error("oracle").contains("'oracle' is not known"), "{}", error("oracle"));
        let PipelineError::Usage { remedy, .. } = key_of_place("postgress").unwrap_err() else { panic!() };
        assert!(remedy.starts_with("did you mean 'postgres'?"), "{remedy}");
    }
}
