//! A table that rows go to, and what happens to the rows there.

use cartage_schema::hints::{ResourceHints, WriteDispositionConfig};
use cartage_schema::{Naming, ReplaceStrategy, Table, WriteDisposition};

/// A root table with those below it, as hints make them.
#[derive(Debug)]
pub(crate) struct HintedTables {
    /// Tells targets apart: two that write to one table may have other hints.
    pub(crate) id: usize,
    /// Normalized name of the root table.
    pub(crate) table: String,
    /// The root table, and those of its nested hints.
    pub(crate) tables: Vec<Table>,
    pub(crate) disposition: WriteDisposition,
    /// How the table is replaced, where the hints say so.
    pub(crate) replace_strategy: Option<ReplaceStrategy>,
    /// Whether what contracts discard of its rows is kept.
    pub(crate) keeps_discarded: bool,
}

impl HintedTables {
    /// What the hints of a resource say.
    pub(crate) fn new(
        id: usize,
        resource: &str,
        hints: &ResourceHints,
        naming: &Naming,
        keeps_discarded: bool,
    ) -> Result<Self, String> {
        let tables = hints.to_tables(resource, naming).map_err(|error| error.to_string())?;
        let root = tables.first().ok_or("they make no table")?;
        Ok(Self {
            id,
            table: root.name.clone(),
            disposition: root.write_disposition.unwrap_or(WriteDisposition::Append),
            replace_strategy: hints
                .write_disposition
                .as_ref()
                .and_then(WriteDispositionConfig::replace_strategy),
            keeps_discarded: hints.quarantine.unwrap_or(keeps_discarded),
            tables,
        })
    }

    /// Its root table.
    pub(crate) fn root(&self) -> &Table {
        &self.tables[0]
    }
}
