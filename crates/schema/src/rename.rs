//! Another naming convention for a schema: all its names change.

use indexmap::IndexMap;

use crate::column::Column;
use crate::error::SchemaError;
use crate::naming::{Naming, NamingKind};
use crate::pattern;
use crate::schema::Schema;
use crate::system_tables;
use crate::table::Table;
use crate::table_names::normalize_table;

impl Schema {
    /// Changes the naming convention: every name of tables, columns and settings is normalized again.
    ///
    /// # Errors
    /// [`SchemaError::TableIdentifiersFrozen`] if a table has data, unless the normalizers allow it. The
    /// schema is unchanged then.
    pub fn set_naming(&mut self, kind: NamingKind) -> Result<(), SchemaError> {
        let from = self.naming_kind();
        if from == kind {
            return Ok(());
        }
        let naming = Naming::new(kind, None);
        let allowed = self.normalizers.allow_identifier_change_on_table_with_data.unwrap_or(false);
        if !allowed && let Some(table) = self.tables.values().find(|table| table.has_seen_data()) {
            return Err(SchemaError::TableIdentifiersFrozen {
                schema: self.name.clone(),
                from: from.to_string(),
                to: kind.to_string(),
                reason: format!("table `{}` has received data", table.name),
            });
        }
        let tables = std::mem::take(&mut self.tables);
        self.tables = self.renamed(tables, &naming);
        self.normalizers.names = Some(kind.as_str().to_owned());
        self.renormalize_settings(&naming);
        self.add_standard_hints();
        self.propagate_row_ids();
        Ok(())
    }

    fn renamed(&self, tables: IndexMap<String, Table>, naming: &Naming) -> IndexMap<String, Table> {
        // The system tables come first, and from their own names: what the old convention made of a name
        // cannot be undone.
        let originals = [system_tables::version(), system_tables::loads(), system_tables::state()];
        let mut renamed = IndexMap::with_capacity(tables.len());
        let old = self.naming(None);
        let mut rest = tables;
        for original in originals {
            let Some(mut table) = rest.shift_remove(&old.normalize_table_identifier(&original.name)) else {
                continue;
            };
            let row_id = Column {
                unique: Some(true),
                row_key: Some(true),
                ..Column::typed("_dlt_id", cartage_values::DataType::Text, false)
            };
            let has_row_id = table.columns.contains_key(&old.normalize_identifier("_dlt_id"));
            table.columns = original.columns;
            if has_row_id {
                table.columns.insert(row_id.name.clone(), row_id);
            }
            table.name = original.name;
            let table = normalize_table(table, naming);
            renamed.insert(table.name.clone(), table);
        }
        for table in rest.into_values() {
            let table = normalize_table(table, naming);
            renamed.insert(table.name.clone(), table);
        }
        renamed
    }

    fn renormalize_settings(&mut self, naming: &Naming) {
        for names in self.settings.default_hints.iter_mut().flat_map(IndexMap::values_mut) {
            for name in names {
                *name = pattern::normalize(naming, name);
            }
        }
        if let Some(types) = self.settings.preferred_types.take() {
            let types = types.into_iter().map(|(name, kind)| (pattern::normalize(naming, &name), kind));
            self.settings.preferred_types = Some(types.collect());
        }
    }
}
