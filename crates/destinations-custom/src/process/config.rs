//! The settings of `type = "process"`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use cartage_destinations_api::{ConnectRequest, Error, Result, Secrets};
use serde_json::Value;

/// Keys of this destination.
pub(crate) const OWN_KEYS: &[&str] = &["command", "env", "working_dir", "timeout", "terminal_exit_codes"];

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
    /// Reads the settings of a request.
    ///
    /// # Errors
    /// Invalid naming the key that is absent or has a value that cannot be.
    pub(crate) fn read(request: &ConnectRequest) -> Result<Self> {
        let keys = &request.settings;
        let line = command(keys)?;
        let (program, arguments) = match &line {
            Line::Shell(text) => ("sh".into(), vec!["-c".into(), text.into()]),
            Line::Words(words) => (words[0].clone().into(), words[1..].iter().map(OsString::from).collect()),
        };
        let shown = match line {
            Line::Shell(text) => text,
            // Arguments may be secrets.
            Line::Words(words) => words[0].clone(),
        };
        let env: Vec<(String, String)> = keys
            .table("env")?
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name, plain(value)))
            .collect();
        let terminal = match keys.list("terminal_exit_codes")? {
            None => TERMINAL.into(),
            Some(codes) => codes.iter().map(exit_code).collect::<Result<_>>()?,
        };
        Ok(Self {
            program,
            arguments,
            shown,
            secrets: Secrets::new(env.iter().map(|(_, value)| value.as_str())),
            env,
            working_dir: request.base_dir.join(keys.text("working_dir")?.unwrap_or_default()),
            timeout: keys.seconds("timeout")?,
            terminal_exit_codes: terminal,
        })
    }
}

/// A command as it is given.
enum Line {
    /// For the shell.
    Shell(String),
    /// A program and its arguments.
    Words(Vec<String>),
}

fn command(keys: &cartage_destinations_api::Settings) -> Result<Line> {
    let remedy = "give a list like [\"python3\", \"sink.py\"], or a text for the shell";
    match keys.value("command") {
        None => Err(Error::invalid("'command' is missing").with_remedy(remedy)),
        // A shell knows a command `[`, too.
        Some(Value::String(text)) if keys.list("command").is_err() => Ok(Line::Shell(text.clone())),
        Some(_) => {
            let words: Vec<String> =
                keys.list("command")?.unwrap_or_default().into_iter().map(plain).collect();
            if words.first().is_none_or(String::is_empty) {
                return Err(Error::invalid("'command' names no program").with_remedy(remedy));
            }
            Ok(Line::Words(words))
        }
    }
}

fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn exit_code(value: &Value) -> Result<i32> {
    let code =
        value.as_i64().and_then(|code| i32::try_from(code).ok()).filter(|code| (1..=255).contains(code));
    code.ok_or_else(|| Error::invalid("'terminal_exit_codes' must be a list of numbers from 1 to 255"))
}
