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

#[cfg(test)]
mod tests {
    use cartage_runtime::CancelToken;
    use crossbeam_channel::unbounded;

    use super::*;
    use crate::queue::TaskKind;

    fn pauses() -> RetryPolicy {
        RetryPolicy::new(Duration::from_millis(2), Duration::from_millis(8))
    }

    /// Two tasks of which the second has been asked about less often.
    fn two(runtime: &Runtime) -> RunningTasks {
        let mut running = RunningTasks::default();
        running.add(Task { asked: 9, ..Task::new(TaskKind::Job(0)) }, &pauses(), runtime);
        running.add(Task::new(TaskKind::Job(1)), &pauses(), runtime);
        running
    }

    #[test]
    fn the_job_that_waits_shortest_is_asked_about_first_whether_others_are_at_work_or_not() {
        let (_outbox, ended) = unbounded::<()>();
        for at_work in [0, 1] {
            let runtime = Runtime::repeatable(0, 1);
            let mut running = two(&runtime);
            for expected in [TaskKind::Job(1), TaskKind::Job(0)] {
                let next = running.next(at_work, &ended, &pauses(), &runtime);
                assert!(matches!(next, Some(Next::Ask(task)) if task.what == expected), "{next:?}");
            }
            assert_eq!(running.len(), 0);
        }
    }

    #[test]
    fn what_a_worker_ends_comes_before_the_next_question() {
        let (outbox, ended) = unbounded();
        let runtime = Runtime::repeatable(0, 1);
        let mut running = two(&runtime);
        outbox.send("done").unwrap();
        assert!(matches!(running.next(1, &ended, &pauses(), &runtime), Some(Next::Ended("done"))));
        assert_eq!(running.len(), 2);
        assert!(running.take_all().all(|task| task.asked > 0));
        drop(outbox);
        assert!(running.next(1, &ended, &pauses(), &runtime).is_none(), "nobody is left to wait for");
    }

    #[test]
    fn a_wish_to_stop_ends_the_longest_pause() {
        let (_outbox, ended) = unbounded::<()>();
        let cancel = CancelToken::default();
        let runtime = Runtime { cancel: cancel.clone(), ..Runtime::repeatable(0, 1) };
        let days = RetryPolicy::new(Duration::from_hours(48), Duration::from_hours(48));
        let mut running = RunningTasks::default();
        running.add(Task::new(TaskKind::FollowUp(0)), &days, &runtime);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| running.next(0, &ended, &days, &runtime).is_some());
            cancel.cancel();
            assert!(waiting.join().unwrap());
        });
    }
}
