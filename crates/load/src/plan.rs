//! Makes the plan of a load from the package and the destination's capabilities, or says why not.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use cartage_destinations_api::merge_options::check_merge;
use cartage_destinations_api::{
    Capabilities, Chain, ColumnRef, Error as DestinationError, FollowUp, IdentifierCase, LoadKey, LoadPlan,
    TablePlan,
};
use cartage_schema::{IdentifierLimits, ReplaceStrategy, Schema, Table, WriteDisposition};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::job::LoadJob;

/// What a `refresh` does at the destination, written by extract as `refresh` into the settings of the
/// package and handed on by normalize.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefreshCommands {
    /// Tables that are dropped with their data.
    pub drop_tables: Vec<String>,
    /// Tables that are emptied.
    pub truncate_tables: Vec<String>,
}

impl RefreshCommands {
    /// The key in the settings of a package.
    pub const KEY: &'static str = "refresh";

    /// Reads them from the settings of a package; none where there are none.
    ///
    /// # Errors
    /// What is there is something else.
    pub fn read(settings: &Value) -> Result<Self, serde_json::Error> {
        match settings.get(Self::KEY) {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(value) => serde_json::from_value(value.clone()),
        }
    }
}

/// Everything that a plan is made of.
pub(crate) struct Ingredients<'a> {
    pub(crate) key: LoadKey,
    pub(crate) schema: Arc<Schema>,
    pub(crate) schema_document: Arc<str>,
    pub(crate) jobs: &'a [LoadJob],
    pub(crate) refresh: RefreshCommands,
    /// Columns that get wider types.
    pub(crate) widen: Vec<ColumnRef>,
    /// How tables are replaced, by root table, where their resources say so.
    pub(crate) replace_strategies: BTreeMap<String, ReplaceStrategy>,
    /// Root tables that an earlier package of the same run has replaced: their rows are added.
    pub(crate) continues: BTreeSet<String>,
    pub(crate) capabilities: &'a Capabilities,
    pub(crate) now_micros: i64,
}

/// How the tables of one root are written.
enum Writing {
    Append,
    Truncate,
    Staged(FollowUp),
}

/// Makes the plan.
///
/// # Errors
/// Invalid, naming the table: nothing has been done then.
pub(crate) fn make(ingredients: Ingredients<'_>) -> Result<LoadPlan, DestinationError> {
    let Ingredients {
        key,
        schema,
        schema_document,
        jobs,
        refresh,
        widen,
        replace_strategies,
        continues,
        capabilities,
        now_micros,
    } = ingredients;
    check_names(&schema, capabilities)?;
    check_formats(jobs, capabilities)?;
    check_widening(&widen, capabilities)?;

    let with_jobs: BTreeSet<&str> = jobs.iter().map(|job| job.table.as_str()).collect();
    let mut roots: BTreeMap<&str, Writing> = BTreeMap::new();
    for name in &with_jobs {
        let root = root_of(&schema, name)?;
        if !roots.contains_key(root.name.as_str()) {
            let asked = replace_strategies.get(&root.name).copied();
            let is_continued = continues.contains(&root.name)
                && schema.write_disposition(&root.name) == WriteDisposition::Replace;
            let writing =
                if is_continued { Writing::Append } else { writing(&schema, root, asked, capabilities)? };
            roots.insert(&root.name, writing);
        }
    }

    let mut plan = LoadPlan::new(key, Arc::clone(&schema), schema_document, now_micros);
    plan.drop = refresh.drop_tables;
    plan.widen = widen;
    plan.truncate = refresh.truncate_tables;
    plan.bytes = jobs.iter().map(|job| job.bytes).sum();
    plan.jobs = jobs.iter().map(|job| job.name.job_id().to_string()).collect();
    let system = [schema.version_table_name(), schema.loads_table_name()];
    plan.tables = system.iter().map(TablePlan::direct).collect();
    for table in schema.tables.values() {
        if system.contains(&table.name) || table.is_new() {
            continue;
        }
        let Some(writing) = schema.root_of(&table.name).and_then(|root| roots.get(root.name.as_str())) else {
            continue;
        };
        let takes_part = match writing {
            Writing::Append => with_jobs.contains(table.name.as_str()),
            Writing::Truncate | Writing::Staged(_) => {
                with_jobs.contains(table.name.as_str()) || table.has_seen_data()
            }
        };
        if !takes_part {
            continue;
        }
        match writing {
            Writing::Append => plan.tables.push(TablePlan::direct(&table.name)),
            Writing::Staged(_) => plan.tables.push(TablePlan::staged(&table.name)),
            Writing::Truncate => {
                plan.tables.push(TablePlan::direct(&table.name));
                if !plan.truncate.contains(&table.name) {
                    plan.truncate.push(table.name.clone());
                }
            }
        }
    }
    plan.chains = chains(&schema, &roots, &plan);
    Ok(plan)
}

/// Chains of staged roots; of each, the tables that the plan has, parents first.
fn chains(schema: &Schema, roots: &BTreeMap<&str, Writing>, plan: &LoadPlan) -> Vec<Chain> {
    let staged = roots.iter().filter_map(|(root, writing)| match writing {
        Writing::Staged(follow_up) => Some((*root, *follow_up)),
        Writing::Append | Writing::Truncate => None,
    });
    let nesting = schema.nesting();
    let planned: HashSet<&str> = plan.tables.iter().map(|table| table.name.as_str()).collect();
    staged
        .map(|(root, follow_up)| {
            let tables = nesting.chain(root).into_iter().map(|table| table.name.clone());
            Chain::new(root, tables.filter(|table| planned.contains(table.as_str())).collect(), follow_up)
        })
        .collect()
}

fn root_of<'a>(schema: &'a Schema, table: &str) -> Result<&'a Table, DestinationError> {
    schema.root_of(table).ok_or_else(|| {
        DestinationError::corrupt(format!("table {table} has jobs but is not in schema {}", schema.name))
    })
}

fn writing(
    schema: &Schema,
    root: &Table,
    asked: Option<ReplaceStrategy>,
    capabilities: &Capabilities,
) -> Result<Writing, DestinationError> {
    let table = format!("table {}", root.name);
    match schema.write_disposition(&root.name) {
        WriteDisposition::Append => Ok(Writing::Append),
        WriteDisposition::Replace => {
            match capabilities.replace_strategy(asked).map_err(|error| error.context(&table))? {
                ReplaceStrategy::TruncateAndInsert => Ok(Writing::Truncate),
                staged => Ok(Writing::Staged(FollowUp::Replace(staged))),
            }
        }
        WriteDisposition::Merge => merging(schema, root, capabilities).map_err(|error| error.context(&table)),
        other @ WriteDisposition::Skip => {
            let destination = &capabilities.destination;
            Err(DestinationError::invalid(format!(
                "{table} has write disposition '{other}', which {destination} cannot load"
            ))
            .with_remedy("use append or replace for this resource"))
        }
    }
}

fn merging(schema: &Schema, root: &Table, capabilities: &Capabilities) -> Result<Writing, DestinationError> {
    let Some(strategy) = capabilities.merge_strategy(schema.merge_strategy(&root.name))? else {
        let destination = &capabilities.destination;
        tracing::warn!(table = %root.name, "{destination} cannot merge, the rows are appended");
        return Ok(Writing::Append);
    };
    for warning in check_merge(root, strategy)? {
        tracing::warn!(table = %root.name, "{warning}");
    }
    Ok(Writing::Staged(FollowUp::Merge(strategy)))
}

fn check_names(schema: &Schema, capabilities: &Capabilities) -> Result<(), DestinationError> {
    let limits = IdentifierLimits {
        table_length: capabilities.max_identifier_length,
        column_length: capabilities.max_column_identifier_length,
        case_sensitive: capabilities.identifier_case == IdentifierCase::Sensitive,
    };
    schema.verify_identifiers(&limits).map_err(|cause| {
        DestinationError::invalid(format!("{} cannot hold these names: {cause}", capabilities.destination))
            .with_remedy("rename the tables or columns, or use another naming_convention")
    })
}

fn check_widening(widen: &[ColumnRef], capabilities: &Capabilities) -> Result<(), DestinationError> {
    match widen.first() {
        Some(place) if !capabilities.widens_columns => Err(DestinationError::invalid(format!(
            "{} cannot change the type of column {} of table {}",
            capabilities.destination, place.column, place.table
        ))
        .with_remedy(
            "leave the column as it is: values that it cannot hold go to a variant column beside it",
        )),
        _ => Ok(()),
    }
}

fn check_formats(jobs: &[LoadJob], capabilities: &Capabilities) -> Result<(), DestinationError> {
    for job in jobs {
        let format = job.name.format().as_str().parse()?;
        capabilities.file_format(Some(format)).map_err(|error| error.context(format!("job {}", job.name)))?;
    }
    Ok(())
}
