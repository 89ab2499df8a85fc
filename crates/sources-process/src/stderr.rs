//! What a program writes to standard error: each line goes to the log, and the last ones are part of errors.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::ChildStderr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cartage_runtime::threads::{NoThread, start};
use crossbeam_channel::{Receiver, bounded, never};

use crate::command::ProgramSettings;

/// Lines that are kept for an error.
const LINES: usize = 20;

/// Bytes of a line that are kept. A program that writes no line ends must not fill memory.
const LINE_BYTES: u64 = 2000;

/// The last lines of standard error.
pub(crate) struct StderrTail {
    lines: Arc<Mutex<VecDeque<String>>>,
    closed: Receiver<()>,
}

impl Default for StderrTail {
    fn default() -> Self {
        Self { lines: Arc::default(), closed: never() }
    }
}

impl StderrTail {
    /// Follows it in a thread that nobody waits for: grandchildren may hold it open for long.
    pub(crate) fn follow(errors: ChildStderr, settings: &Arc<ProgramSettings>) -> Result<Self, NoThread> {
        let tail = Arc::new(Mutex::new(VecDeque::with_capacity(LINES)));
        let (closing, closed) = bounded(0);
        let (kept, settings) = (Arc::clone(&tail), Arc::clone(settings));
        start("stderr", move || {
            let mut errors = BufReader::new(errors);
            while let Some(line) = next_line(&mut errors) {
                let line = settings.secrets.hide(&line);
                tracing::info!(program = settings.shown, "{line}");
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == LINES {
                    kept.pop_front();
                }
                kept.push_back(line);
            }
            drop(closing);
        })?;
        Ok(Self { lines: tail, closed })
    }

    /// The last lines, once standard error is closed or `patience` is over.
    pub(crate) fn text(&mut self, patience: Duration) -> String {
        let _ = self.closed.recv_timeout(patience);
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// The next line, or a part of one that is too long; blank ones are passed over.
fn next_line(errors: &mut BufReader<ChildStderr>) -> Option<String> {
    loop {
        let mut line = Vec::new();
        let read = errors.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line).ok()?;
        if read == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        if !text.is_empty() {
            return Some(text);
        }
    }
}
