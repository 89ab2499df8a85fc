//! What a load does to [`Memory`](crate::Memory): begin, tables, commit.

use cartage_destinations_api::{
    AppendRecord, Error, LoadCommit, LoadPlan, PreparedLoad, Result, ledger, system,
};
use serde_json::{Value, json};

use crate::contents::{Contents, Row};

/// Checks what the load builds on, takes over from other loads of its pipeline and writes it into the ledger.
pub(crate) fn begin(contents: &mut Contents, plan: &LoadPlan) -> Result<()> {
    plan.base.check(&plan.key, contents.newest_state(&plan.key.pipeline).as_ref())?;
    let others: Vec<(String, AppendRecord)> = contents
        .ledger
        .iter()
        .filter(|(pipeline, id, _)| *pipeline == plan.key.pipeline && *id != plan.key.load_id)
        .filter_map(|(_, id, entry)| Some((id.clone(), AppendRecord::read(entry)?)))
        .collect();
    for (load_id, appends) in &others {
        take_back(contents, load_id, appends);
    }
    let appends = others.into_iter().map(|(_, appends)| appends).collect();
    for appends in AppendRecord::parents_first(appends) {
        remove_orphans(contents, &appends);
    }
    let is_other = |pipeline: &str, id: &str| pipeline == plan.key.pipeline && id != plan.key.load_id;
    contents.staged.retain(|(load, _), _| !is_other(&load.pipeline, &load.load_id));
    contents.forget(&plan.key.pipeline, |id| id != plan.key.load_id);
    contents.record(&plan.key, ledger::BEGUN);
    for appends in AppendRecord::of(plan) {
        contents.record(&plan.key, &appends.entry());
    }
    Ok(())
}

fn take_back(contents: &mut Contents, load_id: &str, appends: &AppendRecord) {
    let (Some(column), Some(table)) = (&appends.load_id, contents.tables.get_mut(&appends.table)) else {
        return;
    };
    table.rows.retain(|row| row.get(column) != Some(&json!(load_id)));
}

/// Removes the rows of a nested table whose parents are not there.
fn remove_orphans(contents: &mut Contents, appends: &AppendRecord) {
    let (None, Some(link)) = (&appends.load_id, &appends.parent) else { return };
    let parents = contents.tables.get(&link.table).map_or(&[][..], |table| &table.rows);
    let keys: Vec<Value> = parents.iter().filter_map(|row| row.get(&link.row_key).cloned()).collect();
    if let Some(table) = contents.tables.get_mut(&appends.table) {
        table.rows.retain(|row| row.get(&link.parent_key).is_some_and(|key| keys.contains(key)));
    }
}

pub(crate) fn prepare(contents: &mut Contents, plan: &LoadPlan) -> Result<PreparedLoad> {
    if !plan.drop.is_empty() && !contents.has(&plan.key, ledger::DROP) {
        for table in &plan.drop {
            contents.tables.shift_remove(table);
        }
        if let Some(versions) = contents.tables.get_mut(system::VERSION_TABLE) {
            versions.rows.retain(|row| row.get("schema_name") != Some(&json!(plan.schema.name)));
        }
        contents.record(&plan.key, ledger::DROP);
    }
    let mut changes = PreparedLoad::default();
    for table in &plan.tables {
        migrate(contents, plan, &table.name, &mut changes)?;
        if table.staged {
            contents.staged.entry((plan.key.clone(), table.name.clone())).or_default();
        }
    }
    store_version(contents, plan);
    if !plan.truncate.is_empty() && !contents.has(&plan.key, ledger::TRUNCATE) {
        for table in &plan.truncate {
            if let Some(table) = contents.tables.get_mut(table) {
                table.rows.clear();
            }
        }
        contents.record(&plan.key, ledger::TRUNCATE);
    }
    Ok(changes)
}

fn migrate(contents: &mut Contents, plan: &LoadPlan, name: &str, changes: &mut PreparedLoad) -> Result<()> {
    let wanted = plan
        .schema
        .tables
        .get(name)
        .ok_or_else(|| Error::invalid(format!("table {name} is not in schema {}", plan.schema.name)))?;
    let is_new = !contents.tables.contains_key(name);
    let table = contents.tables.entry(name.to_owned()).or_default();
    for column in wanted.complete_columns() {
        if table.columns.iter().any(|(known, _)| *known == column.name) {
            continue;
        }
        if !column.is_nullable() && !table.rows.is_empty() {
            let message =
                format!("column {} must not be null, but table {name} has rows already", column.name);
            return Err(Error::terminal(message));
        }
        let data_type = column.data_type.map(|data_type| data_type.to_string()).unwrap_or_default();
        table.columns.push((column.name.clone(), data_type));
        if !column.is_nullable() {
            table.not_null.insert(column.name.clone());
        }
        if !is_new {
            changes.added.push((name.to_owned(), column.name.clone()));
        }
    }
    if is_new {
        changes.created.push(name.to_owned());
    }
    Ok(())
}

fn store_version(contents: &mut Contents, plan: &LoadPlan) {
    let hash = plan.schema.version_hash.clone();
    let versions = contents.tables.entry(system::VERSION_TABLE.to_owned()).or_default();
    if versions.rows.iter().any(|row| row.get("version_hash") == Some(&json!(hash))) {
        return;
    }
    versions.rows.push(object(json!({
        "version": plan.schema.version,
        "engine_version": plan.schema.engine_version,
        "inserted_at": plan.now_micros,
        "schema_name": plan.schema.name,
        "version_hash": hash,
        "schema": &*plan.schema_document,
    })));
}

pub(crate) fn complete(contents: &mut Contents, commit: &LoadCommit) -> Result<()> {
    if contents.is_complete(&commit.key) && !contents.has(&commit.key, ledger::BEGUN) {
        return Ok(());
    }
    contents.check_in_flight(&commit.key)?;
    commit.base.check(&commit.key, contents.newest_state(&commit.key.pipeline).as_ref())?;
    let loads = contents.tables.entry(system::LOADS_TABLE.to_owned()).or_default();
    if !loads.rows.iter().any(|row| row.get("load_id") == Some(&json!(commit.key.load_id))) {
        loads.rows.push(object(json!({
            "load_id": commit.key.load_id,
            "schema_name": commit.schema.name,
            "status": 0,
            "inserted_at": commit.now_micros,
            "schema_version_hash": commit.schema.version_hash,
        })));
    }
    contents.staged.retain(|(load, _), _| *load != commit.key);
    contents.forget(&commit.key.pipeline, |id| id == commit.key.load_id);
    Ok(())
}

fn object(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}
