//! Gives back what is stored: state, schemas, rows.

use std::collections::BTreeSet;

use cartage_destinations_api::{DatasetReader, Error, Result, StateSync, StoredSchema, StoredState};
use cartage_schema::{Schema, Table};
use serde_json::Value;

use crate::filesystem::Filesystem;
use crate::rows;
use crate::system_files::{self, Versioned};

impl StateSync for Filesystem {
    fn newest_state(&self, pipeline: &str) -> Result<Option<StoredState>> {
        let states = system_files::states(&self.store, pipeline)?;
        if states.is_empty() {
            return Ok(None);
        }
        let complete: BTreeSet<String> = system_files::complete_loads(&self.store)?.into_iter().collect();
        let Some(newest) = states.iter().find(|state| complete.contains(&state.order)) else {
            return Ok(None);
        };
        let Some(row) = system_files::state(&self.store, newest)? else { return Ok(None) };
        let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        let version = row.get("version").and_then(Value::as_u64).unwrap_or_default();
        let encoded = text("state")
            .ok_or_else(|| Error::corrupt(format!("{} holds no state", self.store.url(&newest.file))))?;
        Ok(Some(StoredState::new(version, text("version_hash"), encoded, newest.order.clone())))
    }

    fn newest_schema(&self, name: &str) -> Result<Option<StoredSchema>> {
        let stored = system_files::schemas(&self.store)?;
        let newest = stored.iter().filter(|known| known.name == name).max_by(|a, b| a.order.cmp(&b.order));
        self.stored(newest)
    }

    fn schema_by_hash(&self, hash: &str) -> Result<Option<StoredSchema>> {
        let hash = system_files::hex(hash);
        self.stored(system_files::schemas(&self.store)?.iter().find(|known| known.hash == hash))
    }
}

impl Filesystem {
    fn stored(&self, found: Option<&Versioned>) -> Result<Option<StoredSchema>> {
        let Some(found) = found else { return Ok(None) };
        let row = system_files::schema(&self.store, found)?;
        Ok(row.map(|row| StoredSchema::new(row.schema_name, row.version, row.version_hash, row.schema)))
    }

    /// The newest schema of each name.
    fn schemas(&self) -> Result<Vec<Schema>> {
        let stored = system_files::schemas(&self.store)?;
        let names: BTreeSet<&str> = stored.iter().map(|known| known.name.as_str()).collect();
        let newest = names.into_iter().map(|name| self.newest(&stored, name));
        newest.filter_map(Result::transpose).collect()
    }

    /// A table of the dataset with its schema.
    fn table(&self, name: &str) -> Result<(Schema, Table)> {
        for schema in self.schemas()? {
            if let Some(table) = schema.tables.get(name) {
                let table = table.clone();
                return Ok((schema, table));
            }
        }
        let dataset = &self.config.dataset;
        Err(Error::terminal(format!("there is no table {name} in dataset {dataset}")))
    }

    fn file_rows(&self, table: &str) -> Result<Vec<rows::Row>> {
        let (schema, _) = self.table(table)?;
        let mut all = Vec::new();
        for name in self.files(&schema, table)? {
            let Some((format, _)) = rows::format_of(&name) else { continue };
            let Some(bytes) = self.store.read(&name)? else { continue };
            all.append(&mut rows::read(&self.store.url(&name), format, bytes)?);
        }
        Ok(all)
    }
}

impl DatasetReader for Filesystem {
    fn tables(&self) -> Result<Vec<String>> {
        let schemas = self.schemas()?;
        let names = schemas.iter().flat_map(|schema| schema.tables.values());
        let complete = names.filter(|table| table.complete_columns().next().is_some());
        Ok(complete.map(|table| table.name.clone()).collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// In the order in which they came.
    fn columns(&self, table: &str) -> Result<Vec<(String, String)>> {
        let (newest, _) = self.table(table)?;
        let mut stored = system_files::schemas(&self.store)?;
        stored.retain(|known| known.name == newest.name);
        stored.sort_by(|a, b| a.order.cmp(&b.order));
        let mut columns: Vec<(String, String)> = Vec::new();
        for version in &stored {
            let Some(schema) = self.newest(std::slice::from_ref(version), &newest.name)? else { continue };
            for column in schema.tables.get(table).into_iter().flat_map(Table::complete_columns) {
                let data_type = column.data_type.map(|data_type| data_type.to_string()).unwrap_or_default();
                match columns.iter_mut().find(|(name, _)| *name == column.name) {
                    Some(known) => known.1 = data_type,
                    None => columns.push((column.name.clone(), data_type)),
                }
            }
        }
        Ok(columns)
    }

    fn count(&self, table: &str) -> Result<u64> {
        Ok(self.file_rows(table)?.len() as u64)
    }

    fn rows(&self, table: &str) -> Result<Vec<Vec<Option<String>>>> {
        let columns = DatasetReader::columns(self, table)?;
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let cells = |row: &rows::Row| {
            let cell =
                |(name, _): &(String, String)| row.get(name).filter(|value| !value.is_null()).map(plain);
            columns.iter().map(cell).collect()
        };
        Ok(self.file_rows(table)?.iter().map(cells).collect())
    }
}
