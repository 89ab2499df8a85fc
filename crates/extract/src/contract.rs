//! Contracts over what resources say about their tables, and over tables that are new with their first rows.
//! What single rows bring is for normalize to judge.

use std::collections::HashMap;
use std::fmt;

use arrow::array::{RecordBatch, StructArray};
use cartage_schema::{
    Breach, ContractEntity, ContractMode, ContractModes, DiscardReason, Discards, Schema, SchemaError, Table,
};

use crate::SourceError;
use crate::incremental::columnar_value;
use crate::page::{JsonPage, Page, RejectedRow};
use crate::parquet_head::first_rows;

/// Characters of the first row that a message shows.
const EXAMPLE_CHARS: usize = 120;

/// What contracts say in a run of the stage.
#[derive(Debug, Default)]
pub(crate) struct Contracts {
    /// The contract of each table, which is that of the first resource that wrote to it.
    modes: HashMap<String, ContractModes>,
    /// Tables that may not be made.
    refused: HashMap<String, ContractMode>,
    pub(crate) discards: Discards,
}

/// Data broke a contract before it was extracted. Nothing was published.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokenContract {
    /// The source.
    pub source_name: String,
    /// The resource.
    pub resource: String,
    /// The table.
    pub table: String,
    /// What is frozen, and what it would become.
    pub breach: Box<Breach>,
    /// The first row of a table that is new.
    pub row: Option<String>,
}

impl Contracts {
    /// What of a table may come into the schema; `None` if the table may not.
    pub(crate) fn admit(
        &mut self,
        schema: &Schema,
        mut table: Table,
    ) -> Result<Result<Option<Table>, Box<Breach>>, SchemaError> {
        let name = table.name.clone();
        let modes = match self.modes.get(&name) {
            Some(modes) => *modes,
            None => schema.contract_for(&name, Some(&table))?,
        };
        self.modes.insert(name.clone(), modes);
        if modes.columns != ContractMode::Evolve && schema.is_new_table(&name) {
            table.set_evolve_columns_once(true);
        }
        let admission = schema.admit(table, &modes);
        if let Some(breach) = admission.frozen() {
            return Ok(Err(Box::new(breach.clone())));
        }
        for breach in &admission.breaches {
            let column = breach.column.as_ref().map(|column| column.name.as_str());
            tracing::debug!(table = %name, column, entity = %breach.entity, "hints that the contract keeps out");
        }
        if admission.table.is_none() {
            self.refused.insert(name, modes.tables);
        }
        Ok(Ok(admission.table))
    }

    /// Forgets what was decided about tables, whose hints have changed.
    pub(crate) fn renew(&mut self, tables: &[Table]) {
        for table in tables {
            self.modes.remove(&table.name);
            self.refused.remove(&table.name);
        }
    }

    /// How rows of a table are discarded, if the table may not be made.
    pub(crate) fn refuses(&self, table: &str) -> Option<DiscardReason> {
        let mode = *self.refused.get(table)?;
        Some(DiscardReason { table: table.to_owned(), column: None, entity: ContractEntity::Tables, mode })
    }
}

impl BrokenContract {
    /// How to let it in, one line for people.
    pub fn hint(&self) -> String {
        let Self { source_name, resource, breach, .. } = self;
        format!(
            "to let it in, set schema_contract = {{ {} = \"evolve\" }} for resource \"{resource}\" of source \
             \"{source_name}\" (or \"discard_row\" or \"discard_value\" to load the rest; a contract in [pipeline] \
             wins over all others), then run again: nothing was extracted. A contract that is only deleted stays in \
             force, because the schema keeps it.",
            breach.entity
        )
    }
}

impl fmt::Display for BrokenContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source_name, resource, table, breach, row } = self;
        write!(f, "contract broken in source `{source_name}`, resource `{resource}`: ")?;
        match (&breach.column, &breach.existing) {
            (None, _) => write!(f, "table `{table}` is new, but tables are frozen")?,
            (Some(column), Some(existing)) => {
                let (name, now, hint) = (&column.name, describe(existing), describe(column));
                write!(
                    f,
                    "column `{name}` of table `{table}` is {now}, the hints of the resource say {hint}, but the data types are frozen"
                )?;
            }
            (Some(column), None) => {
                let (name, hint) = (&column.name, describe(column));
                write!(
                    f,
                    "the hints of the resource bring column `{name}` ({hint}) of table `{table}`, but columns are frozen"
                )?;
            }
        }
        match row {
            Some(row) => write!(f, "; its first row is {row}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for BrokenContract {}

/// A column as far as contracts care.
fn describe(column: &cartage_schema::Column) -> String {
    let mut text = column.data_type.map_or("of no type yet", |data_type| data_type.as_str()).to_owned();
    for (key, number) in [("precision", column.precision), ("scale", column.scale)] {
        if let Some(number) = number {
            text = format!("{text}, {key} {number}");
        }
    }
    match column.nullable {
        Some(false) => text + ", not null",
        _ => text,
    }
}

/// The first row of a page, for messages.
pub(crate) fn first_row(page: &Page) -> Option<String> {
    let row = match page {
        Page::Json(page) => page.text().split(|byte| *byte == b'\n').next().map(<[u8]>::to_vec),
        Page::Arrow(batch) if batch.num_rows() > 0 => text_of(batch, 0).map(String::into_bytes),
        _ => None,
    };
    let text = String::from_utf8_lossy(&row.filter(|row| !row.is_empty())?).into_owned();
    Some(match text.char_indices().nth(EXAMPLE_CHARS) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text,
    })
}

/// The rows of a page as a quarantine file keeps them.
pub(crate) fn rows_to_keep(
    page: &Page,
    resource: &str,
    rows: u64,
    reason: &str,
) -> Result<Vec<RejectedRow>, SourceError> {
    Ok(match page {
        Page::Json(page) => json_rows(page, resource, reason),
        Page::Arrow(batch) => columnar_rows(batch, resource, 0, reason),
        Page::ParquetFile(file) => {
            let mut kept = Vec::new();
            for batch in first_rows(file, rows)? {
                let first = kept.len() as u64;
                kept.extend(columnar_rows(&batch?, &file.source, first, reason));
            }
            kept
        }
    })
}

fn json_rows(page: &JsonPage, resource: &str, reason: &str) -> Vec<RejectedRow> {
    let origins = page.origins().iter();
    let mut places = origins
        .flat_map(|origin| (0..origin.rows).map(|row| (origin.source.clone(), origin.first_line + row)));
    let lines = page.text().split(|byte| *byte == b'\n').take(page.rows() as usize);
    lines
        .enumerate()
        .map(|(row, text)| {
            let (source, line) = places.next().unwrap_or_else(|| (resource.into(), row as u64 + 1));
            let text = String::from_utf8_lossy(text).into_owned();
            RejectedRow { source, line, text, reason: reason.to_owned() }
        })
        .collect()
}

fn columnar_rows(batch: &RecordBatch, source: &str, first: u64, reason: &str) -> Vec<RejectedRow> {
    let one = |row: usize| RejectedRow {
        source: source.into(),
        line: first + row as u64 + 1,
        text: text_of(batch, row).unwrap_or_default(),
        reason: reason.to_owned(),
    };
    (0..batch.num_rows()).map(one).collect()
}

fn text_of(batch: &RecordBatch, row: usize) -> Option<String> {
    Some(columnar_value(&StructArray::from(batch.slice(row, 1)), 0).ok()?.to_string())
}
