//! Contracts over what resources say about their tables, and over tables that are new with their first rows.
//! What single rows bring is for normalize to judge.

use std::collections::HashMap;

use arrow::array::{RecordBatch, StructArray};
use cartage_schema::{
    ContractEntity, ContractMode, ContractModes, ContractViolation, DiscardReason, Discards, Schema,
    SchemaError, Table,
};
use cartage_source_api::{JsonPage, Page, RejectedRow, SourceError, columnar_value};

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

impl Contracts {
    /// What of a table may come into the schema; `None` if the table may not.
    pub(crate) fn admit(
        &mut self,
        schema: &Schema,
        mut table: Table,
    ) -> Result<Result<Option<Table>, Box<ContractViolation>>, SchemaError> {
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
        Page::Message(_) => Vec::new(),
        Page::ParquetFile(file) => {
            let mut kept = Vec::new();
            for batch in file.first_rows(rows)? {
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
