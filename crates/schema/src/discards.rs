//! What contracts kept out of the data: rows and values, by table, column and reason.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::words::{ContractEntity, ContractMode};

/// Rows or values that a contract kept out for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discarded {
    /// The table that they were meant for.
    pub table: String,
    /// The column that was not let in, or whose type the values did not have; `None` if it was the table.
    pub column: Option<String>,
    /// The entity of the contract: new tables, new columns, or other types.
    pub entity: ContractEntity,
    /// The mode of the contract.
    pub mode: ContractMode,
    /// Whole rows. Rows of lists below them went with them and are not counted.
    pub rows: u64,
    /// Single values; their rows were kept.
    pub values: u64,
}

/// Why something was discarded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DiscardReason {
    /// Name of the table, as in the schema.
    pub table: String,
    /// The column, unless it was the table.
    pub column: Option<String>,
    /// The entity of the contract.
    pub entity: ContractEntity,
    /// The mode of the contract.
    pub mode: ContractMode,
}

/// Counts what was discarded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discards(BTreeMap<DiscardReason, (u64, u64)>);

impl Discards {
    /// Counts rows and values that were discarded for the same reason.
    pub fn add(&mut self, reason: DiscardReason, rows: u64, values: u64) {
        if rows + values > 0 {
            let count = self.0.entry(reason).or_default();
            count.0 += rows;
            count.1 += values;
        }
    }

    /// Adds the counts of an earlier list.
    pub fn extend(&mut self, list: &[Discarded]) {
        for Discarded { table, column, entity, mode, rows, values } in list.iter().cloned() {
            self.add(DiscardReason { table, column, entity, mode }, rows, values);
        }
    }

    /// The counts, in the order of tables and columns.
    pub fn list(&self) -> Vec<Discarded> {
        let one = |(reason, (rows, values)): (&DiscardReason, &(u64, u64))| {
            let DiscardReason { table, column, entity, mode } = reason.clone();
            Discarded { table, column, entity, mode, rows: *rows, values: *values }
        };
        self.0.iter().map(one).collect()
    }
}

impl DiscardReason {
    /// The sentence for people: what was not let in, and by which mode.
    pub fn text(&self) -> String {
        let Self { table, column, entity, mode } = self;
        match (column, entity) {
            (None, _) => format!("table `{table}` is new, and its contract says tables: {mode}"),
            (Some(column), ContractEntity::DataType) => {
                format!(
                    "column `{column}` of table `{table}` is another type, and the contract says data_type: {mode}"
                )
            }
            (Some(column), _) => {
                format!("column `{column}` of table `{table}` is new, and the contract says columns: {mode}")
            }
        }
    }
}
