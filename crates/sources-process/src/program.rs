//! One running program: how it is started, asked to stop, killed, and what its end means.

use std::io::{self, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cartage_runtime::CancelToken;
use cartage_runtime::threads::NoThread;
use cartage_source_api::SourceError;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::command::ProgramSettings;
use crate::guard::Guard;
use crate::output::Output;
use crate::private_files::PrivateFiles;
use crate::stderr::StderrTail;

/// How often the end of a program is looked for.
const POLL: Duration = Duration::from_millis(5);

/// How long a program may take to end after it has closed its output.
pub(crate) const LAST_STEPS: Duration = Duration::from_secs(30);

/// How long the last lines of standard error may take to arrive; grandchildren may hold it open.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What a program is given besides its command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) words: Vec<String>,
    /// The folder of the files that are among them.
    pub(crate) files: Option<PathBuf>,
}

/// A program that runs, in a process group of its own. It is killed with all that it has started when this is dropped.
pub(crate) struct Program {
    settings: Arc<ProgramSettings>,
    child: Child,
    input: Option<ChildStdin>,
    errors: StderrTail,
    _guard: Option<Guard>,
    files: Option<PrivateFiles>,
    has_ended: bool,
}

impl Program {
    /// Starts the program with more arguments. Its output is read with the patience of the settings, until `cancel`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn start(
        settings: &Arc<ProgramSettings>,
        arguments: &Arguments,
        cancel: &CancelToken,
    ) -> Result<(Self, Output), SourceError> {
        let mut command = settings.command(&arguments.words, arguments.files.as_deref());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().map_err(|error| not_started(settings, &error))?;
        let guard = Guard::of(&child, arguments.files.as_deref());
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut program = Self {
            settings: Arc::clone(settings),
            child,
            input,
            errors: StderrTail::default(),
            _guard: guard,
            files: None,
            has_ended: false,
        };
        let failed = |error: NoThread| not_started(settings, &error.into());
        if let Some(errors) = errors {
            program.errors = StderrTail::follow(errors, settings).map_err(failed)?;
        }
        let output = output.ok_or_else(|| program.unusable("it has no output"))?;
        let output = Output::follow(output, settings, cancel.clone()).map_err(failed)?;
        Ok((program, output))
    }

    /// Keeps files that the program may read until it has ended.
    pub(crate) fn keep(&mut self, files: PrivateFiles) {
        self.files = Some(files);
    }

    /// Writes a line to its standard input. A program that is gone, or does not listen, tells why by its output.
    ///
    /// # Errors
    /// If the line cannot be written for another reason.
    pub(crate) fn send(&mut self, line: &str) -> Result<(), SourceError> {
        let Some(input) = &mut self.input else { return Ok(()) };
        let sent = input.write_all(line.as_bytes()).and_then(|()| input.write_all(b"\n"));
        match sent.and_then(|()| input.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(self.unusable(&format!("its standard input cannot be written: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Closes its standard input.
    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// Waits for the end of a program that has told all, and checks that it ended well.
    ///
    /// # Errors
    /// If it does not end, or with another exit code than 0.
    pub(crate) fn finish(&mut self) -> Result<(), SourceError> {
        self.close_input();
        match self.wait(LAST_STEPS) {
            None => Err(self.unusable("it closed its output and did not end within 30 seconds")),
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(self.ended_early(status)),
        }
    }

    /// What to say of a program whose output ended although more was expected.
    pub(crate) fn stopped_short(&mut self, missing: &str) -> SourceError {
        match self.wait(LAST_STEPS) {
            Some(status) if !status.success() => self.ended_early(status),
            _ => self.unusable(&format!("its output ended {missing}")),
        }
    }

    /// An error about this program, with the last lines of its standard error.
    pub(crate) fn unusable(&mut self, reason: &str) -> SourceError {
        let said = self.errors.text(LAST_WORDS);
        let reason = if said.is_empty() {
            reason.to_owned()
        } else {
            format!("{reason}; the end of its standard error:\n{said}")
        };
        SourceError::Unusable {
            input: format!("program `{}`", self.settings.shown),
            reason: self.settings.secrets.hide(&reason),
        }
    }

    fn ended_early(&mut self, status: ExitStatus) -> SourceError {
        let remedy = match status.code() {
            Some(126 | 127) => "; check `command`: the shell cannot run it",
            _ => "",
        };
        self.unusable(&format!("it ended with {}{remedy}", named(status)))
    }

    /// Waits for its end, but not longer than `patience`.
    fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                self.has_ended = true;
                return Some(status);
            }
            if begun.elapsed() >= patience {
                return None;
            }
            thread::sleep(POLL);
        }
    }

    /// Asks it to stop, and gives it the time that the settings allow. False if it had to be killed.
    pub(crate) fn stop(&mut self) -> bool {
        if let Some(input) = &mut self.input {
            let _ = input.write_all(b"{\"type\":\"stop\"}\n").and_then(|()| input.flush());
        }
        self.close()
    }

    /// Closes its standard input, and gives it the time that the settings allow. False if it had to be killed.
    pub(crate) fn close(&mut self) -> bool {
        self.close_input();
        let has_ended = self.wait(self.settings.stop_timeout).is_some();
        if !has_ended {
            self.kill();
        }
        has_ended
    }

    /// Ends it and all that it has started: first kindly, then not.
    pub(crate) fn kill(&mut self) {
        self.close_input();
        let group = Pid::from_child(&self.child);
        if !self.has_ended {
            let _ = kill_process_group(group, Signal::TERM);
            self.wait(self.settings.stop_timeout);
        }
        // What it has started may be running still.
        let _ = kill_process_group(group, Signal::KILL);
        if !self.has_ended {
            let _ = self.child.wait();
            self.has_ended = true;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

fn not_started(settings: &ProgramSettings, error: &io::Error) -> SourceError {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory => {
            "; `command` must name a program on PATH, or a path from `working_dir`, that may be executed"
        }
        _ => "",
    };
    SourceError::Unusable {
        input: format!("program `{}`", settings.shown),
        reason: format!("it cannot be started in {}: {error}{remedy}", settings.working_dir.display()),
    }
}

fn named(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(9)) => "signal 9 (killed; perhaps the machine had no memory left)".to_owned(),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}
