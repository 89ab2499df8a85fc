//! The files of a case on disk.

use std::fs::{self, File};
use std::path::Path;

use anyhow::Result;
use parquet::arrow::ArrowWriter;

use super::case::{Case, Format, InputFile, file_name, table_name};
use super::given::Given;
use super::{arrays, json};

/// Writes the input files and the pipeline file of each run below a folder.
///
/// # Errors
/// If a file cannot be written, or the library has no way to write a type.
pub fn write(case: &Case, folder: &Path) -> Result<()> {
    for (run, files) in case.runs.iter().enumerate() {
        fs::create_dir_all(folder.join(format!("run{run}")))?;
        for (nth, file) in files.iter().enumerate() {
            input(file, &folder.join(file_name(run, nth, file)))?;
        }
        fs::write(folder.join(format!("run{run}/pipeline.toml")), pipeline(case, run))?;
    }
    Ok(())
}

/// The pipeline file of a run, which lies beside the folders of the runs when it is used.
fn pipeline(case: &Case, run: usize) -> String {
    let bad = if case.quarantine { "quarantine" } else { "fail" };
    let mut text = format!(
        "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"duckdb\"\n\n\
         [destination.duckdb]\npath = \"out.duckdb\"\n\n\
         [sources.test]\ntype = \"files\"\non_bad_row = \"{bad}\"\n"
    );
    for (table, disposition) in case.tables.iter().enumerate() {
        let files = case.runs[run].iter().enumerate().filter(|(_, file)| file.table == table);
        let paths: Vec<String> =
            files.map(|(nth, file)| format!("\"{}\"", file_name(run, nth, file))).collect();
        if paths.is_empty() {
            continue;
        }
        text.push_str(&format!(
            "\n[[sources.test.resources]]\nname = \"{}\"\npath = [{}]\nwrite_disposition = \"{}\"\nprimary_key = \"id\"\n",
            table_name(table),
            paths.join(", "),
            disposition.name()
        ));
    }
    text
}

fn input(file: &InputFile, path: &Path) -> Result<()> {
    match file.format {
        Format::Jsonl | Format::Json => fs::write(path, json_text(file))?,
        Format::Csv => fs::write(path, csv_text(file))?,
        Format::Parquet => {
            let batch = arrays::batch(file)?;
            let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), None)?;
            writer.write(&batch)?;
            writer.close()?;
        }
    }
    Ok(())
}

fn json_text(file: &InputFile) -> String {
    let mut text = String::new();
    let is_lines = file.format == Format::Jsonl;
    for (nth, row) in file.rows.iter().enumerate() {
        text.push_str(match (is_lines, nth) {
            (true, _) => "",
            (false, 0) => "[",
            (false, _) => ",\n",
        });
        let id = ("id".to_owned(), Given::Text(row.id.clone()));
        let fields: Vec<_> = std::iter::once(id).chain(row.values.iter().cloned()).collect();
        json::write_object(&mut text, &fields);
        text.push_str(if is_lines { "\n" } else { "" });
    }
    match (is_lines, file.rows.is_empty()) {
        (true, _) => text,
        (false, true) => "[]".to_owned(),
        (false, false) => text + "]\n",
    }
}

fn csv_text(file: &InputFile) -> String {
    let mut text = "id".to_owned();
    for (key, _) in file.rows.first().map_or(&[][..], |row| &row.values) {
        text.push(',');
        text.push_str(&quoted(key));
    }
    text.push('\n');
    for row in &file.rows {
        text.push_str(&row.id);
        for (_, value) in &row.values {
            text.push(',');
            if let Given::Field(field) = value {
                text.push_str(&quoted(field));
            }
        }
        text.push('\n');
    }
    text
}

fn quoted(field: &str) -> String {
    if field.is_empty() || field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
