//! Says how a dataset differs from what a case expects.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The differences, one line each; none if the dataset is as expected.
pub(crate) fn compare(want: &Value, have: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for part in ["schema", "loads", "state"] {
        let asked = part != "state" || want.get(part).is_some();
        if asked && !same(&want[part], &have[part]) {
            found.push(format!("{part}: want {}, have {}", want[part], have[part]));
        }
    }
    let (wanted, other) = (entries(&want["tables"]), entries(&have["tables"]));
    let names: BTreeSet<&str> = wanted.keys().chain(other.keys()).map(String::as_str).collect();
    for name in names {
        match (wanted.get(name), other.get(name)) {
            (Some(_), None) => found.push(format!("{name}: no such table")),
            (None, _) => found.push(format!("{name}: table should not be")),
            (Some(want), Some(have)) => compare_table(name, want, have, &mut found),
        }
    }
    found
}

/// `entry` without the counters of dlt's internal saves.
pub(crate) fn without_versions(mut entry: Value) -> Value {
    for part in ["schema", "state"] {
        if let Some(part) = entry.get_mut(part).and_then(Value::as_object_mut) {
            part.retain(|key, _| !["version", "stored_versions", "stored_states"].contains(&key.as_str()));
        }
    }
    entry
}

fn compare_table(name: &str, want: &Value, have: &Value, found: &mut Vec<String>) {
    let (wanted, other) = (columns(want), columns(have));
    for (column, _) in wanted.iter().filter(|(column, _)| !other.iter().any(|(name, _)| name == column)) {
        found.push(format!("{name}: no column {column}"));
    }
    for (column, _) in other.iter().filter(|(column, _)| !wanted.iter().any(|(name, _)| name == column)) {
        found.push(format!("{name}: column {column} should not be"));
    }
    for (column, want) in &wanted {
        if let Some((_, have)) = other.iter().find(|(name, have)| name == column && have != want) {
            found.push(format!("{name}.{column}: want {want}, have {have}"));
        }
    }
    let order = |columns: &[(&str, &Value)]| -> Vec<String> {
        columns.iter().map(|(name, _)| (*name).to_owned()).collect()
    };
    if order(&wanted) != order(&other) {
        found.push(format!("{name}: order of columns {:?}, have {:?}", order(&wanted), order(&other)));
    }
    let (want_rows, have_rows) = (rows(want), rows(have));
    if want_rows.len() != have_rows.len() {
        found.push(format!("{name}: want {} rows, have {}", want_rows.len(), have_rows.len()));
    }
    for (nth, (want, have)) in want_rows.iter().zip(have_rows).enumerate() {
        compare_row(&format!("{name} row {nth}"), (&wanted, want), (&other, have), found);
    }
}

type Columns<'a> = Vec<(&'a str, &'a Value)>;

fn compare_row(
    place: &str,
    want: (&Columns<'_>, &Value),
    have: (&Columns<'_>, &Value),
    found: &mut Vec<String>,
) {
    for (nth, (column, described)) in want.0.iter().enumerate() {
        let wanted = &want.1[nth];
        let at = have.0.iter().position(|(name, _)| name == column);
        let got = at.map_or(&Value::Null, |at| &have.1[at]);
        let json = described["dlt_type"] == "json";
        if !(same(wanted, got) || json && same_document(wanted, got)) {
            found.push(format!("{place}: {column}: want {wanted}, have {got}"));
        }
    }
}

/// Whether two texts are the same JSON document.
fn same_document(a: &Value, b: &Value) -> bool {
    let parse = |value: &Value| serde_json::from_str::<Value>(value.as_str()?).ok();
    matches!((parse(a), parse(b)), (Some(a), Some(b)) if same(&a, &b))
}

/// Equality of Python: 1 and 1.0 are equal, and so are 0.0 and -0.0.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) if x.is_f64() || y.is_f64() => x.as_f64() == y.as_f64(),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, x)| y.get(key).is_some_and(|y| same(x, y)))
        }
        _ => a == b,
    }
}

fn entries(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn columns(table: &Value) -> Columns<'_> {
    let columns = table["columns"].as_array().into_iter().flatten();
    columns.map(|column| (column["name"].as_str().unwrap_or_default(), column)).collect()
}

fn rows(table: &Value) -> &[Value] {
    table["rows"].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dataset(rows: &Value) -> Value {
        let column = |name: &str, of: &str| json!({"name": name, "dlt_type": of});
        json!({
            "schema": {"name": "s"},
            "tables": {"t": {"columns": [column("a", "double"), column("b", "json")], "rows": rows}},
        })
    }

    #[test]
    fn equal_numbers_and_equal_documents_are_no_difference() {
        let want = dataset(&json!([[0.0, "{\"x\": 1, \"y\": 2}"], [1.0, null]]));
        let have = dataset(&json!([[-0.0, "{\"y\":2,\"x\":1}"], [1, null]]));
        assert_eq!(compare(&want, &have), Vec::<String>::new());
    }

    #[test]
    fn other_values_rows_columns_and_tables_are_named() {
        let want = dataset(&json!([[1.0, "{}"], [2.0, null]]));
        let mut have = dataset(&json!([[1.5, "[]"]]));
        have["schema"]["name"] = "other".into();
        have["tables"]["extra"] = json!({});
        have["tables"]["t"]["columns"][1]["nullable"] = false.into();
        let places: Vec<String> = compare(&want, &have)
            .iter()
            .map(|line| line.split(": want").next().unwrap().to_owned())
            .collect();
        assert_eq!(places, ["schema", "extra: table should not be", "t.b", "t", "t row 0: a", "t row 0: b"]);
    }
}
