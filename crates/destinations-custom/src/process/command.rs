//! [`CommandSink`]: runs the command of the settings for each batch, and tells what its end means.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{self, ExitStatus};

use cartage_destinations_api::{ConnectRequest, Error, Result};
use cartage_runtime::threads::NoThread;

use crate::config::Settings;
use crate::custom::Custom;
use crate::process::child::{self, Ended};
use crate::process::config::Config;
use crate::process::input::Input;
use crate::sink::{Batch, Sink};

/// Characters of the last line of output that are part of the message itself.
const LINE: usize = 300;

/// A command that takes each batch on its standard input.
#[derive(Debug)]
pub struct CommandSink {
    config: Config,
}

impl CommandSink {
    /// Makes the destination of `type = "process"`. Whether the command can be started shows with the first batch.
    ///
    /// # Errors
    /// Invalid if a setting is unknown, missing, or its value is not allowed.
    pub fn connect(request: &ConnectRequest) -> Result<Custom> {
        let (settings, keys) = Settings::read(request)?;
        let config = Config::new(keys, request)?;
        Custom::with_settings(request, settings, Self { config })
    }

    fn process(&self, stdin: process::Stdio, variables: Vec<(&str, OsString)>) -> process::Command {
        let mut command = process::Command::new(&self.config.program);
        command
            .args(&self.config.arguments)
            .current_dir(&self.config.working_dir)
            .envs(self.config.env.iter().map(|(name, value)| (name, value)))
            .envs(variables)
            .stdin(stdin);
        command
    }

    fn not_started(&self, cause: io::Error) -> Error {
        let shown = &self.config.shown;
        let kind = cause.kind();
        let message = format!("cannot start '{shown}' in {}: {cause}", self.config.working_dir.display());
        let error = match kind {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory => {
                Error::invalid(message).with_remedy(
                    "'command' must name a program on PATH or a path relative to 'working_dir', which may be executed",
                )
            }
            // A process or the thread that follows its output.
            io::ErrorKind::WouldBlock => Error::transient(message).with_remedy(NoThread::REMEDY),
            _ => Error::transient(message),
        };
        error.with_source(cause)
    }

    fn judge(&self, ended: &Ended) -> Result<()> {
        let shown = &self.config.shown;
        let Some(status) = ended.status else {
            let seconds = self.config.timeout.unwrap_or_default().as_secs_f64();
            let message = format!("'{shown}' was stopped after {seconds} seconds{}", last_line(ended));
            return Err(said(
                Error::transient(message).with_remedy("raise 'timeout' or lower 'batch_size'"),
                ended,
            ));
        };
        if status.success() {
            return Ok(());
        }
        let message = format!("'{shown}' ended with {}{}", named(status), last_line(ended));
        let terminal = status.code().is_some_and(|code| self.config.terminal_exit_codes.contains(&code));
        let error = match status.code() {
            Some(126 | 127) if terminal => Error::terminal(message)
                .with_remedy("the shell could not run the command: see 'command' and 'working_dir'"),
            _ if terminal => Error::terminal(message),
            _ => Error::transient(message),
        };
        Err(said(error, ended))
    }
}

impl Sink for CommandSink {
    fn location(&self) -> String {
        self.config.shown.clone()
    }

    /// Looks for the program and does not run it: whatever it does with an empty batch, it would do.
    fn probe(&self) -> Result<String> {
        let folder = &self.config.working_dir;
        if !folder.is_dir() {
            return Err(self.not_started(io::ErrorKind::NotADirectory.into()));
        }
        let program = Path::new(&self.config.program);
        let found = if program.components().count() > 1 {
            Some(folder.join(program)).filter(|path| is_executable(path))
        } else {
            let path = env::var_os("PATH").unwrap_or_default();
            env::split_paths(&path).map(|folder| folder.join(program)).find(|path| is_executable(path))
        };
        let found = found.ok_or_else(|| self.not_started(io::ErrorKind::NotFound.into()))?;
        Ok(format!("{} can be started in {}", found.display(), folder.display()))
    }

    fn take(&self, batch: &Batch<'_>) -> Result<()> {
        let Input { stdin, variables, table: _table } = Input::of(batch)?;
        let ended = child::run(self.process(stdin, variables), self.config.timeout);
        let mut ended = ended.map_err(|cause| self.not_started(cause))?;
        ended.output = self.config.secrets.hide(&ended.output);
        if !ended.output.is_empty() {
            tracing::debug!(job = batch.job_id, output = ended.output, "output of the command");
        }
        self.judge(&ended)
    }
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// The last line of what the command has written; the error's cause is all of it that was kept.
fn last_line(ended: &Ended) -> String {
    let line: String = ended.output.lines().last().unwrap_or_default().chars().take(LINE).collect();
    if line.is_empty() { line } else { format!(": {line}") }
}

fn said(error: Error, ended: &Ended) -> Error {
    if ended.output.is_empty() { error } else { error.with_source(Said(ended.output.clone())) }
}

/// The last output of a command, as the cause of its error.
#[derive(Debug)]
struct Said(String);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Said {}

fn named(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}
