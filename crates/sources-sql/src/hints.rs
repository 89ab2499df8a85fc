//! What reflection says, as hints; and what hints of the user change in what is read.

use cartage_schema::hints::{ColumnHints, KeyHint, ResourceHints};
use cartage_schema::{Column, DataType, TableReference};
use indexmap::IndexMap;

use crate::config::ReflectionLevel;
use crate::database::Database;
use crate::kind::{Kind, PLAIN_DECIMAL};
use crate::reflected::{Reflected, ReflectedColumn};
use crate::renames::Renames;

/// Hints of a relation, of which `columns` are read.
pub(crate) fn hints_of(
    reflected: &Reflected,
    columns: &[ReflectedColumn],
    level: ReflectionLevel,
    with_references: bool,
) -> ResourceHints {
    let mut of_columns = IndexMap::new();
    for column in columns {
        let mut hint = Column::new(&column.name);
        hint.nullable = Some(column.nullable);
        // A timestamp without zone would be taken for one with.
        if level > ReflectionLevel::Minimal || matches!(column.kind, Kind::Timestamp { .. }) {
            column.kind.hint(&mut hint);
            if column.kind == PLAIN_DECIMAL && !column.declared.contains('(') {
                // As dlt: what a database does not say, the destination decides.
                (hint.precision, hint.scale) = (None, None);
            }
        }
        if level == ReflectionLevel::FullWithPrecision && hint.precision.is_none() {
            hint.precision = column.precision;
        }
        of_columns.insert(column.name.clone(), hint);
    }
    let key = &reflected.primary_key;
    let primary_key = (!key.is_empty()).then(|| list_of(key));
    let references: Vec<TableReference> = reflected
        .references
        .iter()
        .map(|reference| TableReference {
            referenced_table: Some(reference.table.clone()),
            columns: Some(reference.columns.clone()),
            referenced_columns: Some(reference.referenced.clone()),
            ..TableReference::default()
        })
        .collect();
    ResourceHints {
        primary_key,
        columns: Some(ColumnHints(of_columns)),
        references: (with_references && !references.is_empty()).then_some(references),
        ..ResourceHints::default()
    }
}

fn list_of(names: &[String]) -> KeyHint {
    serde_json::from_value(names.into()).expect("a list of texts is a key")
}

/// The hints of the user, and for columns whose type they do not say what the settings say about their SQL type: as the
/// database prints it, with or without what it has in parentheses.
pub(crate) fn with_type_overrides(
    overrides: &IndexMap<String, DataType>,
    columns: &[ReflectedColumn],
    renames: &Renames,
    user: &ResourceHints,
) -> ResourceHints {
    let mut of_columns = IndexMap::new();
    for column in columns {
        let names = [column.declared.clone(), without_parentheses(&column.declared)];
        let found = names.iter().find_map(|name| {
            overrides
                .iter()
                .find(|(wanted, _)| wanted.eq_ignore_ascii_case(name))
                .map(|(_, data_type)| *data_type)
        });
        if let Some(data_type) = found {
            let mut hint = Column::new(renames.new_name(&column.name));
            hint.data_type = Some(data_type);
            of_columns.insert(hint.name.clone(), hint);
        }
    }
    if of_columns.is_empty() {
        return user.clone();
    }
    let of_types = ResourceHints { columns: Some(ColumnHints(of_columns)), ..ResourceHints::default() };
    of_types.overlaid(user)
}

/// `timestamp without time zone` of `timestamp(3) without time zone`.
fn without_parentheses(declared: &str) -> String {
    match (declared.split_once('('), declared.rsplit_once(')')) {
        (Some((before, _)), Some((_, after))) => format!("{before}{after}"),
        _ => declared.to_owned(),
    }
}

/// Reads columns as the hints of the user want them: as text, or with other digits.
pub(crate) fn apply_user_types(
    database: &dyn Database,
    columns: &mut [ReflectedColumn],
    renames: &Renames,
    hints: &ResourceHints,
) {
    for (name, hint) in hints.columns.iter().flat_map(|columns| &columns.0) {
        let Some(column) = columns.iter_mut().find(|column| renames.new_name(&column.name) == name) else {
            continue;
        };
        if let Some(nullable) = hint.nullable {
            column.nullable = nullable;
        }
        match (hint.data_type, column.kind) {
            (Some(DataType::Text), Kind::Text) => {
                column.expression = database.read_as(column, Kind::Text).unwrap_or(column.expression.clone());
            }
            (Some(DataType::Text), _) => {
                column.expression = database.as_text(column);
                column.kind = Kind::Text;
            }
            (None | Some(DataType::Decimal), Kind::Decimal { precision, scale }) => {
                let digits = |own: Option<u32>, known: u8| own.map_or(known.into(), i64::from);
                let wanted = Kind::decimal(digits(hint.precision, precision), digits(hint.scale, scale));
                column.kind = wanted.unwrap_or(column.kind);
            }
            _ => {
                let wanted = match (hint.data_type, column.kind, hint.timezone) {
                    (None, Kind::Timestamp { .. }, Some(aware)) => Some(Kind::Timestamp { aware }),
                    _ => Kind::wanted(hint),
                };
                let read = wanted.and_then(|wanted| Some((wanted, database.read_as(column, wanted)?)));
                if let Some((wanted, expression)) = read {
                    (column.kind, column.expression) = (wanted, expression);
                }
            }
        }
    }
}
