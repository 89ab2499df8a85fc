//! Reads the table of settings of one destination: typed values, and no key that nobody knows.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// The keys below `[destination.<name>]`, as the layered configuration resolved them.
///
/// Values may be text even where a number or a truth is meant, because environment variables are.
/// `Debug` prints keys only, since values may be secrets.
#[derive(Clone, Default)]
pub struct Settings {
    values: Map<String, Value>,
}

impl Settings {
    /// Takes the resolved keys.
    pub fn new(values: Map<String, Value>) -> Self {
        Self { values }
    }

    /// Refuses keys that are not among `known`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) naming the first unknown key and the known one nearest to it.
    pub fn check_keys(&self, known: &[&str]) -> Result<()> {
        let Some(unknown) = self.values.keys().find(|key| !known.contains(&key.as_str())) else {
            return Ok(());
        };
        let nearest = known
            .iter()
            .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
            .min()
            .filter(|(distance, _)| *distance <= 3);
        let remedy = match nearest {
            Some((_, name)) => format!("did you mean '{name}'?"),
            None => format!("known keys are {}", known.join(", ")),
        };
        Err(Error::invalid(format!("unknown key '{unknown}' in the destination's settings"))
            .with_remedy(remedy))
    }

    /// The raw value of `key`; empty text counts as absent, as everywhere in `pipeline.toml`.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.values.get(key).filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    /// A text.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if it is something else.
    pub fn text(&self, key: &str) -> Result<Option<String>> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong_type(key, "a text")),
        }
    }

    /// A text that names one of several things, parsed.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if it is no text or not one of the words.
    pub fn word<T>(&self, key: &str) -> Result<Option<T>>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let parse =
            |text: String| text.parse().map_err(|cause: T::Err| Error::invalid(format!("'{key}': {cause}")));
        self.text(key)?.map(parse).transpose()
    }

    /// A truth, also as the text `true` or `false`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if it is something else.
    pub fn flag(&self, key: &str) -> Result<Option<bool>> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) => match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" => Ok(Some(true)),
                "false" | "0" | "no" => Ok(Some(false)),
                _ => Err(wrong_type(key, "true or false")),
            },
            Some(_) => Err(wrong_type(key, "true or false")),
        }
    }

    /// A number of one or more, also as text.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if it is something else or zero.
    pub fn count(&self, key: &str) -> Result<Option<usize>> {
        const EXPECTED: &str = "a positive whole number";
        match self.whole(key, EXPECTED)? {
            Some(0) => Err(wrong_type(key, EXPECTED)),
            number => Ok(number),
        }
    }

    /// A number of zero or more, also as text.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if it is something else.
    pub fn number(&self, key: &str) -> Result<Option<usize>> {
        self.whole(key, "a whole number")
    }

    fn whole(&self, key: &str, expected: &str) -> Result<Option<usize>> {
        let number = match self.value(key) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        let number = number.and_then(|number| usize::try_from(number).ok());
        number.map(Some).ok_or_else(|| wrong_type(key, expected))
    }

    /// A length of time in seconds, also as text; fractions are allowed.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if it is something else or not above zero.
    pub fn seconds(&self, key: &str) -> Result<Option<Duration>> {
        let seconds = match self.value(key) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        let length = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        match length.filter(|length| !length.is_zero()) {
            Some(length) => Ok(Some(length)),
            None => Err(wrong_type(key, "a number of seconds above zero")),
        }
    }

    /// A list, also as the text of a JSON list.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if it is something else.
    pub fn list(&self, key: &str) -> Result<Option<Vec<Value>>> {
        match self.parsed(key) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(wrong_type(key, "a list")),
        }
    }

    /// A table, also as the text of a JSON object.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if it is something else.
    pub fn table(&self, key: &str) -> Result<Option<Map<String, Value>>> {
        match self.parsed(key) {
            None => Ok(None),
            Some(Value::Object(keys)) => Ok(Some(keys)),
            Some(_) => Err(wrong_type(key, "a table")),
        }
    }

    /// The value of `key`; a text that is a JSON document stands for that document.
    fn parsed(&self, key: &str) -> Option<Value> {
        let value = self.value(key)?;
        let document = value.as_str().and_then(|text| serde_json::from_str(text).ok());
        Some(document.unwrap_or_else(|| value.clone()))
    }
}

fn wrong_type(key: &str, expected: &str) -> Error {
    Error::invalid(format!("'{key}' in the destination's settings must be {expected}"))
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(value: &Value) -> Settings {
        Settings::new(value.as_object().unwrap().clone())
    }

    #[test]
    fn unknown_keys_are_refused_with_the_nearest_known_one() {
        let error = settings(&json!({"pth": "a"})).check_keys(&["path", "threads"]).unwrap_err();
        assert_eq!(error.remedy(), Some("did you mean 'path'?"));
    }

    #[test]
    fn text_from_the_environment_becomes_numbers_and_truths() {
        let given = settings(&json!({"create_indexes": "True", "threads": "4", "memory_limit": ""}));
        assert_eq!(given.flag("create_indexes").unwrap(), Some(true));
        assert_eq!(given.count("threads").unwrap(), Some(4));
        assert_eq!(given.text("memory_limit").unwrap(), None);
        assert!(settings(&json!({"threads": 0})).count("threads").is_err());
        assert_eq!(settings(&json!({"batch_size": "0"})).number("batch_size").unwrap(), Some(0));
    }

    #[test]
    fn lists_tables_and_lengths_of_time_may_be_texts() {
        let given = settings(&json!({"command": "[\"cat\", \"-u\"]", "env": "{\"A\": 1}", "timeout": "0.5"}));
        assert_eq!(given.list("command").unwrap(), Some(vec![json!("cat"), json!("-u")]));
        assert_eq!(given.table("env").unwrap().unwrap()["A"], 1);
        assert_eq!(given.seconds("timeout").unwrap(), Some(Duration::from_millis(500)));
        assert!(settings(&json!({"timeout": -1})).seconds("timeout").is_err());
        assert!(settings(&json!({"command": "cat"})).list("command").is_err());
    }

    #[test]
    fn values_do_not_show_in_debug_output() {
        let shown = format!("{:?}", settings(&json!({"password": "hush"})));
        assert!(!shown.contains("hush"), "{shown}");
    }
}
