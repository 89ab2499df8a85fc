//! Pipelines of which there is much of something.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::Case;

/// Rows of the table with many columns.
const WIDE_ROWS: usize = 100;

/// Writes `pipeline.toml` and its data into a folder.
pub(super) fn write(case: Case, size: usize, destination: &str, work: &Path) -> Result<()> {
    let place = if destination == "duckdb" { "path = \"out.duckdb\"\n" } else { "" };
    let mut pipeline = format!(
        "[pipeline]\nname = \"bench\"\ndataset_name = \"bench\"\ndestination = \"{destination}\"\n\n\
         [destination.{destination}]\n{place}\n[sources.bench]\ntype = \"files\"\n"
    );
    fs::create_dir_all(work.join("rows"))?;
    match case {
        Case::Files => {
            resource(&mut pipeline, "items", "rows/*.jsonl")?;
            for nth in 0..size {
                fs::write(work.join(format!("rows/{nth:06}.jsonl")), small_row(nth))?;
            }
        }
        Case::Resources => {
            for nth in 0..size {
                resource(&mut pipeline, &format!("items_{nth}"), &format!("rows/{nth:06}.jsonl"))?;
                fs::write(work.join(format!("rows/{nth:06}.jsonl")), small_row(nth))?;
            }
        }
        Case::Tables => {
            resource(&mut pipeline, "items", "rows/items.jsonl")?;
            fs::write(work.join("rows/items.jsonl"), row_with_lists(size))?;
        }
        Case::Columns => {
            resource(&mut pipeline, "items", "rows/items.jsonl")?;
            fs::write(work.join("rows/items.jsonl"), wide_row(size).repeat(WIDE_ROWS))?;
        }
    }
    Ok(fs::write(work.join("pipeline.toml"), pipeline)?)
}

fn resource(pipeline: &mut String, name: &str, path: &str) -> Result<()> {
    Ok(write!(pipeline, "\n[[sources.bench.resources]]\nname = \"{name}\"\npath = \"{path}\"\n")?)
}

fn small_row(nth: usize) -> String {
    format!("{{\"id\": {nth}, \"name\": \"row {nth}\", \"amount\": {nth}.5}}\n")
}

/// A row with this many lists, each of which is a table.
fn row_with_lists(lists: usize) -> String {
    let list = |nth: usize| format!("\"list_{nth}\": [{{\"id\": {nth}, \"name\": \"item of {nth}\"}}]");
    format!("{{\"id\": 1, {}}}\n", (0..lists).map(list).collect::<Vec<_>>().join(", "))
}

/// A row with this many fields of different types.
fn wide_row(fields: usize) -> String {
    let field = |nth: usize| match nth % 3 {
        0 => format!("\"column_{nth}\": {nth}"),
        1 => format!("\"column_{nth}\": \"text {nth}\""),
        _ => format!("\"column_{nth}\": {nth}.25"),
    };
    format!("{{{}}}\n", (0..fields).map(field).collect::<Vec<_>>().join(", "))
}
