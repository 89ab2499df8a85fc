//! The settings of one destination, read into types: what a type has not is refused, and errors say where a value is.

use cartage_config::ConfigError;
use serde::Deserialize;

use crate::error::Error;

/// The keys of a destination that has none of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoKeys {}

/// What is wrong with a setting is the user's to correct.
impl From<ConfigError> for Error {
    fn from(cause: ConfigError) -> Self {
        match cause {
            ConfigError::UnknownKey { key, nearest, known, place } => {
                let remedy = match nearest {
                    Some(name) => format!("did you mean '{name}'?"),
                    None => format!("known keys are {}", known.join(", ")),
                };
                Self::invalid(format!("{place}: unknown key `{key}`")).with_remedy(remedy)
            }
            ConfigError::Missing { key, .. } => {
                let (table, name) = key.rsplit_once('.').unwrap_or(("", &key));
                Self::invalid(format!("'{name}' is missing in [{table}]")).with_remedy(format!(
                    "set it there or in [{table}] of the secrets file, or the variable {}",
                    cartage_config::variable_of(&key)
                ))
            }
            other => Self::invalid(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::num::NonZeroUsize;
    use std::time::Duration;

    use cartage_config::{Seconds, Secret, Section, Written};
    use serde_json::{Value, json};

    use super::*;
    use crate::error::Result;

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Keys {
        path: Option<String>,
        password: Option<Secret>,
        create_indexes: Option<bool>,
        threads: Option<NonZeroUsize>,
        batch_size: Option<usize>,
        command: Vec<String>,
        env: BTreeMap<String, Written>,
        timeout: Option<Seconds>,
    }

    fn read(value: &Value) -> Result<Keys> {
        Ok(Section::new(value.as_object().unwrap().clone()).named("destination.shelf").parse()?)
    }

    #[test]
    fn unknown_keys_are_refused_with_the_nearest_known_one() {
        let error = read(&json!({"pth": "a"})).unwrap_err();
        assert_eq!(error.remedy(), Some("did you mean 'path'?"));
        assert_eq!(error.to_string(), "settings of the program: unknown key `destination.shelf.pth`");
    }

    #[test]
    fn text_from_the_environment_becomes_numbers_and_booleans() {
        let given = json!({"create_indexes": "True", "threads": "4", "path": "", "batch_size": "0"});
        let keys = read(&given).unwrap();
        assert_eq!((keys.create_indexes, keys.threads.map(NonZeroUsize::get)), (Some(true), Some(4)));
        assert_eq!((keys.path, keys.batch_size), (None, Some(0)));
        assert!(read(&json!({"threads": 0})).is_err());
        assert_eq!(read(&json!({"threads": "1_000"})).unwrap().threads.map(NonZeroUsize::get), Some(1000));
    }

    #[test]
    fn lists_tables_and_lengths_of_time_may_be_texts() {
        let given = json!({"command": "[\"cat\", \"-u\"]", "env": "{A = 1, B = \"\"}", "timeout": "0.5"});
        let keys = read(&given).unwrap();
        assert_eq!(keys.command, ["cat", "-u"]);
        assert_eq!((&keys.env["A"].0, &keys.env["B"].0), (&json!("1"), &json!("")));
        assert_eq!(keys.timeout, Some(Seconds(Duration::from_millis(500))));
        let error = read(&json!({"timeout": -1})).unwrap_err().to_string();
        assert_eq!(
            error,
            "settings of the program: `destination.shelf.timeout` is the number -1, expected a number of seconds above zero"
        );
        assert!(read(&json!({"command": "cat"})).is_err());
    }

    #[test]
    fn a_text_is_never_read_as_something_else() {
        for text in ["1e5", "1.10", "true", " x ", "007", "[1]", "null", "2024-01-01", "{\"a\": 1}"] {
            let keys = read(&json!({"password": text, "path": text})).unwrap();
            assert_eq!((keys.password.unwrap().expose(), keys.path.as_deref()), (text, Some(text)));
        }
        assert_eq!(read(&json!({"password": 15})).unwrap().password.unwrap().expose(), "15");
    }

    #[test]
    fn secrets_show_neither_in_debug_output_nor_in_errors() {
        let given = json!({"password": "hush", "env": {"TOKEN": "hush"}});
        let section = Section::new(given.as_object().unwrap().clone());
        let shown = format!("{section:?} {:?}", read(&json!({"password": "hush"})).unwrap());
        assert!(!shown.contains("hush"), "{shown}");
        let error = read(&json!({"password": ["hush"]})).unwrap_err();
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
}
