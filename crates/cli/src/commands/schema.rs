//! `schema show`, `schema export`, `schema import`, `schema diff` and `schema widen`.

use std::fmt::Write;

use cartage_destinations_api::Connector;
use cartage_pipeline::{PipelineError, Project, SchemaPlace, WidenOptions};
use cartage_schema::{Column, Schema, SchemaChange, SchemaFormat, SchemaTextOptions};
use serde_json::Value;

use super::show;
use crate::args::Format;
use crate::config::Start;
use crate::failure::Failure;
use crate::output;
use crate::schema_args::{
    SchemaCommand, SchemaDiffArgs, SchemaExportArgs, SchemaImportArgs, SchemaWidenArgs,
};

pub(super) fn schema(
    start: &Start<'_>,
    command: &SchemaCommand,
    connector: Connector<'_>,
) -> Result<(), Failure> {
    match command {
        SchemaCommand::Show(args) => {
            print(&start.look(&args.file.file)?, args.schema.as_deref(), start.global.format)
        }
        SchemaCommand::Export(args) => export(start, args),
        SchemaCommand::Import(args) => import(start, args, connector),
        SchemaCommand::Diff(args) => diff(start, args, connector),
        SchemaCommand::Widen(args) => widen(start, args, connector),
    }
}

fn print(project: &Project, name: Option<&str>, format: Format) -> Result<(), Failure> {
    let schema = project.schema(name)?;
    let text = match format {
        Format::Json => schema.to_json_pretty() + "\n",
        Format::Text => text(&schema)?,
    };
    Ok(output::print(&text)?)
}

fn export(start: &Start<'_>, args: &SchemaExportArgs) -> Result<(), Failure> {
    let schema = start.look(&args.schema.file.file)?.schema(args.schema.schema.as_deref())?;
    let extension = args.output.as_ref().and_then(|path| path.extension()?.to_str());
    let format = match (args.schema_format, extension) {
        (Some(format), _) => format,
        (None, Some(extension)) => extension.parse().map_err(|reason| PipelineError::Usage {
            message: reason,
            remedy: "choose the format with --as".to_owned(),
        })?,
        (None, None) if start.global.format == Format::Json => SchemaFormat::Json,
        (None, None) => SchemaFormat::Yaml,
    };
    let options = SchemaTextOptions {
        remove_defaults: args.remove_defaults,
        remove_processing_hints: args.remove_processing_hints,
    };
    let text = schema.to_text(format, options);
    match &args.output {
        None => output::print(&text)?,
        Some(path) => cartage_package_store::replace_file(path, &text).map_err(PipelineError::from)?,
    }
    Ok(())
}

fn import(start: &Start<'_>, args: &SchemaImportArgs, connector: Connector<'_>) -> Result<(), Failure> {
    let project = start.open(start.config(&args.file.file)?)?;
    let done = project.import_schema(&args.path, connector)?;
    show(start.global.format, &done, || {
        let mut out = changes_text(&done.changes)?;
        match &done.load_id {
            Some(load_id) => {
                writeln!(
                    out,
                    "schema {} has hash {} now, by load {load_id}",
                    done.schema, done.version_hash
                )?;
            }
            None => writeln!(out, "schema {} is already like this", done.schema)?,
        }
        Ok(out)
    })
}

fn widen(start: &Start<'_>, args: &SchemaWidenArgs, connector: Connector<'_>) -> Result<(), Failure> {
    let project = start.open(start.config(&args.file.file)?)?;
    let options = WidenOptions {
        schema: args.schema.clone(),
        table: args.table.clone(),
        column: args.column.clone(),
        to: args.to,
    };
    let done = project.widen_column(&options, connector)?;
    show(start.global.format, &done, || {
        let load = done.load_id.as_ref().map_or_else(String::new, |load_id| format!(", by load {load_id}"));
        Ok(format!("column {}.{} is {} now, it was {}{load}\n", done.table, done.column, done.to, done.from))
    })
}

fn diff(start: &Start<'_>, args: &SchemaDiffArgs, connector: Connector<'_>) -> Result<(), Failure> {
    let project = start.look(&args.schema.file.file)?;
    let place = |text: &String| text.parse::<SchemaPlace>().unwrap_or_else(|never| match never {});
    let name = args.schema.schema.as_deref();
    let old = project.schema_at(&place(&args.from), name, connector)?;
    let new = project.schema_at(&place(&args.to), name, connector)?;
    let changes = old.changes_to(&new);
    show(start.global.format, &changes, || {
        let mut out = changes_text(&changes)?;
        if changes.is_empty() {
            writeln!(out, "no difference")?;
        }
        Ok(out)
    })
}

fn changes_text(changes: &[SchemaChange]) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    for change in changes {
        writeln!(out, "{}", change_text(change))?;
    }
    Ok(out)
}

/// A difference on one line.
pub(crate) fn change_text(change: &SchemaChange) -> String {
    let value = |value: &Option<Value>| value.as_ref().map_or("nothing".to_owned(), Value::to_string);
    match change {
        SchemaChange::TableAdded { table, columns } => format!("+ table {table}: {}", columns.join(", ")),
        SchemaChange::TableRemoved { table } => format!("- table {table}"),
        SchemaChange::ColumnAdded { table, column, hints } => {
            let kind = hints.get("data_type").and_then(Value::as_str).unwrap_or("no type yet");
            format!("+ column {table}.{column}: {kind}")
        }
        SchemaChange::ColumnRemoved { table, column } => format!("- column {table}.{column}"),
        SchemaChange::ColumnChanged { table, column, hint, old, new } => {
            format!("~ column {table}.{column}: {hint}: {} -> {}", value(old), value(new))
        }
        SchemaChange::TableChanged { table, hint, old, new } => {
            format!("~ table {table}: {hint}: {} -> {}", value(old), value(new))
        }
        SchemaChange::SettingChanged { setting, old, new } => {
            format!("~ {setting}: {} -> {}", value(old), value(new))
        }
        other => format!("~ {other:?}"),
    }
}

fn text(schema: &Schema) -> Result<String, Failure> {
    let mut out = String::new();
    let hash = schema.version_hash.as_deref().unwrap_or_default();
    writeln!(out, "schema {} version {} hash {hash}", schema.name, schema.version)?;
    for table in schema.data_tables() {
        let nested = table.parent.as_ref().map_or_else(String::new, |parent| format!(" (below {parent})"));
        writeln!(out, "\n{}{nested}", table.name)?;
        let width = table.columns.keys().map(String::len).max().unwrap_or(0);
        for column in table.columns.values() {
            writeln!(out, "  {:<width$}  {}", column.name, kind(column))?;
        }
    }
    Ok(out)
}

fn kind(column: &Column) -> String {
    let mut kind =
        column.data_type.map_or_else(|| "no type yet".to_owned(), |data_type| data_type.to_string());
    match (column.precision, column.scale) {
        (Some(precision), Some(scale)) => kind += &format!("({precision},{scale})"),
        (Some(precision), None) => kind += &format!("({precision})"),
        _ => {}
    }
    let hints = [
        (!column.is_nullable(), "not null"),
        (column.primary_key == Some(true), "primary key"),
        (column.merge_key == Some(true), "merge key"),
        (column.unique == Some(true), "unique"),
        (column.variant == Some(true), "variant"),
    ];
    for (_, hint) in hints.iter().filter(|(set, _)| *set) {
        kind += ", ";
        kind += hint;
    }
    kind
}
