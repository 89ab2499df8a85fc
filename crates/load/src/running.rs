//! Tasks that run at the destination, and when to ask about each again. No worker waits for them.

use std::time::Duration;

use cartage_runtime::{RetryPolicy, Runtime};
use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::queue::Task;

/// Tasks that the destination works on, each with the moment in microseconds at which to ask about it.
#[derive(Debug, Default)]
pub(crate) struct RunningTasks {
    waiting: Vec<(i64, Task)>,
}

/// What is to be looked at next.
#[derive(Debug)]
pub(crate) enum Next<T> {
    /// A worker has ended something.
    Ended(T),
    /// It is time to ask about this task.
    Ask(Task),
}

impl RunningTasks {
    /// The destination has said that it works on `task`. Each time the pause before the next question is longer.
    pub(crate) fn add(&mut self, task: Task, pauses: &RetryPolicy, runtime: &Runtime) {
        let task = Task { asked: task.asked + 1, ..task };
        let pause = pauses.pause(task.asked, &*runtime.random);
        let pause = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
        self.waiting.push((runtime.clock.unix_micros().saturating_add(pause), task));
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Nobody asks about any of them any more.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Task> {
        std::mem::take(&mut self.waiting).into_iter().map(|(_, task)| task)
    }

    /// Waits until a worker ends something or a task is to be asked about, or until the user wants to stop where
    /// nothing is at work. `at_work` is the number of tasks that workers have; none if they are all gone.
    pub(crate) fn next<T>(
        &mut self,
        at_work: usize,
        ended: &Receiver<T>,
        pauses: &RetryPolicy,
        runtime: &Runtime,
    ) -> Option<Next<T>> {
        let first = self.waiting.iter().enumerate().min_by_key(|(_, (due, _))| *due);
        let Some((first, (due, _))) = first else { return ended.recv().ok().map(Next::Ended) };
        let left = due.saturating_sub(runtime.clock.unix_micros());
        let left = Duration::from_micros(u64::try_from(left).unwrap_or_default());
        if at_work == 0 {
            pauses.sleeper.sleep(left, &runtime.cancel);
        } else {
            match ended.recv_timeout(left) {
                Ok(ended) => return Some(Next::Ended(ended)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        Some(Next::Ask(self.waiting.remove(first).1))
    }
}
