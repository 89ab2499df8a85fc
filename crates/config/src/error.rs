//! What can be wrong with a configuration. Every message names the key, the place and a remedy.

use std::io;
use std::path::PathBuf;

use crate::origin::Origin;
use crate::variable_names::variable_of;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The pipeline file is not there.
    #[error("no pipeline file {}: name one, or write one with `cartage init SOURCE DEST`", path.display())]
    NoFile {
        /// The path that was tried.
        path: PathBuf,
    },
    /// A file is there and cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not TOML.
    #[error("{place}: {message}")]
    Syntax {
        /// Where reading stopped.
        place: Origin,
        /// What is wrong there.
        message: String,
    },
    /// A `--set` option is not `key=value`. The value is not kept, it may be a secret.
    #[error("cannot read `--set {text}`: write it as `--set a.b.c=value`")]
    BadSet {
        /// The part before the first `=`.
        text: String,
    },
    /// An unknown key.
    #[error("{place}: unknown key `{key}`{}", suggestion(nearest.as_deref(), known))]
    UnknownKey {
        /// The whole dotted key.
        key: String,
        /// The known key that is spelled most like it.
        nearest: Option<String>,
        /// All keys that are allowed there.
        known: Vec<String>,
        /// Where it is.
        place: Origin,
    },
    /// A value of the wrong type, or a word that is none of those allowed.
    #[error("{}`{key}` is {found}, expected {wanted}", prefix(place.as_ref()))]
    WrongType {
        /// The whole dotted key.
        key: String,
        /// What is there; only its kind for secrets.
        found: String,
        /// What may be there.
        wanted: String,
        /// Where the value is.
        place: Option<Origin>,
    },
    /// A value of the right type that cannot be used.
    #[error("{}`{key}`: {message}", prefix(place.as_ref()))]
    Invalid {
        /// The whole dotted key.
        key: String,
        /// What is wrong with it.
        message: String,
        /// Where the value is.
        place: Option<Origin>,
    },
    /// A value that must be there is not.
    #[error("`{key}` is missing: set it in {file} or as environment variable {}", variable_of(key))]
    Missing {
        /// The whole dotted key.
        key: String,
        /// The file to write it into.
        file: String,
    },
    /// A value that a template left open.
    #[error("{place}: `{key}` still holds the placeholder of the template: fill it in")]
    Placeholder {
        /// The whole dotted key.
        key: String,
        /// Where the placeholder is.
        place: Origin,
    },
    /// Two resources of a source have the same name.
    #[error("{place}: resource `{name}` of source `{source_name}` is defined twice: give each its own name")]
    DuplicateResource {
        /// Name of the source.
        source_name: String,
        /// Name that two resources have.
        name: String,
        /// The second definition.
        place: Origin,
    },
    /// No variable says where data may be kept.
    #[error("no data folder: set CARTAGE_DATA_DIR, DLT_DATA_DIR, XDG_DATA_HOME or HOME")]
    NoDataDir,
}

fn prefix(place: Option<&Origin>) -> String {
    place.map(|place| format!("{place}: ")).unwrap_or_default()
}

fn suggestion(nearest: Option<&str>, known: &[String]) -> String {
    match nearest {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; known are {}", known.join(", ")),
    }
}

/// The known word that is spelled most like `word`, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let far = (word.chars().count() / 3).max(2);
    let distance = |known: &str| strsim::damerau_levenshtein(&word.to_lowercase(), known);
    let scored = known.into_iter().map(|known| (distance(known), known));
    scored.filter(|(distance, _)| *distance <= far).min().map(|(_, known)| known.to_owned())
}
