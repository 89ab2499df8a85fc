//! Threads that work on blocks and row groups.

use std::sync::Arc;
use std::thread::Scope;

use cartage_runtime::threads::{NoThread, start_scoped, start_several};
use cartage_runtime::{Panicked, contain};
use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::assemble::EncodeTask;
use crate::block::{BlockDone, BlockTask, BlockWorker};
use crate::error::NormalizeError;
use crate::output::EncodedRows;
use crate::rules::Rules;

/// Something to do.
enum Task {
    Block(Box<BlockTask>),
    /// The same for each worker that may help.
    Encode(Arc<EncodeTask>),
}

/// The result of a task of the pool.
pub(crate) enum Done {
    Block(Box<BlockDone>),
    RowGroup(RowGroupDone),
}

/// An encoded row group and what it was made from.
pub(crate) struct RowGroupDone {
    pub(crate) task: Arc<EncodeTask>,
    pub(crate) encoded: Result<EncodedRows, NormalizeError>,
}

/// A task that panicked. Its worker has ended.
#[derive(Debug)]
pub(crate) struct TaskPanicked {
    /// The table of its rows.
    pub(crate) table: String,
    /// Position in the manifest of the file of its rows, if they are of one.
    pub(crate) file: Option<u32>,
    pub(crate) panic: Panicked,
}

/// A number of workers. They end when the pool is dropped.
pub(crate) struct Pool {
    tasks: Sender<Task>,
    done: Receiver<Result<Done, TaskPanicked>>,
    /// Tasks whose result was not taken yet.
    blocks: usize,
    row_groups: usize,
    workers: usize,
}

impl Pool {
    /// # Errors
    /// The system starts not one worker.
    pub(crate) fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        workers: usize,
        rules: &Arc<Rules>,
    ) -> Result<Self, NoThread> {
        // The number of tasks under way is bounded by the caller.
        let (tasks, waiting) = unbounded();
        let (finished, done) = unbounded();
        let started = start_several(workers.max(1), "normalize", |name| {
            let (waiting, finished, rules) = (waiting.clone(), finished.clone(), Arc::clone(rules));
            start_scoped(scope, name, move || work(&waiting, &finished, rules))
        })?;
        Ok(Self { tasks, done, blocks: 0, row_groups: 0, workers: started.len() })
    }

    pub(crate) fn send_block(&mut self, task: BlockTask) {
        self.blocks += 1;
        self.send(Task::Block(Box::new(task)));
    }

    /// Has one worker encode a row group while the others continue with blocks.
    pub(crate) fn send_row_group(&mut self, task: EncodeTask) {
        self.share_row_group(task, 1);
    }

    /// Has all workers encode a row group together, because no blocks are left for them.
    pub(crate) fn send_last_row_group(&mut self, task: EncodeTask) {
        let shares = task.shares().clamp(1, self.workers);
        self.share_row_group(task, shares);
    }

    fn share_row_group(&mut self, task: EncodeTask, shares: usize) {
        self.row_groups += 1;
        let task = Arc::new(task);
        for _ in 0..shares {
            self.send(Task::Encode(Arc::clone(&task)));
        }
    }

    fn send(&self, task: Task) {
        // Workers outlive the pool, because they end when this sender is gone.
        let sent = self.tasks.send(task);
        debug_assert!(sent.is_ok(), "a worker ended early");
    }

    /// Row groups under way.
    pub(crate) fn row_groups(&self) -> usize {
        self.row_groups
    }

    /// The next result, or `None` if nothing is under way.
    pub(crate) fn receive(&mut self) -> Option<Result<Done, TaskPanicked>> {
        if self.blocks + self.row_groups == 0 {
            return None;
        }
        let done = self.done.recv().ok()?;
        match &done {
            Ok(Done::Block(_)) => self.blocks -= 1,
            Ok(Done::RowGroup(_)) => self.row_groups -= 1,
            Err(_) => {}
        }
        Some(done)
    }
}

fn work(waiting: &Receiver<Task>, finished: &Sender<Result<Done, TaskPanicked>>, rules: Arc<Rules>) {
    let mut worker = BlockWorker::new(rules);
    for task in waiting {
        let (table, file) = match &task {
            Task::Block(task) => (task.file.table.clone(), Some(task.file.index)),
            Task::Encode(task) => (task.table.to_string(), None),
        };
        // A task that panics must not leave its owner waiting for a result.
        let done = contain(|| match task {
            Task::Block(task) => Some(Done::Block(Box::new(worker.run(*task)))),
            Task::Encode(task) => {
                let encoded = task.run()?;
                Some(Done::RowGroup(RowGroupDone { task, encoded }))
            }
        });
        let Some(done) = done.transpose() else { continue };
        let panicked = done.is_err();
        if finished.send(done.map_err(|panic| TaskPanicked { table, file, panic })).is_err() || panicked {
            return;
        }
    }
}
