//! The contracts as the user wants them now, which may not be those with which a package was extracted.

use std::collections::{BTreeMap, BTreeSet};

use cartage_package_store::PackageSettings;
use cartage_schema::{Schema, SchemaError};
use serde_json::Value;

/// Contracts that win over those in an extracted package. So a package that waits because something is frozen
/// continues as soon as its contract allows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurrentContracts {
    /// The contract of the schema.
    pub schema: SchemaContract,
    /// Contracts of tables. Tables that are not named keep what the schema says.
    pub tables: BTreeMap<String, Value>,
    /// Root tables of which what is discarded is kept in quarantine, with those of the tables below.
    pub quarantine: BTreeSet<String>,
}

/// What becomes of the contract with which a schema was extracted.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SchemaContract {
    /// The contract of the schema stays.
    #[default]
    Stays,
    /// It is this one; `None` takes it away.
    Is(Option<Value>),
}

impl CurrentContracts {
    pub(crate) fn apply(
        &self,
        schema: &mut Schema,
        settings: &mut PackageSettings,
    ) -> Result<(), SchemaError> {
        if let SchemaContract::Is(contract) = &self.schema {
            schema.set_contract(contract.clone())?;
        }
        for (name, contract) in &self.tables {
            if let Some(table) = schema.tables.get_mut(name) {
                table.schema_contract = Some(contract.clone());
            }
        }
        settings.quarantine.clone_from(&self.quarantine);
        Ok(())
    }
}
