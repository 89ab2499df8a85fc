//! `schema show`.

use std::fmt::Write;

use cartage_pipeline::Project;
use cartage_schema::{Column, Schema};

use crate::args::Format;
use crate::failure::Failure;
use crate::output;

pub(super) fn show(project: &Project, name: Option<&str>, format: Format) -> Result<(), Failure> {
    let schema = project.schema(name)?;
    let text = match format {
        Format::Json => schema.to_json_pretty() + "\n",
        Format::Text => text(&schema)?,
    };
    Ok(output::print(&text)?)
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
