//! Where a value was found: which layer, and the place in it that a person can go to.

use std::fmt::{self, Display};
use std::path::Path;
use std::sync::Arc;

/// The layers of the lookup, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Layer {
    /// `--set a.b.c=value` on the command line, or what a program that runs the pipeline sets itself.
    Set,
    /// An environment variable, named as it is set.
    Environment,
    /// `secrets.toml` in the settings folder.
    Secrets,
    /// `config.toml` in the settings folder.
    Config,
    /// The pipeline file itself.
    File,
}

impl Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Set => "--set",
            Self::Environment => "environment",
            Self::Secrets => "secrets.toml",
            Self::Config => "config.toml",
            Self::File => "pipeline.toml",
        })
    }
}

/// The place within a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginPlace {
    /// The key of a `--set` option.
    Option(Arc<str>),
    /// A key that the program that runs the pipeline has set itself.
    Program(Arc<str>),
    /// A table that a program hands over as it is.
    Given,
    /// The name of an environment variable.
    Variable(Arc<str>),
    /// The key (or list element) in a file; line and column count from 1.
    File {
        /// The file, as it was named when it was read.
        path: Arc<Path>,
        /// Line, from 1.
        line: u32,
        /// The column, in characters.
        column: u32,
    },
}

/// Where a value was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The layer that the value comes from.
    pub layer: Layer,
    /// Where in the layer.
    pub place: OriginPlace,
}

impl Origin {
    /// The layer as the trace names it.
    pub(crate) fn provider(&self) -> String {
        match self.place {
            OriginPlace::Program(_) | OriginPlace::Given => "program".to_owned(),
            _ => self.layer.to_string(),
        }
    }
}

impl Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            OriginPlace::Option(key) => write!(f, "--set {key}"),
            OriginPlace::Program(key) => write!(f, "{key} as the program sets it"),
            OriginPlace::Given => f.write_str("settings of the program"),
            OriginPlace::Variable(name) => write!(f, "environment variable {name}"),
            OriginPlace::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
        }
    }
}
