//! One running process: its output, its end, its time.

use std::collections::VecDeque;
use std::io::{self, PipeReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cartage_runtime::threads::{NoThread, start};
use rustix::process::{Pid, Signal, kill_process_group};

/// Bytes of the output that are kept: the end says what went wrong.
const TAIL: usize = 4096;
/// How often the end of a process is looked for that does not tell by closing its output.
const LOOK: Duration = Duration::from_millis(20);
/// The same once its output is closed.
const NEAR: Duration = Duration::from_millis(1);
/// How long the last output may take to arrive once the process has ended; others may hold the pipe open.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How a process ended.
pub(crate) struct Ended {
    /// `None` if its time was up.
    pub(crate) status: Option<ExitStatus>,
    /// The end of what it wrote to its standard output and standard error.
    pub(crate) output: String,
}

/// Runs a command to its end, or until its time is up.
///
/// The process leads a group of its own, so that Ctrl-C at a terminal lets it end its batch, and whatever it
/// has started ends with it when its time is up.
///
/// # Errors
/// If it cannot be started or waited for.
pub(crate) fn run(mut command: Command, timeout: Option<Duration>) -> io::Result<Ended> {
    let (reader, writer) = io::pipe()?;
    command.stdout(Stdio::from(writer.try_clone()?)).stderr(Stdio::from(writer)).process_group(0);
    // First, so that nothing has begun where there is no thread.
    let mut output = Output::follow(reader)?;
    let mut child = command.spawn()?;
    // It holds the writing ends, without which the output would not end.
    drop(command);
    let status = wait(&mut child, &mut output, timeout)?;
    output.wait(LAST_WORDS);
    Ok(Ended { status, output: output.text() })
}

fn wait(child: &mut Child, output: &mut Output, timeout: Option<Duration>) -> io::Result<Option<ExitStatus>> {
    let Some(timeout) = timeout else { return child.wait().map(Some) };
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = timeout.saturating_sub(begun.elapsed());
        if left.is_zero() {
            // The group may be gone already, and then there is nothing to do.
            let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
            child.wait()?;
            return Ok(None);
        }
        if output.is_closed {
            // Its end is near, unless it goes on in silence.
            thread::sleep(left.min(NEAR));
        } else {
            output.wait(left.min(LOOK));
        }
    }
}

/// What a process writes, followed by a thread that is not waited for: others whom the process has started may
/// hold its output open for long.
struct Output {
    tail: Arc<Mutex<VecDeque<u8>>>,
    closed: Receiver<()>,
    is_closed: bool,
}

impl Output {
    fn follow(reader: PipeReader) -> Result<Self, NoThread> {
        let tail = Arc::new(Mutex::new(VecDeque::with_capacity(TAIL)));
        let kept = Arc::clone(&tail);
        let (closing, closed) = channel();
        start("output", move || {
            keep_tail(reader, &kept);
            drop(closing);
        })?;
        Ok(Self { tail, closed, is_closed: false })
    }

    /// Waits until the output is closed, but not longer than `time`. Closing it is the last thing that most
    /// processes do, so that their end is seen at once.
    fn wait(&mut self, time: Duration) {
        if !self.is_closed {
            self.is_closed = self.closed.recv_timeout(time) == Err(RecvTimeoutError::Disconnected);
        }
    }

    fn text(&self) -> String {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(tail.make_contiguous()).trim().to_owned()
    }
}

fn keep_tail(mut reader: PipeReader, tail: &Mutex<VecDeque<u8>>) {
    let mut bytes = [0; TAIL];
    while let Ok(read @ 1..) = reader.read(&mut bytes) {
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend(&bytes[..read]);
        let beyond = tail.len().saturating_sub(TAIL);
        tail.drain(..beyond);
    }
}
