//! Which resources take part, and which table each writes to.

use cartage_schema::hints::WriteDispositionConfig;
use cartage_schema::{Naming, ReplaceStrategy, Schema, Table, WriteDisposition};

use crate::ExtractError;
use crate::checkpoint::{Cut, Ways};
use crate::incremental::CursorSettings;
use crate::producer::{Producer, Resume};
use crate::settings::ExtractSettings;
use crate::source::{Resource, Source};

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
    /// Its root table as the hints make it, and those of its nested hints.
    pub(crate) tables: Vec<Table>,
    /// Normalized name of its root table.
    pub(crate) table: String,
    pub(crate) disposition: WriteDisposition,
    /// How its table is replaced, where the resource says so.
    pub(crate) replace_strategy: Option<ReplaceStrategy>,
    /// When extracting it again cannot double rows.
    pub(crate) repeatable: Repeatable,
    /// From where a later run goes on with the state of this one.
    resume: Resume,
    /// Whether its rows may be published before it has ended.
    pub(crate) cut: Cut,
    /// The table at the top of its tables.
    pub(crate) root: String,
    /// How it loads only what is new; taken when the cursor is bound to the state.
    pub(crate) cursor: Option<CursorSettings>,
    /// Where in the plan its parent is.
    pub(crate) parent: Option<usize>,
    /// It runs only for its children: its rows go to no table, and its state stays as it is.
    pub(crate) is_hidden: bool,
    /// Whether what contracts discard of its rows is kept.
    pub(crate) keeps_discarded: bool,
}

/// Finds out which resources may be cut, once the schema is ready.
pub(crate) fn plan_cuts(planned: &mut [Planned], schema: &Schema, ways: &Ways) {
    for resource in 0..planned.len() {
        let root = root_of(planned, schema, &planned[resource].table);
        let one = &mut planned[resource];
        let known = schema.tables.get(&one.table);
        let tables: Vec<&Table> = one.tables.first().into_iter().chain(known).collect();
        one.cut = Cut::of(&tables, one.resume, &ways.for_resource(one.replace_strategy));
        if root != one.table {
            // How its rows are written is decided elsewhere.
            one.cut = Cut::TableAtOnce;
        }
        one.root = root;
    }
    // Resources that share a table share its fate, and the hints of which one count is seen later.
    for resource in 0..planned.len() {
        let one = &planned[resource];
        let clashes = |other: &Planned| {
            other.root == one.root && (other.cut == Cut::TableAtOnce || other.disposition != one.disposition)
        };
        if planned.iter().any(clashes) {
            planned[resource].cut = Cut::TableAtOnce;
        }
    }
}

fn root_of(planned: &[Planned], schema: &Schema, table: &str) -> String {
    let hinted = |name: &str| planned.iter().flat_map(|one| &one.tables).find(|table| table.name == name);
    let mut name = table;
    // No chain is longer than there are tables, unless it bites its own tail.
    for _ in 0..=schema.tables.len() + planned.len() {
        let parent =
            hinted(name).or_else(|| schema.tables.get(name)).and_then(|table| table.parent.as_deref());
        match parent {
            Some(parent) => name = parent,
            None => break,
        }
    }
    name.to_owned()
}

/// Picks the resources that take part, in the order of the source, and the parents that they need.
pub(crate) fn plan(
    source: Source,
    settings: &ExtractSettings,
    naming: &Naming,
) -> Result<Plan, ExtractError> {
    check_names(&source, settings.resources.as_deref())?;
    let roles = roles(&source, settings.resources.as_deref())?;
    let mut names: Vec<String> = Vec::new();
    let mut pairs = Vec::new();
    for (resource, role) in source.resources.into_iter().zip(roles) {
        if role == Role::Absent {
            continue;
        }
        let parent = resource.parent.clone();
        let (mut planned, producer) = one(&source.name, source.schema.quarantine, resource, naming)?;
        planned.is_hidden = role == Role::Hidden;
        planned.parent = parent.and_then(|parent| names.iter().position(|name| *name == parent));
        names.push(planned.name.clone());
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
    let is_present =
        |resource: &Resource| wanted.map_or(resource.selected, |names| names.contains(&resource.name));
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
            reason: format!("its parent `{parent}` is no resource that stands before it"),
        })?;
        if roles[at] != Role::Absent && roles[place] == Role::Absent {
            roles[place] = Role::Hidden;
        }
    }
    Ok(roles)
}

fn check_names(source: &Source, wanted: Option<&[String]>) -> Result<(), ExtractError> {
    let names: Vec<&str> = source.resources.iter().map(|resource| resource.name.as_str()).collect();
    if let Some(twice) = (1..names.len()).find(|position| names[..*position].contains(&names[*position])) {
        return Err(ExtractError::DuplicateResource {
            source_name: source.name.clone(),
            resource: names[twice].to_owned(),
        });
    }
    match wanted.into_iter().flatten().find(|name| !names.contains(&name.as_str())) {
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
    keeps_discarded: Option<bool>,
    resource: Resource,
    naming: &Naming,
) -> Result<(Planned, Box<dyn Producer>), ExtractError> {
    let Resource { name, hints, producer, .. } = resource;
    let unusable = |reason: String| ExtractError::Hints {
        source_name: source.to_owned(),
        resource: name.clone(),
        reason,
    };
    let tables = hints.to_tables(&name, naming).map_err(|error| unusable(error.to_string()))?;
    let root = tables.first().ok_or_else(|| unusable("they make no table".to_owned()))?;
    let cursor = CursorSettings::from_hints(&hints).map_err(unusable)?;
    let disposition = root.write_disposition.unwrap_or(WriteDisposition::Append);
    let resume = match &cursor {
        Some(cursor) if cursor.keeps_state() => cursor.resume(),
        _ => producer.resume(),
    };
    let has_keys = !(root.primary_key().is_empty() && root.merge_key().is_empty());
    let has_cursor = cursor.as_ref().is_some_and(CursorSettings::keeps_state);
    let replaces_itself = match disposition {
        WriteDisposition::Replace => true,
        WriteDisposition::Merge => has_keys,
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
    let replace_strategy =
        hints.write_disposition.as_ref().and_then(WriteDispositionConfig::replace_strategy);
    let table = root.name.clone();
    let keeps_discarded = hints.quarantine.or(keeps_discarded).unwrap_or(false);
    let planned = Planned {
        root: table.clone(),
        cut: Cut::AtEnd,
        name,
        tables,
        table,
        disposition,
        replace_strategy,
        repeatable,
        resume,
        cursor,
        keeps_discarded,
        parent: None,
        is_hidden: false,
    };
    Ok((planned, producer))
}
