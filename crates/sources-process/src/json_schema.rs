//! Types of columns from JSON Schema, as Singer and Airbyte write it.

use cartage_schema::DataType;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// Hints of the columns of a stream by their names, from the schema of its records. Objects and lists have none: they
/// are unpacked.
pub(crate) fn columns_of(schema: &Value) -> Map<String, Value> {
    let hints = properties(schema).filter_map(|(name, property)| Some((name.clone(), hint_of(property)?)));
    hints.collect()
}

/// Types of the columns, without digits.
pub(crate) fn types_of(schema: &Value) -> IndexMap<String, DataType> {
    let hints = columns_of(schema).into_iter();
    hints
        .filter_map(|(name, hint)| Some((name, serde_json::from_value(hint.get("data_type")?.clone()).ok()?)))
        .collect()
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// What is known of a column whose values have one type, besides null.
fn hint_of(property: &Value) -> Option<Value> {
    let alternatives = ["anyOf", "oneOf"].iter().find_map(|key| property.get(key)?.as_array());
    if let Some(alternatives) = alternatives {
        let typed = alternatives.iter().filter(|schema| types(schema).next().is_some());
        let hints: Option<Vec<Value>> = typed.map(hint_of).collect();
        let (first, others) = hints.as_ref()?.split_first()?;
        return others.iter().all(|other| other == first).then(|| first.clone());
    }
    let mut types = types(property);
    let kind = types.next()?;
    if types.next().is_some() {
        return None;
    }
    let word = |key: &str| property.get(key).and_then(Value::as_str).unwrap_or_default();
    let data_type = match kind {
        "boolean" => "bool",
        "integer" => "bigint",
        "number" => match property.get("multipleOf").and_then(digits) {
            Some(scale) => return Some(json!({"data_type": "decimal", "precision": 38, "scale": scale})),
            None if word("airbyte_type") == "integer" => "bigint",
            None => "double",
        },
        "string" => match (word("format"), word("airbyte_type")) {
            (_, "timestamp_without_timezone") => {
                return Some(json!({"data_type": "timestamp", "timezone": false}));
            }
            ("date-time", _) => "timestamp",
            ("date", _) => "date",
            ("time", "" | "time_without_timezone") => "time",
            ("singer.decimal" | "x-singer.decimal", _) => "decimal",
            _ => "text",
        },
        _ => return None,
    };
    Some(json!({"data_type": data_type}))
}

/// The types of values besides null.
fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let (one, several) = match schema.get("type") {
        Some(Value::String(one)) => (Some(one.as_str()), None),
        Some(Value::Array(several)) => (None, Some(several)),
        _ => (None, None),
    };
    let several = several.into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(several).filter(|name| *name != "null")
}

/// Digits after the point of numbers that are multiples of a power of ten.
fn digits(multiple: &Value) -> Option<u32> {
    let multiple = multiple.as_f64()?;
    (0..=18).find(|digits| (multiple * 10_f64.powi(*digits) - 1.0).abs() < 1e-9).map(i32::unsigned_abs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_is_one_besides_null_is_a_hint() {
        let of = |kind: &str| json!({"data_type": kind});
        assert_eq!(hint_of(&json!({"type": ["null", "integer"]})), Some(of("bigint")));
        assert_eq!(hint_of(&json!({"type": "number"})), Some(of("double")));
        assert_eq!(hint_of(&json!({"type": "string", "format": "date-time"})), Some(of("timestamp")));
        assert_eq!(hint_of(&json!({"type": ["string", "null"]})), Some(of("text")));
        assert_eq!(hint_of(&json!({"type": "string", "format": "x-singer.decimal"})), Some(of("decimal")));
        assert_eq!(
            hint_of(&json!({"type": ["number"], "multipleOf": 0.01})),
            Some(json!({"data_type": "decimal", "precision": 38, "scale": 2}))
        );
        assert_eq!(
            hint_of(&json!({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]})),
            Some(of("date"))
        );
    }

    #[test]
    fn what_is_unpacked_or_has_several_types_is_none() {
        assert_eq!(hint_of(&json!({"type": ["string", "integer"]})), None);
        assert_eq!(hint_of(&json!({"type": "object"})), None);
        assert_eq!(hint_of(&json!({"anyOf": [{"type": "string"}, {"type": "integer"}]})), None);
        assert_eq!(hint_of(&json!({"anyOf": [{"type": "string"}, {"type": "array"}]})), None);
        assert_eq!(hint_of(&json!({})), None);
    }
}
