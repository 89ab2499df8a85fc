//! Compressing blocks on a few threads.

use std::io;
use std::thread::{self, JoinHandle};

use cartage_data_files::blocks::compress;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

/// zstd level of extracted files: they are read once, soon, so speed counts.
pub(crate) const LEVEL: i32 = 1;

/// More threads than this compress faster than any source gives rows, and only cost memory.
const MAX_THREADS: usize = 8;

struct Task {
    rows: Vec<u8>,
    reply: Sender<Compressed>,
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
        let threads = (0..threads.unwrap_or_else(cores))
            .map(|_| {
                let inbox: Receiver<Task> = inbox.clone();
                thread::spawn(move || work(&inbox))
            })
            .collect();
        Self { tasks: Some(tasks), threads }
    }

    /// Blocks that may be under way at once without a thread being idle.
    pub(crate) fn capacity(&self) -> usize {
        self.threads.len() + 1
    }

    pub(crate) fn submit(&self, rows: Vec<u8>) -> Ticket {
        let (reply, answer) = bounded(1);
        if let Some(tasks) = &self.tasks {
            // A failed send shows as a missing answer.
            drop(tasks.send(Task { rows, reply }));
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
    for Task { rows, reply } in inbox {
        let stored = compress(&rows, LEVEL);
        // Nobody waits any more where the stage has failed.
        drop(reply.send(Compressed { stored, buffer: rows }));
    }
}
