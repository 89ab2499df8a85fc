//! What waits for a free worker, and what may not run beside what is running.

use std::collections::{HashMap, VecDeque};

use cartage_destinations_api::Parallelism;

/// Something for a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) what: TaskKind,
    /// Failed attempts so far in this run; the worker waits before another one.
    pub(crate) failed: u32,
    /// How often the destination has said that it is still running since the last attempt began.
    pub(crate) asked: u32,
}

impl Task {
    /// One that was not tried yet.
    pub(crate) fn new(what: TaskKind) -> Self {
        Self { what, failed: 0, asked: 0 }
    }

    /// The same after an attempt that failed.
    pub(crate) fn again(self) -> Self {
        Self { failed: self.failed + 1, asked: 0, ..self }
    }
}

/// What is to be done, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskKind {
    Job(usize),
    FollowUp(usize),
}

/// Waiting tasks in order, and the tables that are being loaded.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: VecDeque<(Task, String)>,
    busy: HashMap<String, usize>,
    parallelism: Parallelism,
}

impl Queue {
    pub(crate) fn new(parallelism: Parallelism) -> Self {
        Self { waiting: VecDeque::new(), busy: HashMap::new(), parallelism }
    }

    /// Adds a task that works on `table`.
    pub(crate) fn push(&mut self, task: Task, table: &str) {
        self.waiting.push_back((task, table.to_owned()));
    }

    /// The next task that may begin now.
    pub(crate) fn take(&mut self) -> Option<Task> {
        let position = match self.parallelism {
            Parallelism::Parallel => 0,
            Parallelism::Sequential if self.busy.is_empty() => 0,
            Parallelism::Sequential => return None,
            Parallelism::TableSequential => {
                self.waiting.iter().position(|(_, table)| !self.busy.contains_key(table))?
            }
        };
        let (task, table) = self.waiting.remove(position)?;
        *self.busy.entry(table).or_default() += 1;
        Some(task)
    }

    /// A task on `table` has ended.
    pub(crate) fn release(&mut self, table: &str) {
        if let Some(count) = self.busy.get_mut(table) {
            *count -= 1;
            if *count == 0 {
                self.busy.remove(table);
            }
        }
    }

    /// Tasks that are being worked on.
    pub(crate) fn running(&self) -> usize {
        self.busy.values().sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(parallelism: Parallelism) -> Queue {
        let mut queue = Queue::new(parallelism);
        for (index, table) in ["a", "a", "b"].into_iter().enumerate() {
            queue.push(Task::new(TaskKind::Job(index)), table);
        }
        queue
    }

    fn taken(queue: &mut Queue) -> Vec<TaskKind> {
        std::iter::from_fn(|| queue.take()).map(|task| task.what).collect()
    }

    #[test]
    fn parallel_takes_all_in_order() {
        assert_eq!(
            taken(&mut filled(Parallelism::Parallel)),
            [TaskKind::Job(0), TaskKind::Job(1), TaskKind::Job(2)]
        );
    }

    #[test]
    fn table_sequential_keeps_jobs_of_one_table_apart() {
        let mut queue = filled(Parallelism::TableSequential);
        assert_eq!(taken(&mut queue), [TaskKind::Job(0), TaskKind::Job(2)]);
        queue.release("a");
        assert_eq!(taken(&mut queue), [TaskKind::Job(1)]);
    }

    #[test]
    fn sequential_takes_one_at_a_time() {
        let mut queue = filled(Parallelism::Sequential);
        assert_eq!(taken(&mut queue), [TaskKind::Job(0)]);
        queue.release("a");
        assert_eq!(taken(&mut queue), [TaskKind::Job(1)]);
    }
}
