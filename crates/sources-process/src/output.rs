//! The standard output of a program, read by a thread of its own, so that a silent program can be given up.

use std::io::{self, Read};
use std::process::ChildStdout;
use std::time::{Duration, Instant};

use cartage_runtime::CancelToken;
use cartage_runtime::threads::{NoThread, start};
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use crate::command::ProgramSettings;

/// Bytes that are read at once, as many as a pipe holds.
const CHUNK: usize = 64 << 10;

/// Chunks that wait to be taken. A program that is faster than the rest has to wait.
const CHUNKS: usize = 16;

/// How often a wait looks whether the run was cancelled.
const POLL: Duration = Duration::from_millis(50);

/// The output, with an end to all patience.
pub(crate) struct Output {
    chunks: Receiver<io::Result<Vec<u8>>>,
    current: Vec<u8>,
    /// Bytes of `current` that were taken.
    taken: usize,
    cancel: CancelToken,
    idle_timeout: Option<Duration>,
    /// Bytes that were taken so far.
    pub(crate) bytes: u64,
}

impl Output {
    /// Follows the output of a program.
    pub(crate) fn follow(
        mut output: ChildStdout,
        settings: &ProgramSettings,
        cancel: CancelToken,
    ) -> Result<Self, NoThread> {
        let (sender, chunks) = bounded(CHUNKS);
        start("program", move || {
            loop {
                let mut chunk = vec![0; CHUNK];
                let read = match output.read(&mut chunk) {
                    Ok(0) => return,
                    Ok(read) => {
                        chunk.truncate(read);
                        Ok(chunk)
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let is_over = read.is_err();
                if sender.send(read).is_err() || is_over {
                    return;
                }
            }
        })?;
        let idle_timeout = settings.idle_timeout;
        Ok(Self { chunks, current: Vec::new(), taken: 0, cancel, idle_timeout, bytes: 0 })
    }

    /// Looks at another cancellation from now on.
    pub(crate) fn set_cancel(&mut self, cancel: CancelToken) {
        self.cancel = cancel;
    }

    /// Allows another time of silence from now on.
    pub(crate) fn set_idle_timeout(&mut self, timeout: Option<Duration>) {
        self.idle_timeout = timeout;
    }

    /// The bytes that are there, waited for; empty at the end.
    fn fill(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.current.len() {
            let begun = Instant::now();
            self.taken = 0;
            self.current = loop {
                if self.cancel.is_cancelled() {
                    return Err(io::Error::other("the run was cancelled"));
                }
                match self.chunks.recv_timeout(POLL) {
                    Ok(chunk) => break chunk?,
                    Err(RecvTimeoutError::Disconnected) => break Vec::new(),
                    Err(RecvTimeoutError::Timeout) => {}
                }
                if let Some(limit) = self.idle_timeout.filter(|limit| begun.elapsed() >= *limit) {
                    let message = format!("it has written nothing for {} seconds", limit.as_secs_f64());
                    return Err(io::Error::new(io::ErrorKind::TimedOut, message));
                }
            };
        }
        Ok(&self.current[self.taken..])
    }

    fn take(&mut self, bytes: usize) {
        self.taken += bytes;
        self.bytes += bytes as u64;
    }

    /// Reads a line into `line`, without its line feed. False at the end of the output.
    ///
    /// # Errors
    /// [`io::ErrorKind::FileTooLarge`] for a line longer than `max` bytes; what reading gives.
    pub(crate) fn line(&mut self, line: &mut Vec<u8>, max: usize) -> io::Result<bool> {
        line.clear();
        loop {
            let there = self.fill()?;
            if there.is_empty() {
                return Ok(!line.is_empty());
            }
            let end = memchr::memchr(b'\n', there);
            let text = &there[..end.unwrap_or(there.len())];
            if line.len() + text.len() > max {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            line.extend_from_slice(text);
            let taken = text.len() + usize::from(end.is_some());
            self.take(taken);
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

impl Read for Output {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let there = self.fill()?;
        let read = there.len().min(buffer.len());
        buffer[..read].copy_from_slice(&there[..read]);
        self.take(read);
        Ok(read)
    }
}
