//! What a row of the parent contributes to the requests and rows of its children.

use indexmap::IndexMap;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::endpoint::Parent;
use crate::template::Values;

type Fields<'a> = IndexMap<String, &'a RawValue>;

impl Parent {
    /// The values of the placeholders for one row.
    pub(crate) fn values(&self, row: &[u8]) -> Result<Values, String> {
        let mut values = Values::new();
        for field in &self.fields {
            let text = field.path.find_text(row);
            let value = text.and_then(exact);
            let value = value.ok_or_else(|| self.missing(row, &field.text, &field.placeholder))?;
            values.insert(field.placeholder.clone(), value);
        }
        Ok(values)
    }

    /// What is put before the closing bracket of every row of the child, as `_<parent>_<field>`.
    pub(crate) fn suffix(&self, row: &[u8]) -> Result<Vec<u8>, String> {
        let mut suffix = Vec::new();
        if self.included.is_empty() {
            return Ok(suffix);
        }
        let fields: Fields<'_> = serde_json::from_slice(row)
            .map_err(|_| format!("a row of the parent `{}` is not an object", self.name))?;
        for name in &self.included {
            let value = fields.get(name).ok_or_else(|| self.missing(row, name, "include_from_parent"))?;
            let key = Value::String(format!("_{}_{name}", self.name)).to_string();
            suffix.extend_from_slice(format!(",{key}:{}", value.get()).as_bytes());
        }
        Ok(suffix)
    }

    fn missing(&self, row: &[u8], field: &str, place: &str) -> String {
        let fields: Fields<'_> = serde_json::from_slice(row).unwrap_or_default();
        let known: Vec<&str> = fields.keys().map(String::as_str).collect();
        format!(
            "a row of the parent `{}` has no field `{field}`, which `{place}` needs; it has {}",
            self.name,
            known.join(", ")
        )
    }
}

/// A value without loss: a number with more digits than a number can hold here stays the text that it is.
fn exact(text: &[u8]) -> Option<Value> {
    let value: Value = serde_json::from_slice(text).ok()?;
    let loses = value.is_f64() && text.iter().filter(|byte| byte.is_ascii_digit()).count() > 15;
    Some(if loses { Value::String(String::from_utf8_lossy(text.trim_ascii()).into_owned()) } else { value })
}
