//! What a refresh drops: computed here, done by load, and undone in schema and state at once.

use cartage_package_store::{Refresh, RefreshTables};
use cartage_schema::{Schema, SchemaError, Table};
use cartage_state::PipelineState;

/// Resets schema and state as the refresh wants it. `None` where nothing at the destination is concerned,
/// as in the first run of a source. A source that `inherits` its schema keeps dlt's own tables in it.
pub(crate) fn refresh(
    mode: Refresh,
    resources: &[&str],
    inherits: bool,
    schema: &mut Schema,
    state: &mut PipelineState,
) -> Result<Option<RefreshTables>, SchemaError> {
    if schema.version_hash.is_none() {
        return Ok(None);
    }
    let mut tables = RefreshTables { mode, drop_tables: Vec::new(), truncate_tables: Vec::new() };
    match mode {
        Refresh::DropSources => {
            let all: Vec<&Table> = schema.data_tables().collect();
            tables.drop_tables = existing(&all).rev().collect();
            if inherits {
                let names: Vec<String> = all.iter().map(|table| table.name.clone()).collect();
                schema.drop_tables(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
            } else {
                *schema = fresh(schema)?;
            }
            state.empty_source(&schema.name);
        }
        Refresh::DropResources => {
            let chains = chains(schema, resources);
            tables.drop_tables = existing(&chains).rev().collect();
            let names: Vec<String> = chains.iter().map(|table| table.name.clone()).collect();
            schema.drop_tables(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        Refresh::DropData => tables.truncate_tables = existing(&chains(schema, resources)).collect(),
    }
    for resource in resources {
        state.empty_resource(&schema.name, resource);
    }
    if !tables.drop_tables.is_empty() {
        // As in dlt, so that the schema has the table of the state again.
        state.force_extract();
    }
    let concerns_nothing = tables.drop_tables.is_empty() && tables.truncate_tables.is_empty();
    Ok((!concerns_nothing).then_some(tables))
}

/// The tables of the resources, each followed by those below it.
fn chains<'a>(schema: &'a Schema, resources: &[&str]) -> Vec<&'a Table> {
    let is_root = |table: &&Table| {
        let resource = table.resource.as_deref();
        !table.is_nested() && resource.is_some_and(|resource| resources.contains(&resource))
    };
    let nesting = schema.nesting();
    schema.data_tables().filter(is_root).flat_map(|root| nesting.chain(&root.name)).collect()
}

/// Names of the tables that a destination can have.
fn existing<'a>(tables: &'a [&'a Table]) -> impl DoubleEndedIterator<Item = String> + 'a {
    tables.iter().filter(|table| !table.is_new()).map(|table| table.name.clone())
}

/// A schema without tables that starts to count again. It still knows what came before it, so that normalize sees
/// that nothing was found since. What is not a property of the data stays: naming, settings, contract.
fn fresh(schema: &Schema) -> Result<Schema, SchemaError> {
    let mut fresh = Schema::new(&schema.name, schema.naming_kind())?;
    fresh.previous_hashes.clone_from(&schema.previous_hashes);
    schema.version_hash.iter().for_each(|hash| fresh.remember_hash(hash.clone()));
    fresh.settings = schema.settings.clone();
    fresh.appends_merges = schema.appends_merges;
    fresh.normalizers.use_break_path_on_normalize = schema.normalizers.use_break_path_on_normalize;
    fresh.normalizers.allow_identifier_change_on_table_with_data =
        schema.normalizers.allow_identifier_change_on_table_with_data;
    fresh.normalizers.set_max_nesting(configured_nesting(schema));
    fresh.normalizers.set_root_key_propagation(schema.normalizers.root_key_propagation());
    Ok(fresh)
}

fn configured_nesting(schema: &Schema) -> Option<u32> {
    let levels = schema.normalizers.max_nesting();
    (levels != cartage_schema::DEFAULT_MAX_NESTING).then_some(levels)
}
