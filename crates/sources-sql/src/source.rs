//! [`SqlSource`]: from settings to resources.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use cartage_config::{ConfigError, Section};
use cartage_schema::hints::ResourceHints;

use crate::bounds::CursorClause;
use crate::config::{ResourceKeys, SourceKeys};
use crate::connections::Connections;
use crate::database::{Database, Session};
use crate::drivers;
use crate::error::SqlError;
use crate::hints::{apply_user_types, hints_of, with_type_overrides};
use crate::key_ranges::RangeColumn;
use crate::kind::Kind;
use crate::partitions_setting::Partitions;
use crate::reader::TableReader;
use crate::reflected::{Reflected, ReflectedColumn, Relation};
use crate::renames::Renames;
use crate::statement::{Parts, Selection};

/// A database, and what of it is read.
#[derive(Debug)]
pub struct SqlSource {
    name: String,
    database: Arc<dyn Database>,
    schema: Option<String>,
    keys: SourceKeys,
    connections: Arc<Connections>,
}

/// A table, view or query as a resource.
#[derive(Debug)]
pub struct SqlResource {
    /// Name of the resource.
    pub name: String,
    /// Hints of reflection, and over them those of the user.
    pub hints: ResourceHints,
    /// Reads the rows.
    pub reader: TableReader,
}

impl SqlSource {
    /// Reads the settings of the source of this name; `schema` is that of the database. Nothing connects yet.
    ///
    /// # Errors
    /// Which key cannot be used, and what to do; no secret is shown.
    pub fn read(name: &str, section: &Section, schema: Option<String>) -> Result<Self, ConfigError> {
        let credentials = section.only(&["credentials"]);
        let keys: SourceKeys = section.without(&["credentials"]).parse()?;
        if section.origin("credentials").is_none() {
            let message = format!(
                "a sql_database source needs credentials, such as postgresql://user:password@host:5432/database: set \
                 them here, in the secrets file, or as the variable {}",
                cartage_config::variable_of(&format!("{}.credentials", section.path()))
            );
            return Err(section.invalid("credentials", message));
        }
        let database = drivers::open(&credentials, section)?;
        let connections = Arc::new(Connections::new(keys.max_connections));
        Ok(Self { name: name.to_owned(), database, schema, keys, connections })
    }

    /// The resources: those that are listed with the hints of the user, then those of `table_names`; without any, all
    /// tables of the schema. Connects once, to see what they look like. A table that cannot be read is a resource that
    /// says so when it is opened.
    ///
    /// # Errors
    /// The database cannot be reached although its tables must be known, or two tables would become one.
    pub fn resources(
        &self,
        listed: Vec<(String, ResourceHints, ResourceKeys)>,
    ) -> Result<Vec<SqlResource>, SqlError> {
        let mut session = self.database.connect().map_err(|error| error.context(&self.place()));
        let mut wanted = listed;
        let more = match (&self.keys.table_names, &mut session) {
            (Some(names), _) if names.is_empty() && wanted.is_empty() => {
                return Err(SqlError::new(
                    "`table_names` is an empty list, so that there is nothing to read",
                )
                .with_remedy("leave it out to read all tables of the schema"));
            }
            (Some(names), _) => names.clone(),
            (None, _) if !wanted.is_empty() => Vec::new(),
            (None, Ok(session)) => {
                let found = session.table_names(self.schema.as_deref(), self.keys.include_views)?;
                if found.is_empty() {
                    let schema = self.schema.as_deref().map(|name| format!(" in schema `{name}`"));
                    let message = format!("{} has no tables{}", self.place(), schema.unwrap_or_default());
                    return Err(SqlError::new(message).with_remedy(
                        "check `schema`, and whether the user of the credentials may see them; views need `include_views`",
                    ));
                }
                found
            }
            (None, Err(error)) => return Err(error.clone()),
        };
        for name in more {
            if !wanted.iter().any(|(known, _, _)| *known == name) {
                wanted.push((name, ResourceHints::default(), ResourceKeys::default()));
            }
        }
        let mut resources = Vec::new();
        for (name, hints, keys) in wanted {
            let session = session.as_mut().map_err(|error| error.clone());
            resources.push(self.resource(session, name, hints, keys));
        }
        check_tables(&resources)?;
        Ok(resources)
    }

    /// Source and database, for messages.
    fn place(&self) -> String {
        format!("source `{}` ({})", self.name, self.database.place())
    }

    fn resource(
        &self,
        session: Result<&mut Box<dyn Session>, SqlError>,
        name: String,
        hints: ResourceHints,
        keys: ResourceKeys,
    ) -> SqlResource {
        let input = match (&keys.query, &keys.table) {
            (Some(_), _) => format!("query of resource `{name}`, {}", self.place()),
            (None, table) => format!("table `{}`, {}", table.as_ref().unwrap_or(&name), self.place()),
        };
        let made = session.and_then(|session| self.selection(&mut **session, &name, &hints, keys));
        let (hints, selection, warnings) = match made {
            Ok((hints, selection, warnings)) => (hints, Ok(selection), warnings),
            Err(error) => (hints, Err(error), Vec::new()),
        };
        let max_rows = self.keys.chunk_size.get();
        let (database, connections) = (Arc::clone(&self.database), Arc::clone(&self.connections));
        let reader = TableReader::new(database, connections, selection, max_rows, input, warnings);
        SqlResource { name, hints, reader }
    }

    fn selection(
        &self,
        session: &mut dyn Session,
        name: &str,
        user: &ResourceHints,
        keys: ResourceKeys,
    ) -> Result<(ResourceHints, Selection, Vec<String>), SqlError> {
        let relation = match (keys.query, keys.table) {
            (Some(_), Some(_)) => {
                return Err(SqlError::new("`table` and `query` are both set").with_remedy("leave one out"));
            }
            (Some(query), None) if query.trim().trim_end_matches(';').is_empty() => {
                return Err(SqlError::new("`query` is empty").with_remedy("write a SELECT, or leave it out"));
            }
            (Some(query), None) => Relation::Query(query.trim().trim_end_matches(';').to_owned()),
            (None, table) => {
                let name = table.unwrap_or_else(|| name.to_owned());
                Relation::Table { schema: self.schema.clone(), name }
            }
        };
        let reflected = session.reflect(&relation)?;
        let mut columns =
            selected(&reflected.columns, keys.included_columns.as_deref(), &keys.excluded_columns)?;
        if let Some(unknown) = keys.rename_columns.keys().find(|name| !is_among(name, &reflected.columns)) {
            return Err(unknown_column("`rename_columns`", unknown, &reflected.columns));
        }
        let renames = Renames::new(keys.rename_columns, &columns)?;
        let user = &with_type_overrides(&self.keys.type_overrides, &columns, &renames, user);
        apply_user_types(&*self.database, &mut columns, &renames, user);
        let keys_of_rows = renames.of_keys(&reflected, &columns);
        let of_rows = renames.of_columns(&columns);
        let SourceKeys { reflection_level, resolve_foreign_keys, .. } = self.keys;
        let hints = hints_of(&keys_of_rows, &of_rows, reflection_level, resolve_foreign_keys).overlaid(user);
        let cursor = match &user.incremental {
            None => None,
            Some(hint) => Some(cursor_of(hint, &columns, &of_rows)?),
        };
        if let Some(cursor) = &cursor {
            self.check_order(cursor, &columns)?;
        }
        let warnings = cursor.iter().filter_map(|cursor| missing_index(name, cursor, &reflected)).collect();
        let parts = parts_of(&keys.partitions, cursor.as_ref(), &reflected)?;
        let selection = Selection { relation, columns, of_rows, condition: keys.r#where, cursor, parts };
        Ok((hints, selection, warnings))
    }

    /// Values that are made texts are ordered as texts, 10 before 9, and rows would be passed over.
    fn check_order(&self, cursor: &CursorClause, columns: &[ReflectedColumn]) -> Result<(), SqlError> {
        let column = columns.iter().find(|column| column.name == cursor.column);
        let Some(column) = column.filter(|column| column.kind == Kind::Text) else { return Ok(()) };
        if column.expression == self.database.quoted(&column.name) {
            return Ok(());
        }
        let message = format!(
            "`cursor_path`: column `{}` ({}) is read as text, which sorts differently from its values",
            column.name, column.declared
        );
        Err(SqlError::new(message).with_remedy(
            "choose another column, give it a `data_type` with the same order, or convert it in a `query`",
        ))
    }
}

/// The columns that are read.
fn selected(
    all: &[ReflectedColumn],
    included: Option<&[String]>,
    excluded: &[String],
) -> Result<Vec<ReflectedColumn>, SqlError> {
    let named = included.into_iter().flatten().map(|name| ("included_columns", name));
    for (key, name) in named.chain(excluded.iter().map(|name| ("excluded_columns", name))) {
        if !is_among(name, all) {
            return Err(unknown_column(&format!("`{key}`"), name, all));
        }
    }
    let is_included = |name: &String| included.is_none_or(|included| included.contains(name));
    let columns: Vec<ReflectedColumn> = all
        .iter()
        .filter(|column| is_included(&column.name) && !excluded.contains(&column.name))
        .cloned()
        .collect();
    if columns.is_empty() {
        return Err(SqlError::new("no column is left to read").with_remedy("include one"));
    }
    Ok(columns)
}

fn is_among(name: &str, columns: &[ReflectedColumn]) -> bool {
    columns.iter().any(|column| column.name == name)
}

fn unknown_column(key: &str, name: &str, all: &[ReflectedColumn]) -> SqlError {
    let known: Vec<&str> = all.iter().map(|column| column.name.as_str()).collect();
    let same = known.iter().find(|known| known.eq_ignore_ascii_case(name));
    let remedy = match same {
        Some(same) => format!("did you mean `{same}`?"),
        None => format!("it has {}", known.join(", ")),
    };
    SqlError::new(format!("{key}: there is no column `{name}`")).with_remedy(remedy)
}

fn cursor_of(
    hint: &cartage_schema::hints::IncrementalHint,
    columns: &[ReflectedColumn],
    of_rows: &[ReflectedColumn],
) -> Result<CursorClause, SqlError> {
    let path = hint.cursor_path.as_deref().unwrap_or_default();
    let mut clause = CursorClause::of(hint)
        .ok_or_else(|| SqlError::new(format!("`cursor_path`: `{path}` is not the name of a column")))?;
    let Some(at) = of_rows.iter().position(|column| column.name == clause.column) else {
        return Err(unknown_column("`cursor_path`", &clause.column, of_rows));
    };
    clause.column.clone_from(&columns[at].name);
    Ok(clause)
}

/// In how many parts a resource is read.
fn parts_of(
    wanted: &Partitions,
    cursor: Option<&CursorClause>,
    reflected: &Reflected,
) -> Result<Parts, SqlError> {
    let one = NonZeroUsize::MIN;
    match wanted {
        Partitions::Number(number) if *number == one => Ok(Parts::One),
        Partitions::Auto if cursor.is_some_and(CursorClause::is_ordered) => Ok(Parts::One),
        _ if cursor.is_some_and(CursorClause::is_ordered) => {
            Err(SqlError::new("`partitions` and `row_order` are both set, and parts come in no order")
                .with_remedy("leave one out"))
        }
        Partitions::Auto => Ok(Parts::ByPlace(None)),
        Partitions::Number(number) => Ok(Parts::ByPlace(Some(*number))),
        Partitions::OfColumn { column: name, num } => {
            let column = reflected.columns.iter().find(|column| column.name == *name);
            let column = column.ok_or_else(|| unknown_column("`partitions`", name, &reflected.columns))?;
            Ok(Parts::ByValue(RangeColumn::new(column, *num)?))
        }
    }
}

fn missing_index(resource: &str, cursor: &CursorClause, reflected: &Reflected) -> Option<String> {
    let indexed = reflected.indexed.as_ref()?;
    (!indexed.contains(&cursor.column)).then(|| {
        format!(
            "resource `{resource}`: no index begins with the cursor's column `{}`, so each run scans the whole table",
            cursor.column
        )
    })
}

/// Two tables whose names become one would be mixed.
fn check_tables(resources: &[SqlResource]) -> Result<(), SqlError> {
    let naming = cartage_schema::Naming::new(cartage_schema::NamingKind::SnakeCase, None);
    let mut seen: HashMap<String, &str> = HashMap::new();
    for resource in resources {
        let table = resource.hints.table_name.as_ref().unwrap_or(&resource.name);
        let name = naming.normalize_table_key(table);
        if let Some(other) = seen.insert(name.clone(), &resource.name)
            && resource.hints.table_name.is_none()
        {
            let message = format!("tables `{other}` and `{}` both become `{name}`", resource.name);
            return Err(SqlError::new(message)
                .with_remedy("list them as resources, and give one a `table_name` of its own"));
        }
    }
    Ok(())
}
