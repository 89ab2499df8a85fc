//! Which resources take part, and which table each writes to.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cartage_incremental::CursorSettings;
use cartage_schema::hints::ResourceHints;
use cartage_schema::{Naming, Schema, Table, WriteDisposition};
use cartage_source_api::{Producer, Resource, Resume, RouteScope, Source};

use crate::ExtractError;
use crate::hinted_tables::HintedTables;
use crate::settings::ExtractSettings;
use crate::split_policy::{DestinationWrites, SplitPolicy};

/// The resources that take part, and their producers in the same order.
pub(crate) type Plan = (Vec<Planned>, Vec<Box<dyn Producer>>);

/// When a resource can be extracted again without doubling rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeatable {
    Never,
    /// What it remembers is forgotten at its end.
    BeforeItsEnd,
    Always,
}

impl Repeatable {
    /// Whether it can be as it stands.
    pub(crate) fn is_now(self, has_ended: bool) -> bool {
        self == Self::Always || self == Self::BeforeItsEnd && !has_ended
    }
}

/// A resource that takes part.
pub(crate) struct Planned {
    pub(crate) name: String,
    pub(crate) hints: ResourceHints,
    /// The table of its own, to which rows go unless a page says otherwise.
    pub(crate) target: Arc<HintedTables>,
    /// How far its pages may go.
    route_scope: RouteScope,
    /// Whether its rows in columns get ids.
    pub(crate) takes_row_ids: bool,
    /// Whether a later run goes on only after pages with a checkpoint.
    pub(crate) has_checkpoints: bool,
    /// When extracting it again cannot double rows.
    pub(crate) repeatable: Repeatable,
    /// From where a later run goes on with the state of this one.
    resume: Resume,
    /// Whether its rows may be published before it has ended.
    pub(crate) cut: SplitPolicy,
    /// The table at the top of its tables.
    pub(crate) root: String,
    /// How it loads only what is new; taken when the cursor is bound to the state.
    pub(crate) cursor: Option<CursorSettings>,
    /// Where in the plan its parent is.
    pub(crate) parent: Option<usize>,
    /// It runs only for its children: its rows go to no table, and its state stays as it is.
    pub(crate) is_hidden: bool,
}

impl Planned {
    /// Makes a resource the child of another one. What a cursor of its own has seen says nothing before the end:
    /// rows of a later parent may lie before those of an earlier one. Without one it goes on where its parent does,
    /// because rows that were made of what does not come again do not come again either.
    fn follow(&mut self, at: usize, parent: &Self) {
        self.parent = Some(at);
        if self.has_checkpoints {
            // Its checkpoints are told in the order of the parent's pages.
            return;
        }
        // Where a hidden parent has come to is forgotten.
        let of_parent = if parent.is_hidden { Resume::Never } else { parent.resume };
        self.resume = self.resume.min(Resume::AtEnd);
        if self.cursor.is_none() {
            self.resume = self.resume.max(of_parent);
        }
        if self.repeatable == Repeatable::Never && of_parent > Resume::Never {
            self.repeatable = Repeatable::Always;
        }
    }
}

/// Finds out which resources may be cut, once the schema is ready.
pub(crate) fn plan_cuts(planned: &mut [Planned], schema: &Schema, writes: &DestinationWrites) {
    let roots = roots(planned, schema);
    let cut_of = |one: &Planned, resume| {
        let known = schema.tables.get(&one.target.table);
        let tables: Vec<&Table> = std::iter::once(one.target.root()).chain(known).collect();
        SplitPolicy::of(&tables, resume, &writes.for_resource(one.target.replace_strategy))
    };
    // A checkpoint speaks for all of a parent: where one of them cannot go on there, none can.
    let held_up: HashSet<usize> = planned
        .iter()
        .filter(|one| one.has_checkpoints && !goes_on_in_the_middle(one, cut_of(one, one.resume)))
        .filter_map(|one| one.parent)
        .collect();
    for (one, root) in planned.iter_mut().zip(roots) {
        let is_held_up = one.has_checkpoints && one.parent.is_some_and(|parent| held_up.contains(&parent));
        if is_held_up {
            one.resume = one.resume.min(Resume::AtEnd);
        }
        let cut = match cut_of(one, one.resume) {
            SplitPolicy::WithState if is_held_up => SplitPolicy::StateAtEnd,
            cut => cut,
        };
        // Where the table is a child table, how its rows are written is decided there.
        let cut = if root == one.target.table { cut } else { SplitPolicy::WholeTable };
        one.cut = match (one.route_scope, cut) {
            // Which tables are written is known when the rows come.
            (RouteScope::OtherHints, _) | (RouteScope::OtherTables, SplitPolicy::WholeTable) => {
                SplitPolicy::WholeRun
            }
            _ => cut,
        };
        one.root = root;
    }
    // Resources that share a table share its fate, and the hints of which one count is seen later.
    let mut dispositions: HashMap<&str, WriteDisposition> = HashMap::new();
    let mut at_once: HashSet<String> = HashSet::new();
    for one in &*planned {
        let first = *dispositions.entry(&one.root).or_insert(one.target.disposition);
        if one.cut == SplitPolicy::WholeTable || one.target.disposition != first {
            at_once.insert(one.root.clone());
        }
    }
    for one in
        planned.iter_mut().filter(|one| one.cut != SplitPolicy::WholeRun && at_once.contains(&one.root))
    {
        one.cut = SplitPolicy::WholeTable;
    }
}

/// Whether a later run can go on where a package ends in the middle of a resource. A table that is replaced needs all rows
/// of one run.
fn goes_on_in_the_middle(one: &Planned, cut: SplitPolicy) -> bool {
    cut == SplitPolicy::WithState && one.target.disposition != WriteDisposition::Replace
}

/// The table at the top of the chain of each resource's table.
fn roots(planned: &[Planned], schema: &Schema) -> Vec<String> {
    let mut hinted: HashMap<&str, &Table> = HashMap::new();
    for table in planned.iter().flat_map(|one| &one.target.tables) {
        hinted.entry(&table.name).or_insert(table);
    }
    let parent = |name: &str| {
        let table = hinted.get(name).copied().or_else(|| schema.tables.get(name));
        table.and_then(|table| table.parent.as_deref())
    };
    let root = |one: &Planned| {
        let mut name = one.target.table.as_str();
        // No chain is longer than there are tables, unless it bites its own tail.
        for _ in 0..=schema.tables.len() + planned.len() {
            match parent(name) {
                Some(above) => name = above,
                None => break,
            }
        }
        name.to_owned()
    };
    planned.iter().map(root).collect()
}

/// Picks the resources that take part, in the order of the source, and the parents that they need.
pub(crate) fn plan(
    source: Source,
    settings: &ExtractSettings,
    naming: &Naming,
) -> Result<Plan, ExtractError> {
    check_names(&source, settings.resources.as_deref())?;
    let roles = roles(&source, settings.resources.as_deref())?;
    let mut pairs: Vec<(Planned, Box<dyn Producer>)> = Vec::new();
    for (resource, role) in source.resources.into_iter().zip(roles) {
        if role == Role::Absent {
            continue;
        }
        let parent = resource.parent.clone();
        let keeps_discarded = source.schema.quarantine.unwrap_or(false);
        let (mut planned, producer) = one(&source.name, pairs.len(), keeps_discarded, resource, naming)?;
        planned.is_hidden = role == Role::Hidden;
        let place = |parent: String| pairs.iter().position(|(earlier, _)| earlier.name == parent);
        if let Some(at) = parent.and_then(place) {
            planned.follow(at, &pairs[at].0);
        }
        pairs.push((planned, producer));
    }
    Ok(pairs.into_iter().unzip())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Absent,
    /// It takes part because a child needs its rows.
    Hidden,
    Present,
}

/// What each resource does in this run.
fn roles(source: &Source, wanted: Option<&[String]>) -> Result<Vec<Role>, ExtractError> {
    let wanted: Option<HashSet<&String>> = wanted.map(|names| names.iter().collect());
    let is_present = |resource: &Resource| {
        wanted.as_ref().map_or(resource.selected, |names| names.contains(&resource.name))
    };
    let mut roles: Vec<Role> = source
        .resources
        .iter()
        .map(|resource| if is_present(resource) { Role::Present } else { Role::Absent })
        .collect();
    // Parents stand before their children, so that the way back meets every need.
    for at in (0..roles.len()).rev() {
        let resource = &source.resources[at];
        let Some(parent) = &resource.parent else { continue };
        let place = source.resources[..at].iter().position(|earlier| earlier.name == *parent);
        let place = place.ok_or_else(|| ExtractError::Hints {
            source_name: source.name.clone(),
            resource: resource.name.clone(),
            reason: format!("its parent `{parent}` is not a resource before it"),
        })?;
        if roles[at] != Role::Absent && roles[place] == Role::Absent {
            roles[place] = Role::Hidden;
        }
    }
    Ok(roles)
}

fn check_names(source: &Source, wanted: Option<&[String]>) -> Result<(), ExtractError> {
    let names: Vec<&str> = source.resources.iter().map(|resource| resource.name.as_str()).collect();
    let mut known = HashSet::with_capacity(names.len());
    if let Some(twice) = names.iter().find(|name| !known.insert(**name)) {
        return Err(ExtractError::DuplicateResource {
            source_name: source.name.clone(),
            resource: (*twice).to_owned(),
        });
    }
    match wanted.into_iter().flatten().find(|name| !known.contains(name.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(ExtractError::UnknownResource {
            source_name: source.name.clone(),
            resource: unknown.clone(),
            known: if names.is_empty() { "none".to_owned() } else { names.join(", ") },
        }),
    }
}

fn one(
    source: &str,
    at: usize,
    keeps_discarded: bool,
    resource: Resource,
    naming: &Naming,
) -> Result<(Planned, Box<dyn Producer>), ExtractError> {
    let Resource { name, hints, producer, .. } = resource;
    let unusable = |reason: String| ExtractError::Hints {
        source_name: source.to_owned(),
        resource: name.clone(),
        reason,
    };
    let target = HintedTables::new(at, &name, &hints, naming, keeps_discarded).map_err(unusable)?;
    let cursor = CursorSettings::from_hints(&hints).map_err(unusable)?;
    let resume = match &cursor {
        Some(cursor) if cursor.keeps_state() => cursor.resume(),
        _ => producer.resume(),
    };
    let route_scope = producer.route_scope();
    let takes_row_ids = producer.takes_row_ids();
    let has_checkpoints = producer.has_checkpoints();
    let has_cursor = cursor.as_ref().is_some_and(CursorSettings::keeps_state);
    let replaces_itself = match target.disposition {
        // What pages do by hints of their own is not known before they come.
        _ if route_scope == RouteScope::OtherHints => false,
        WriteDisposition::Replace => true,
        WriteDisposition::Merge => has_keys(target.root()),
        _ => false,
    };
    let repeatable = if replaces_itself {
        Repeatable::Always
    } else if resume == Resume::Never {
        Repeatable::Never
    } else if has_cursor || !producer.starts_over() {
        Repeatable::Always
    } else {
        Repeatable::BeforeItsEnd
    };
    let planned = Planned {
        root: target.table.clone(),
        target: Arc::new(target),
        cut: SplitPolicy::AtEnd,
        name,
        hints,
        route_scope,
        takes_row_ids,
        has_checkpoints,
        repeatable,
        resume,
        cursor,
        parent: None,
        is_hidden: false,
    };
    Ok((planned, producer))
}

fn has_keys(table: &Table) -> bool {
    !(table.primary_key().is_empty() && table.merge_key().is_empty())
}
