//! The tables of the merged schema as blocks see them.
//!
//! The schema changes with almost every block where there are many tables, and blocks continue with what they
//! were handed. So each table is shared by itself, and a copy of the map costs nothing: what one block changes is
//! copied, the others are not.

use std::sync::Arc;

use cartage_schema::{ContractModes, Naming, Schema, Table};
use rpds::HashTrieMapSync;

/// Tables and their contracts at one point in time.
#[derive(Clone, Debug)]
pub(crate) struct SchemaSnapshot {
    tables: HashTrieMapSync<Arc<str>, KnownTable>,
    naming: Naming,
    /// The contract of tables that are not there.
    contract: ContractModes,
}

#[derive(Clone, Debug)]
struct KnownTable {
    table: Arc<Table>,
    contract: ContractModes,
}

impl SchemaSnapshot {
    /// All tables of a schema.
    pub(crate) fn of(schema: &Schema) -> Self {
        let whole = schema.settings.schema_contract.as_ref().map(ContractModes::parse);
        let mut known = Self {
            tables: HashTrieMapSync::new_sync(),
            naming: schema.naming(None),
            contract: whole.and_then(Result::ok).unwrap_or(ContractModes::EVOLVE),
        };
        for name in schema.tables.keys() {
            known.take(schema, name);
        }
        known
    }

    /// Takes a table over as it is now.
    pub(crate) fn take(&mut self, schema: &Schema, name: &str) {
        let Some(table) = schema.tables.get(name) else { return };
        // Contracts that cannot be read were refused before the first row.
        let contract = schema.contract_for(name, None).unwrap_or(ContractModes::EVOLVE);
        self.tables.insert_mut(name.into(), KnownTable { table: Arc::new(table.clone()), contract });
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Table> {
        self.tables.get(name).map(|known| &*known.table)
    }

    /// The contract of a table, as [`Schema::contract_for`] finds it.
    pub(crate) fn contract_for(&self, name: &str) -> ContractModes {
        match self.tables.get(name) {
            Some(known) => known.contract,
            None if self.naming.is_dlt_name(name) => ContractModes::EVOLVE,
            None => self.contract,
        }
    }
}

#[cfg(test)]
mod tests {
    use cartage_schema::NamingKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn contracts_are_those_that_the_schema_finds() {
        let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
        schema.set_contract(Some(json!("freeze"))).unwrap();
        let mut orders = Table::root("orders", "orders");
        orders.schema_contract = Some(json!({"columns": "discard_row"}));
        schema.tables.insert("orders".to_owned(), orders);
        schema.tables.insert("orders__lines".to_owned(), Table::nested("orders__lines", "orders"));
        let known = SchemaSnapshot::of(&schema);
        for name in ["orders", "orders__lines", "unknown", "_dlt_loads", "_dlt_unknown"] {
            assert_eq!(known.contract_for(name), schema.contract_for(name, None).unwrap(), "{name}");
        }
    }

    #[test]
    fn a_table_is_known_as_it_was_when_it_was_taken() {
        let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
        let mut known = SchemaSnapshot::of(&schema);
        schema.tables.insert("orders".to_owned(), Table::root("orders", "orders"));
        assert!(known.get("orders").is_none());
        known.take(&schema, "orders");
        assert!(known.get("orders").is_some());
    }
}
