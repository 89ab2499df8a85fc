//! Random cases.

use arrow::datatypes::DataType;

use super::arrow_values;
use super::case::{Case, Disposition, Format, InputFile, Row};
use super::chance::Chance;
use super::{json_values, texts};
use json_values::Kind;

/// What is known of a column of a table while its history is made.
struct Column {
    key: String,
    kind: Kind,
    data_type: DataType,
}

/// The case of a seed.
pub fn generate(seed: u64) -> Case {
    let mut chance = Chance::new(seed);
    let chance = &mut chance;
    let tables: Vec<Disposition> = (0..chance.between(1, 2))
        .map(|_| match chance.below(10) {
            0..6 => Disposition::Append,
            6 | 7 => Disposition::Merge,
            _ => Disposition::Replace,
        })
        .collect();
    let mut histories: Vec<Vec<Column>> = tables
        .iter()
        .map(|_| {
            let count = chance.between(1, 5);
            let mut columns: Vec<Column> = Vec::new();
            for _ in 0..count {
                add_column(chance, &mut columns);
            }
            columns
        })
        .collect();
    // What a table is written in mostly stays.
    let usual: Vec<Format> = tables.iter().map(|_| format(chance)).collect();
    let mut case = Case { seed, tables, quarantine: chance.percent(75), runs: Vec::new() };
    let mut next_id = 0;
    for run in 0..chance.between(1, 3) {
        let mut files = Vec::new();
        for table in 0..case.tables.len() {
            let mut known: Vec<String> = Vec::new();
            for _ in 0..chance.between(1, 3) {
                let format = other_format(chance, usual[table]);
                let columns = &mut histories[table];
                if run > 0 || !files.is_empty() {
                    change(chance, columns);
                }
                let mut file = file(chance, table, format, columns, &mut next_id);
                if case.tables[table] == Disposition::Merge && run > 0 {
                    repeat_ids(chance, &mut file, &case, &mut known);
                }
                files.push(file);
            }
        }
        case.runs.push(files);
    }
    case
}

fn format(chance: &mut Chance) -> Format {
    match chance.below(10) {
        0..4 => Format::Jsonl,
        4 => Format::Json,
        5 => Format::Csv,
        _ => Format::Parquet,
    }
}

/// Mostly the usual format. Parquet is seldom mixed with others, since most such runs end with an error.
fn other_format(chance: &mut Chance, usual: Format) -> Format {
    let other = format(chance);
    let mixes = (other == Format::Parquet) != (usual == Format::Parquet);
    if chance.percent(if mixes { 2 } else { 20 }) { other } else { usual }
}

fn add_column(chance: &mut Chance, columns: &mut Vec<Column>) {
    let key = texts::key(chance);
    if columns.iter().all(|column| column.key != key) {
        let (kind, data_type) = (Kind::any(chance), arrow_values::data_type(chance, 3));
        columns.push(Column { key: key.to_owned(), kind, data_type });
    }
}

/// What happens to a table between two files.
fn change(chance: &mut Chance, columns: &mut Vec<Column>) {
    if chance.percent(30) {
        add_column(chance, columns);
    }
    if chance.percent(15) && columns.len() > 1 {
        columns.remove(chance.below(columns.len()));
    }
    for at in 0..columns.len() {
        if chance.percent(20) {
            columns[at].kind = Kind::any(chance);
            columns[at].data_type = arrow_values::data_type(chance, 3);
        }
        if chance.percent(8) {
            let key = &columns[at].key;
            let renamed = if chance.percent(50) { key.to_uppercase() } else { key.to_lowercase() };
            if columns.iter().all(|column| column.key != renamed) {
                columns[at].key = renamed;
            }
        }
    }
}

fn file(
    chance: &mut Chance,
    table: usize,
    format: Format,
    columns: &[Column],
    next_id: &mut usize,
) -> InputFile {
    let count = match chance.below(20) {
        0 => 0,
        1 => chance.between(50, 300),
        _ => chance.between(1, 10),
    };
    let rows = (0..count).map(|_| {
        *next_id += 1;
        let values = columns.iter().filter_map(|column| {
            let value = match format {
                Format::Parquet => arrow_values::value(chance, &column.data_type),
                Format::Csv => json_values::field(chance, column.kind),
                _ if chance.percent(15) => return None,
                _ => {
                    let kind = if chance.percent(85) { column.kind } else { Kind::any(chance) };
                    json_values::value(chance, kind, 3)
                }
            };
            Some((column.key.clone(), value))
        });
        Row { values: values.collect(), id: format!("id{next_id}x") }
    });
    let rows = rows.collect();
    let is_columnar = format == Format::Parquet;
    let types = columns.iter().filter(|_| is_columnar);
    let types = types.map(|column| (column.key.clone(), column.data_type.clone())).collect();
    InputFile { table, format, types, rows }
}

/// Gives some rows the keys of rows of earlier runs; within a run a key comes once, since dlt leaves to chance which
/// of two rows of one key survives.
fn repeat_ids(chance: &mut Chance, file: &mut InputFile, case: &Case, used: &mut Vec<String>) {
    let earlier: Vec<&str> = case
        .runs
        .iter()
        .flatten()
        .filter(|other| other.table == file.table)
        .flat_map(|other| other.rows.iter().map(|row| row.id.as_str()))
        .collect();
    if earlier.is_empty() {
        return;
    }
    for row in &mut file.rows {
        let id = earlier[chance.below(earlier.len())];
        if chance.percent(40) && !used.iter().any(|known| known == id) {
            id.clone_into(&mut row.id);
            used.push(id.to_owned());
        }
    }
}
