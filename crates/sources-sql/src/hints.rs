//! What reflection says, as hints; and what hints of the user change in what is read.

use cartage_schema::hints::{ColumnHints, KeyHint, ResourceHints};
use cartage_schema::{Column, DataType, TableReference};
use indexmap::IndexMap;

use crate::config::ReflectionLevel;
use crate::database::Database;
use crate::kind::Kind;
use crate::reflected::{Reflected, ReflectedColumn};

/// Hints of a relation, of which `columns` are read. A key that is not read as a whole is none.
pub(crate) fn hints_of(
    reflected: &Reflected,
    columns: &[ReflectedColumn],
    level: ReflectionLevel,
    with_references: bool,
) -> ResourceHints {
    let is_read = |name: &String| columns.iter().any(|column| column.name == *name);
    let mut of_columns = IndexMap::new();
    for column in columns {
        let mut hint = Column::new(&column.name);
        hint.nullable = Some(column.nullable);
        // A timestamp without zone would be taken for one with.
        if level > ReflectionLevel::Minimal || matches!(column.kind, Kind::Timestamp { .. }) {
            column.kind.hint(&mut hint);
        }
        if level == ReflectionLevel::FullWithPrecision && hint.precision.is_none() {
            hint.precision = column.precision;
        }
        of_columns.insert(column.name.clone(), hint);
    }
    let key = &reflected.primary_key;
    let primary_key = (!key.is_empty() && key.iter().all(is_read)).then(|| list_of(key));
    let references = reflected.references.iter().filter(|reference| reference.columns.iter().all(is_read));
    let references: Vec<TableReference> = references
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

/// Reads columns as the hints of the user want them: as text, or with other digits.
pub(crate) fn apply_user_types(
    database: &dyn Database,
    columns: &mut [ReflectedColumn],
    hints: &ResourceHints,
) {
    for (name, hint) in hints.columns.iter().flat_map(|columns| &columns.0) {
        let Some(column) = columns.iter_mut().find(|column| column.name == *name) else { continue };
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
