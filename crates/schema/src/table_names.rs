//! Applying a naming convention to the names in a table.

use indexmap::IndexMap;

use crate::column::Column;
use crate::naming::Naming;
use crate::table::Table;

/// Normalizes the names in a table. Columns whose names fall together become one, in which the later column
/// wins.
pub(crate) fn normalize_table(mut table: Table, naming: &Naming) -> Table {
    table.name = naming.normalize_tables_path(&table.name);
    if let Some(parent) = &mut table.parent
        && !parent.is_empty()
    {
        *parent = naming.normalize_tables_path(parent);
    }
    let mut columns: IndexMap<String, Column> = IndexMap::with_capacity(table.columns.len());
    for mut column in std::mem::take(&mut table.columns).into_values() {
        column.name = naming.normalize_path(&column.name);
        match columns.get_mut(&column.name) {
            Some(known) => known.merge_without_defaults(&column),
            None => {
                columns.insert(column.name.clone(), column);
            }
        }
    }
    table.columns = columns;
    normalize_references(&mut table, naming);
    table
}

fn normalize_references(table: &mut Table, naming: &Naming) {
    let Some(references) = &mut table.references else { return };
    let mut by_table = IndexMap::new();
    for mut reference in std::mem::take(references) {
        for name in
            [&mut reference.columns, &mut reference.referenced_columns].into_iter().flatten().flatten()
        {
            *name = naming.normalize_path(name);
        }
        let target = naming.normalize_tables_path(reference.referenced_table.as_deref().unwrap_or_default());
        reference.referenced_table = Some(target.clone());
        // Of several references to one table the last one stays, at the place of the first.
        by_table.insert(target, reference);
    }
    *references = by_table.into_values().collect();
}
