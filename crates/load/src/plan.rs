//! Makes the plan of a load from the package and the destination's capabilities, or says why not.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use cartage_destinations_api::merge_options::check_merge;
use cartage_destinations_api::{
    Capabilities, Chain, ColumnRef, Error as DestinationError, FollowUp, IdentifierCase, LoadKey, LoadPlan,
    TablePlan,
};
use cartage_schema::{IdentifierLimits, ReplaceStrategy, Schema, Table, WriteDisposition};

use crate::handoff::Handoff;
use crate::job::LoadJob;

/// Everything that a plan is made of.
pub(crate) struct PlanInput<'a> {
    pub(crate) key: LoadKey,
    pub(crate) schema: Arc<Schema>,
    pub(crate) schema_document: Arc<str>,
    pub(crate) jobs: &'a [LoadJob],
    pub(crate) handoff: Handoff,
    pub(crate) capabilities: &'a Capabilities,
    pub(crate) now_micros: i64,
}

/// How the tables of one root are written.
enum WriteMode {
    Append,
    Truncate,
    Staged(FollowUp),
}

/// Makes the plan.
///
/// # Errors
/// Invalid, naming the table: nothing has been done then.
pub(crate) fn make(ingredients: PlanInput<'_>) -> Result<LoadPlan, DestinationError> {
    let PlanInput { key, schema, schema_document, jobs, handoff, capabilities, now_micros } = ingredients;
    let Handoff { refresh, widen, replace_strategies, continues } = handoff;
    check_names(&schema, capabilities)?;
    check_formats(jobs, capabilities)?;
    check_widening(&widen, capabilities)?;

    let with_jobs: BTreeSet<&str> = jobs.iter().map(|job| job.table.as_str()).collect();
    let mut roots: BTreeMap<&str, WriteMode> = BTreeMap::new();
    for name in &with_jobs {
        let root = root_of(&schema, name)?;
        if !roots.contains_key(root.name.as_str()) {
            let asked = replace_strategies.get(&root.name).copied();
            let is_continued = continues.contains(&root.name)
                && schema.write_disposition(&root.name) == WriteDisposition::Replace;
            let writing =
                if is_continued { WriteMode::Append } else { writing(&schema, root, asked, capabilities)? };
            roots.insert(&root.name, writing);
        }
    }

    let mut plan = LoadPlan::new(key, Arc::clone(&schema), schema_document, now_micros);
    if let Some(refresh) = refresh {
        plan.drop = refresh.drop_tables;
        plan.truncate = refresh.truncate_tables;
    }
    plan.widen = widen;
    plan.bytes = jobs.iter().map(|job| job.bytes).sum();
    plan.jobs = jobs.iter().map(|job| job.name.job_id()).collect();
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
            WriteMode::Append => with_jobs.contains(table.name.as_str()),
            WriteMode::Truncate | WriteMode::Staged(_) => {
                with_jobs.contains(table.name.as_str()) || table.has_seen_data()
            }
        };
        if !takes_part {
            continue;
        }
        match writing {
            WriteMode::Append => plan.tables.push(TablePlan::direct(&table.name)),
            WriteMode::Staged(_) => plan.tables.push(TablePlan::staged(&table.name)),
            WriteMode::Truncate => {
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
fn chains(schema: &Schema, roots: &BTreeMap<&str, WriteMode>, plan: &LoadPlan) -> Vec<Chain> {
    let staged = roots.iter().filter_map(|(root, writing)| match writing {
        WriteMode::Staged(follow_up) => Some((*root, *follow_up)),
        WriteMode::Append | WriteMode::Truncate => None,
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
) -> Result<WriteMode, DestinationError> {
    let table = format!("table {}", root.name);
    match schema.write_disposition(&root.name) {
        WriteDisposition::Append => Ok(WriteMode::Append),
        WriteDisposition::Replace => {
            match capabilities.replace_strategy(asked).map_err(|error| error.context(&table))? {
                ReplaceStrategy::TruncateAndInsert => Ok(WriteMode::Truncate),
                staged => Ok(WriteMode::Staged(FollowUp::Replace(staged))),
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

fn merging(
    schema: &Schema,
    root: &Table,
    capabilities: &Capabilities,
) -> Result<WriteMode, DestinationError> {
    let Some(strategy) = capabilities.merge_strategy(schema.merge_strategy(&root.name))? else {
        let destination = &capabilities.destination;
        tracing::warn!(table = %root.name, "{destination} cannot merge, the rows are appended");
        return Ok(WriteMode::Append);
    };
    for warning in check_merge(root, strategy)? {
        tracing::warn!(table = %root.name, "{warning}");
    }
    Ok(WriteMode::Staged(FollowUp::Merge(strategy)))
}

fn check_names(schema: &Schema, capabilities: &Capabilities) -> Result<(), DestinationError> {
    let limits = IdentifierLimits {
        table_length: capabilities.names.max_identifier_length,
        column_length: capabilities.names.max_column_identifier_length,
        case_sensitive: capabilities.names.identifier_case == IdentifierCase::Sensitive,
    };
    schema.verify_identifiers(&limits).map_err(|cause| {
        DestinationError::invalid(format!("{} cannot hold these names: {cause}", capabilities.destination))
            .with_remedy("rename the tables or columns, or use another naming_convention")
    })
}

fn check_widening(widen: &[ColumnRef], capabilities: &Capabilities) -> Result<(), DestinationError> {
    match widen.first() {
        Some(place) if !capabilities.tables.widens_columns => Err(DestinationError::invalid(format!(
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
        let format = Some(job.name.format());
        capabilities.file_format(format).map_err(|error| error.context(format!("job {}", job.name)))?;
    }
    Ok(())
}
