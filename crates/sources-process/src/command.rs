//! Which program is run, and how: the keys that all types of programs share.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cartage_config::{ConfigError, Seconds, Secrets, Section, Written, text_or_structure};
use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, SeqAccess, Visitor};

/// How long a program may take to say which resources it has.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// How long a program that was asked to stop has until it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Keys of every type of program, besides `command`.
pub(crate) const KEYS: &[&str] = &["env", "working_dir", "start_timeout", "stop_timeout", "idle_timeout"];

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Keys {
    command: Option<CommandLine>,
    env: IndexMap<String, Written>,
    working_dir: PathBuf,
    start_timeout: Option<Seconds>,
    stop_timeout: Option<Seconds>,
    idle_timeout: Option<Seconds>,
}

/// A command as it is given.
#[derive(Clone)]
enum CommandLine {
    /// For the shell.
    Shell(String),
    /// A program and its arguments.
    Words(Vec<String>),
}

/// What is run, where, and with how much patience.
#[derive(Clone)]
pub(crate) struct ProgramSettings {
    words: Vec<String>,
    /// The command as messages name it: without arguments, which may be secrets.
    pub(crate) shown: String,
    env: Vec<(String, String)>,
    pub(crate) working_dir: PathBuf,
    pub(crate) start_timeout: Duration,
    pub(crate) stop_timeout: Duration,
    /// How long the program may be silent; forever where absent.
    pub(crate) idle_timeout: Option<Duration>,
    /// What messages must not show.
    pub(crate) secrets: Secrets,
}

impl ProgramSettings {
    /// Reads the keys of a source. `secrets` are texts that messages must not show, besides the values of `env`.
    ///
    /// # Errors
    /// The key that cannot be used, and what to do.
    pub(crate) fn read(
        section: &Section,
        default_command: Option<Vec<String>>,
        secrets: &[String],
    ) -> Result<Self, ConfigError> {
        let keys: Keys = section.only(&[&["command"], KEYS].concat()).parse()?;
        let example = "give a list such as [\"python3\", \"rows.py\"], or a text for the shell";
        let words = match (keys.command, default_command) {
            (Some(CommandLine::Shell(text)), _) => ["sh", "-c", &text, "sh"].map(str::to_owned).to_vec(),
            (Some(CommandLine::Words(words)), _) | (None, Some(words)) => words,
            (None, None) => {
                return Err(section.invalid("command", format!("the program to run is not set: {example}")));
            }
        };
        let Some(first) = words.first().filter(|first| !first.trim().is_empty()) else {
            return Err(section.invalid("command", format!("it has no program: {example}")));
        };
        let is_shell = first == "sh" && words.get(1).is_some_and(|word| word == "-c");
        let shown = match words.get(2).filter(|_| is_shell) {
            Some(text) => text.split_whitespace().next().unwrap_or("sh").to_owned(),
            None => first.clone(),
        };
        let env: Vec<(String, String)> =
            keys.env.into_iter().map(|(name, value)| (name, value.into_text())).collect();
        let hidden = env.iter().map(|(_, value)| value).chain(secrets).map(String::as_str);
        let secrets = Secrets::new(hidden);
        let or = |seconds: Option<Seconds>, default| seconds.map_or(default, |Seconds(length)| length);
        Ok(Self {
            words,
            shown,
            secrets,
            env,
            working_dir: section.base_dir().join(keys.working_dir),
            start_timeout: or(keys.start_timeout, START_TIMEOUT),
            stop_timeout: or(keys.stop_timeout, STOP_TIMEOUT),
            idle_timeout: keys.idle_timeout.map(|Seconds(length)| length),
        })
    }

    /// The command with more arguments; `{files}` in it is the folder of the files that it is given, for containers
    /// that must see it. A program with a relative path is one of the folder that it works in.
    pub(crate) fn command(&self, arguments: &[String], files: Option<&Path>) -> Command {
        let program = Path::new(&self.words[0]);
        let program = if program.is_relative() && program.components().count() > 1 {
            self.working_dir.join(program)
        } else {
            program.to_owned()
        };
        let mut command = Command::new(program);
        command
            .args(self.words[1..].iter().map(|word| match files {
                Some(files) => word.replace("{files}", &files.to_string_lossy()),
                None => word.clone(),
            }))
            .args(arguments)
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        if !self.working_dir.as_os_str().is_empty() {
            command.current_dir(&self.working_dir);
        }
        command
    }
}

impl fmt::Debug for ProgramSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgramSettings").field("command", &self.shown).finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for CommandLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_structure(deserializer, CommandVisitor)
    }
}

struct CommandVisitor;

impl<'de> Visitor<'de> for CommandVisitor {
    type Value = CommandLine;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of a program and its arguments, or a text for the shell")
    }

    fn visit_str<E>(self, text: &str) -> Result<CommandLine, E> {
        Ok(CommandLine::Shell(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<CommandLine, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(CommandLine::Words)
    }
}
