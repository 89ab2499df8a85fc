//! Replaces the content of a table chain by staged rows.

use super::chain_table::ChainTable;
use super::dialect::Dialect;
use cartage_destinations_api::SqlScript;

/// Strategy `insert-from-staging`: empties each table and copies the staged rows into it.
///
/// All tables of the chain are in one script, so that readers see the old or the new content of the
/// whole chain where the destination has transactions. Columns that the load does not know keep
/// their place and become null.
pub(crate) fn insert_from_staging(dialect: &dyn Dialect, tables: &[ChainTable<'_>]) -> SqlScript {
    let mut script = SqlScript::default();
    for table in tables {
        let name = &table.target.table;
        script.push(
            format!("replace {name}: remove the rows of earlier loads"),
            dialect.empty_in_transaction(&table.target),
        );
        let columns = dialect.column_list(&table.columns());
        script.push(
            format!("replace {name}: insert the staged rows"),
            format!(
                "INSERT INTO {} ({columns}) SELECT {columns} FROM {}",
                dialect.qualified(&table.arrivals),
                dialect.qualified(&table.staged)
            ),
        );
    }
    script
}

/// Strategy `staging-optimized`: each staged table takes the place of its target, so that no row is
/// copied. Columns that the load does not know, and whatever else belonged to the old table, are gone.
pub fn swap(dialect: &dyn Dialect, tables: &[ChainTable<'_>]) -> SqlScript {
    let mut script = SqlScript::default();
    for table in tables {
        let purpose = format!("replace {}: the staged table takes its place", table.target.table);
        for sql in dialect.swap_tables(&table.staged, &table.target) {
            script.push(&purpose, sql);
        }
    }
    script
}
