//! A table of a chain as statements need it.

use cartage_schema::Table;

use super::dialect::TableRef;

/// One table of a chain with its staged twin.
#[derive(Clone, Debug)]
pub struct ChainTable<'a> {
    /// The table that readers see.
    pub target: TableRef,
    /// The staged table with the rows of the load.
    pub staged: TableRef,
    /// Where rows are inserted that are to be in it: the table itself, unless that is not held by a transaction.
    pub arrivals: TableRef,
    /// Its columns and keys.
    pub table: &'a Table,
}

impl<'a> ChainTable<'a> {
    /// A table with its staged twin, into which rows are inserted at once.
    pub fn new(target: TableRef, staged: TableRef, table: &'a Table) -> Self {
        Self { arrivals: target.clone(), target, staged, table }
    }

    /// Names of the columns that both have, in the schema's order.
    pub fn columns(&self) -> Vec<&str> {
        self.table.complete_columns().map(|column| column.name.as_str()).collect()
    }
}
