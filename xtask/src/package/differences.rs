//! In what two packages differ. When and by which run they were written is not a difference.

use std::collections::BTreeMap;

use anyhow::Result;
use cartage_package_store::{FileEntry, Package};
use serde_json::Value;

/// The differences, one line each.
pub(super) fn between(a: &Package, b: &Package) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let (left, right) = (a.manifest(), b.manifest());
    let heads = |manifest: &cartage_package_store::Manifest| {
        serde_json::json!({
            "format": manifest.format.to_string(), "load_id": manifest.load_id.as_str(), "stage": manifest.stage,
            "pipeline": manifest.pipeline, "schema_name": manifest.schema_name, "settings": manifest.settings,
            "resources": manifest.resources,
        })
    };
    values("package.json", &heads(left), &heads(right), &mut found);
    files(&left.files, &right.files, &mut found);
    let quarantine = |package: &Package| serde_json::to_value(&package.manifest().quarantine);
    values("quarantine", &quarantine(a)?, &quarantine(b)?, &mut found);
    document("schema.json", Some(a.schema_json()?), Some(b.schema_json()?), &mut found)?;
    document("schema_update.json", a.schema_update_json()?, b.schema_update_json()?, &mut found)?;
    document("state.json", a.state_json()?, b.state_json()?, &mut found)?;
    Ok(found)
}

fn files(a: &[FileEntry], b: &[FileEntry], found: &mut Vec<String>) {
    let by_job = |files: &[FileEntry]| -> BTreeMap<String, FileEntry> {
        files.iter().map(|file| (file.name.job_id(), file.clone())).collect()
    };
    let (left, right) = (by_job(a), by_job(b));
    for (job, file) in &left {
        match right.get(job) {
            None => found.push(format!("{job}: only in the first package")),
            Some(other) if file.checksum != other.checksum => found.push(format!(
                "{job}: other bytes ({} rows, {} bytes; {} rows, {} bytes)",
                file.rows, file.bytes, other.rows, other.bytes
            )),
            Some(_) => {}
        }
    }
    found.extend(
        right
            .keys()
            .filter(|job| !left.contains_key(*job))
            .map(|job| format!("{job}: only in the second package")),
    );
}

fn document(name: &str, a: Option<String>, b: Option<String>, found: &mut Vec<String>) -> Result<()> {
    if a == b {
        return Ok(());
    }
    let read = |text: Option<String>| text.map_or(Ok(Value::Null), |text| serde_json::from_str(&text));
    let before = found.len();
    values(name, &read(a)?, &read(b)?, found);
    if found.len() == before {
        found.push(format!("{name}: other bytes for the same content"));
    }
    Ok(())
}

/// Goes down both values and names the innermost places that differ.
fn values(place: &str, a: &Value, b: &Value, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(left), Value::Object(right)) => {
            let more = right.keys().filter(|key| !left.contains_key(*key));
            for key in left.keys().chain(more) {
                let (a, b) = (left.get(key).unwrap_or(&Value::Null), right.get(key).unwrap_or(&Value::Null));
                values(&format!("{place}: {key}"), a, b, found);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (nth, (a, b)) in left.iter().zip(right).enumerate() {
                values(&format!("{place}[{nth}]"), a, b, found);
            }
        }
        _ if a != b => found.push(format!("{place}: {a}, {b}")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_difference_is_named() {
        let mut found = Vec::new();
        let (a, b) = (
            serde_json::json!({"t": {"x": 1, "y": [1, 2]}}),
            serde_json::json!({"t": {"x": 1, "y": [1, 3]}, "u": 1}),
        );
        values("schema.json", &a, &b, &mut found);
        assert_eq!(found, ["schema.json: t: y[1]: 2, 3", "schema.json: u: null, 1"]);
    }
}
