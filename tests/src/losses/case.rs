//! A case: what a pipeline is given, run by run.

use arrow::datatypes::DataType;

use super::given::Given;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One object a line.
    Jsonl,
    /// One document, a list of objects.
    Json,
    /// Comma-separated values.
    Csv,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// The extension of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// What a run does with the rows that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// They stay.
    Append,
    /// They go.
    Replace,
    /// Those with the same `id` go.
    Merge,
}

impl Disposition {
    /// Its name in a pipeline file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

/// A row: its `id`, which no other row of the run has, and its other values by key.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The value of the key `id`.
    pub id: String,
    /// All other keys; those of a columnar file or a CSV are the same in each row.
    pub values: Vec<(String, Given)>,
}

/// An input file.
#[derive(Clone, Debug, PartialEq)]
pub struct InputFile {
    /// The position of its table in the case.
    pub table: usize,
    /// How it is written.
    pub format: Format,
    /// The types of its columns beside `id`, where it is columnar.
    pub types: Vec<(String, DataType)>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A case, which is all there is to know about it: the same case leaves the same rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Where it came from.
    pub seed: u64,
    /// What is done with the rows of each table; a table is called `t` and its position.
    pub tables: Vec<Disposition>,
    /// Whether bad rows are kept apart instead of ending the run.
    pub quarantine: bool,
    /// The files of each run, in the order in which they are read.
    pub runs: Vec<Vec<InputFile>>,
}

/// The name of a table.
pub(super) fn table_name(table: usize) -> String {
    format!("t{table}")
}

/// The name of a file below the folder of the case.
pub(super) fn file_name(run: usize, file: usize, input: &InputFile) -> String {
    format!("run{run}/file{file}_{}.{}", table_name(input.table), input.format.extension())
}
