//! The beginning of a load: what a refresh drops and a replace empties, once per load, and the schema.

use cartage_destinations_api::{Error, LoadPlan, PreparedLoad, Result};
use cartage_schema::Schema;

use crate::filesystem::Filesystem;
use crate::ledger::{self, InFlight};
use crate::system_files;

impl Filesystem {
    /// Drops what a refresh drops, once per load.
    pub(crate) fn drop_tables(&self, plan: &LoadPlan) -> Result<()> {
        if plan.drop.is_empty() || InFlight::of(&plan.key).has(&self.store, ledger::DROPPED)? {
            return Ok(());
        }
        for table in &plan.drop {
            self.store.delete(&self.files(&plan.schema, table)?)?;
        }
        let versions = system_files::schemas(&self.store)?;
        let own = versions.into_iter().filter(|version| version.name == plan.schema.name);
        self.store.delete(&own.map(|version| version.file).collect::<Vec<_>>())?;
        InFlight::of(&plan.key).record(&self.store, ledger::DROPPED, b"").map(drop)
    }

    /// Empties tables, once per load: what jobs write comes after the mark.
    pub(crate) fn truncate(&self, plan: &LoadPlan) -> Result<()> {
        if plan.truncate.is_empty() || InFlight::of(&plan.key).has(&self.store, ledger::TRUNCATED)? {
            return Ok(());
        }
        for table in &plan.truncate {
            self.store.delete(&self.files(&plan.schema, table)?)?;
        }
        InFlight::of(&plan.key).record(&self.store, ledger::TRUNCATED, b"").map(drop)
    }

    /// Stores the schema, and tells what is new in it.
    pub(crate) fn migrate(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        let stored = system_files::schemas(&self.store)?;
        let changes = changes(plan, self.newest(&stored, &plan.schema.name)?.as_ref())?;
        system_files::store_schema(&self.store, plan, &stored)?;
        for table in &plan.tables {
            let prefix = self.prefix(&plan.schema.name, &table.name);
            if let Some((folder, _)) = prefix.rsplit_once('/') {
                self.store.make_folder(folder)?;
            }
        }
        Ok(changes)
    }
}

/// What the schema of a plan has beyond the one that is stored.
fn changes(plan: &LoadPlan, stored: Option<&Schema>) -> Result<PreparedLoad> {
    let mut changes = PreparedLoad::default();
    for planned in &plan.tables {
        let table = plan.schema.tables.get(&planned.name).ok_or_else(|| not_in_plan(&planned.name, plan))?;
        let Some(known) = stored.and_then(|stored| stored.tables.get(&planned.name)) else {
            changes.created.push(planned.name.clone());
            continue;
        };
        let is_known = |name: &str| known.complete_columns().any(|column| column.name == name);
        let added = table.complete_columns().filter(|column| !is_known(&column.name));
        changes.added.extend(added.map(|column| (planned.name.clone(), column.name.clone())));
    }
    Ok(changes)
}

pub(crate) fn not_in_plan(table: &str, plan: &LoadPlan) -> Error {
    Error::invalid(format!("table {table} is not part of load {}", plan.key.load_id))
}
