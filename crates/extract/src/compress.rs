//! Compressing blocks on a few threads.

use std::io;
use std::thread::{self, JoinHandle};

use cartage_data_files::blocks::compress;
use cartage_runtime::threads::{start, start_helpers};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

/// zstd level of extracted files: they are read once, soon, so speed counts.
pub(crate) const LEVEL: i32 = 1;

/// More threads than this compress faster than any source yields rows, and only cost memory.
const MAX_THREADS: usize = 8;

struct Task {
    rows: Vec<u8>,
    reply: Sender<Compressed>,
}

impl Task {
    fn execute(self) {
        let Self { rows, reply } = self;
        let stored = compress(&rows, LEVEL);
        // Nobody waits any more where the stage has failed.
        drop(reply.send(Compressed { stored, buffer: rows }));
    }
}

/// A compressed block, with the buffer of its rows to be used again.
pub(crate) struct Compressed {
    pub(crate) stored: io::Result<Vec<u8>>,
    pub(crate) buffer: Vec<u8>,
}

/// A block that is being compressed.
pub(crate) struct Ticket(Receiver<Compressed>);

pub(crate) struct Compressors {
    tasks: Option<Sender<Task>>,
    threads: Vec<JoinHandle<()>>,
}

impl Compressors {
    pub(crate) fn new(threads: Option<usize>) -> Self {
        let cores = || thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        let (tasks, inbox) = unbounded();
        let start_one = |name: &str| {
            let inbox: Receiver<Task> = inbox.clone();
            start(name, move || work(&inbox))
        };
        // Without any, `submit` does the work.
        let threads = start_helpers(threads.unwrap_or_else(cores), "compress", start_one);
        Self { tasks: Some(tasks), threads }
    }

    /// Blocks that may be under way at once without a thread being idle.
    pub(crate) fn capacity(&self) -> usize {
        self.threads.len() + 1
    }

    pub(crate) fn submit(&self, rows: Vec<u8>) -> Ticket {
        let (reply, answer) = bounded(1);
        let task = Task { rows, reply };
        match &self.tasks {
            // A failed send shows as a missing answer.
            Some(tasks) if !self.threads.is_empty() => drop(tasks.send(task)),
            _ => task.execute(),
        }
        Ticket(answer)
    }
}

impl Drop for Compressors {
    fn drop(&mut self) {
        self.tasks = None;
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

impl Ticket {
    /// Waits for the block.
    pub(crate) fn wait(self) -> Compressed {
        self.0.recv().unwrap_or_else(|_| Compressed {
            stored: Err(io::Error::other("a compression thread is gone")),
            buffer: Vec::new(),
        })
    }
}

fn work(inbox: &Receiver<Task>) {
    inbox.iter().for_each(Task::execute);
}
