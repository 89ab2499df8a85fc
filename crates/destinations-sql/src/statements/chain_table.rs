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
    /// Its columns and keys.
    pub table: &'a Table,
}

impl ChainTable<'_> {
    /// Names of the columns that both have, in the schema's order.
    pub fn columns(&self) -> Vec<&str> {
        self.table.complete_columns().map(|column| column.name.as_str()).collect()
    }
}
