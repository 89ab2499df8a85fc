//! The settings of `type = "process"`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroU8;
use std::path::PathBuf;
use std::time::Duration;

use cartage_destinations_api::{ConnectRequest, Error, Result, Seconds, Secrets, Written, text_or_structure};
use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, SeqAccess, Visitor};

/// Keys of this destination.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    command: Line,
    #[serde(default)]
    env: IndexMap<String, Written>,
    #[serde(default)]
    working_dir: PathBuf,
    timeout: Option<Seconds>,
    terminal_exit_codes: Option<Vec<NonZeroU8>>,
}

/// Exit statuses that another attempt would not change: those that `sysexits.h` has for wrong usage, data, input,
/// permission and configuration, and those of a shell that cannot run what it was given.
const TERMINAL: [i32; 7] = [64, 65, 66, 77, 78, 126, 127];

/// What is run, and how.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
    /// The command as the user wrote it.
    pub(crate) shown: String,
    pub(crate) env: Vec<(String, String)>,
    /// The values of `env`, which a command may show when it fails.
    pub(crate) secrets: Secrets,
    pub(crate) working_dir: PathBuf,
    /// How long a batch may take.
    pub(crate) timeout: Option<Duration>,
    pub(crate) terminal_exit_codes: BTreeSet<i32>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("command", &self.shown).finish_non_exhaustive()
    }
}

impl Config {
    /// What the keys of a request say.
    ///
    /// # Errors
    /// Invalid if the command has no words.
    pub(crate) fn new(keys: Keys, request: &ConnectRequest) -> Result<Self> {
        let (shown, program, arguments) = match keys.command {
            Line::Shell(text) => (text.clone(), "sh".into(), vec!["-c".into(), text.into()]),
            Line::Words(words) => {
                let words = words.split_first().filter(|(program, _)| !program.is_empty());
                let (program, rest) = words.ok_or_else(|| {
                    Error::from(request.settings.invalid("command", "names no program"))
                        .with_remedy("give a list like [\"python3\", \"sink.py\"], or a text for the shell")
                })?;
                // Arguments may be secrets.
                (program.clone(), program.into(), rest.iter().map(OsString::from).collect())
            }
        };
        let env: Vec<(String, String)> =
            keys.env.into_iter().map(|(name, value)| (name, value.into_text())).collect();
        let terminal = keys.terminal_exit_codes.map_or_else(
            || TERMINAL.into(),
            |codes| codes.into_iter().map(|code| code.get().into()).collect(),
        );
        Ok(Self {
            program,
            arguments,
            shown,
            secrets: Secrets::new(env.iter().map(|(_, value)| value.as_str())),
            env,
            working_dir: request.base_dir.join(keys.working_dir),
            timeout: keys.timeout.map(|Seconds(length)| length),
            terminal_exit_codes: terminal,
        })
    }
}

/// A command as it is given.
enum Line {
    /// A command line that the shell runs.
    Shell(String),
    /// A program and its arguments.
    Words(Vec<String>),
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_structure(deserializer, LineVisitor)
    }
}

struct LineVisitor;

impl<'de> Visitor<'de> for LineVisitor {
    type Value = Line;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list")
    }

    /// A shell knows a command `[`, too.
    fn visit_str<E>(self, text: &str) -> Result<Line, E> {
        Ok(Line::Shell(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Line, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Line::Words)
    }
}
