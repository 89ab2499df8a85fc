//! Reads the table of settings of one destination: typed values, and no key that nobody knows.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// A value that may be a table or a text.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum TableOrText {
    /// A table.
    Table(Map<String, Value>),
    /// A text.
    Text(String),
}

impl fmt::Debug for TableOrText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Table(_) => "a table",
            Self::Text(_) => "a text",
        })
    }
}

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

    /// A text. A number or a truth value is the text that it is written as.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if it is something else.
    pub fn text(&self, key: &str) -> Result<Option<String>> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            // As it is written: what would be printed otherwise has come as text.
            Some(scalar @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(scalar.to_string())),
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
            Some(Value::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" | "t" | "y" => Ok(Some(true)),
                "false" | "0" | "no" | "off" | "f" | "n" => Ok(Some(false)),
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
            Some(Value::String(text)) => whole_number(text),
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
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        let length = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        match length.filter(|length| !length.is_zero()) {
            Some(length) => Ok(Some(length)),
            None => Err(wrong_type(key, "a number of seconds above zero")),
        }
    }

    /// A list, also as the text of a list in JSON or TOML.
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

    /// A table, also as the text of one in JSON or TOML.
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

    /// A table, also as the text of one, or else a text: credentials may be either.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if it is something else.
    pub fn table_or_text(&self, key: &str) -> Result<Option<TableOrText>> {
        match self.parsed(key) {
            None => Ok(None),
            Some(Value::Object(keys)) => Ok(Some(TableOrText::Table(keys))),
            Some(Value::String(text)) => Ok(Some(TableOrText::Text(text))),
            Some(_) => match self.value(key) {
                Some(Value::String(text)) => Ok(Some(TableOrText::Text(text.clone()))),
                _ => Err(wrong_type(key, "a text or a table")),
            },
        }
    }

    /// The value of `key`; a text that is a list or a table stands for that.
    fn parsed(&self, key: &str) -> Option<Value> {
        let value = self.value(key)?;
        let document =
            value.as_str().filter(|text| text.trim_start().starts_with(['[', '{'])).and_then(|text| {
                let toml = || {
                    let mut table: Map<String, Value> =
                        toml::from_str(&format!("value = {}", text.trim())).ok()?;
                    table.remove("value")
                };
                serde_json::from_str(text).ok().or_else(toml)
            });
        Some(document.unwrap_or_else(|| value.clone()))
    }
}

/// A whole number as TOML has it: with underscores between digits, or to another base.
fn whole_number(text: &str) -> Option<u64> {
    let digits = text.trim().replace('_', "");
    match digits.as_bytes() {
        [b'0', b'x', ..] => u64::from_str_radix(&digits[2..], 16).ok(),
        [b'0', b'o', ..] => u64::from_str_radix(&digits[2..], 8).ok(),
        [b'0', b'b', ..] => u64::from_str_radix(&digits[2..], 2).ok(),
        _ => digits.parse().ok(),
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
    fn a_text_is_never_read_as_something_else() {
        for text in ["1e5", "1.10", "true", " x ", "007", "[1]", "null", "2024-01-01", "{\"a\": 1}"] {
            assert_eq!(settings(&json!({"password": text})).text("password").unwrap().as_deref(), Some(text));
        }
        assert_eq!(settings(&json!({"password": 15})).text("password").unwrap().as_deref(), Some("15"));
        assert_eq!(settings(&json!({"threads": "1_000"})).count("threads").unwrap(), Some(1000));
        let given = settings(&json!({"credentials": "{host = \"x\", port = 5}"}));
        assert_eq!(given.table("credentials").unwrap().unwrap()["host"], "x");
        let given = settings(&json!({"a": "{\"b\": 1}", "c": "[1]"}));
        assert!(matches!(given.table_or_text("a").unwrap(), Some(TableOrText::Table(_))));
        assert_eq!(given.table_or_text("c").unwrap(), Some(TableOrText::Text("[1]".to_owned())));
    }

    #[test]
    fn values_do_not_show_in_debug_output() {
        let shown = format!("{:?}", settings(&json!({"password": "hush"})));
        assert!(!shown.contains("hush"), "{shown}");
    }
}
