//! Runs the jobs and follow-ups of a load concurrently and moves the files as they end.
//!
//! Workers talk to the destination; the calling thread alone moves files, so that every decision about
//! the package is made in one place.

use cartage_destinations_api::{Destination, Error as DestinationError, ErrorKind, JobOutcome, LoadPlan};
use cartage_package_store::{JobState, LockedJobs, Package};
use cartage_runtime::threads::{start_scoped, start_several};
use cartage_runtime::{Runtime, Stage, contain};
use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::chains::Chains;
use crate::error::{LoadError, store_error};
use crate::job::LoadJob;
use crate::queue::{Queue, Task, TaskKind};
use crate::running::{Next, RunningTasks};
use crate::settings::LoadSettings;

/// One load while its jobs run.
pub(crate) struct Schedule<'a> {
    pub(crate) package: &'a Package,
    pub(crate) locked: LockedJobs<'a>,
    pub(crate) destination: &'a dyn Destination,
    pub(crate) plan: &'a LoadPlan,
    pub(crate) settings: &'a LoadSettings,
    pub(crate) runtime: &'a Runtime,
    pub(crate) jobs: &'a mut Vec<LoadJob>,
}

/// A task that ended.
struct Completion {
    task: Task,
    result: Result<JobOutcome, DestinationError>,
}

/// What a worker needs of a task, owned, since the jobs change while it works.
struct Assignment {
    task: Task,
    job: Option<LoadJob>,
}

impl Schedule<'_> {
    /// Runs until everything is settled, or until the first reason to stop; running jobs end first.
    pub(crate) fn run(mut self) -> Result<(), LoadError> {
        let capabilities = self.destination.capabilities();
        let mut chains = Chains::new(self.plan, self.jobs);
        let mut queue =
            Queue::new(self.settings.parallelism_strategy.unwrap_or(capabilities.jobs.parallelism));
        for (index, job) in self.jobs.iter().enumerate().filter(|(_, job)| !job.is_settled()) {
            queue.push(Task::new(TaskKind::Job(index)), &job.table);
        }
        for index in chains.ready() {
            queue.push(Task::new(TaskKind::FollowUp(index)), &self.plan.chains[index].root);
        }
        let most = capabilities.jobs.max_parallel_load_jobs.unwrap_or(usize::MAX);
        let slots = self.settings.workers.get().min(most).min(self.jobs.len()).max(1);

        let (orders, inbox) = unbounded::<Assignment>();
        let (outbox, ended) = unbounded::<Completion>();
        let worker = Worker {
            package: self.package,
            destination: self.destination,
            plan: self.plan,
            settings: self.settings,
            runtime: self.runtime,
        };
        std::thread::scope(|scope| {
            let workers = start_several(slots, "load", |name| {
                let (inbox, outbox) = (inbox.clone(), outbox.clone());
                start_scoped(scope, name, move || worker.serve(&inbox, &outbox))
            });
            let workers = workers.map_err(|source| {
                let load_id = self.package.load_id().to_string();
                LoadError::Thread { load_id, source }
            })?;
            let result = self.drive(&mut queue, &mut chains, workers.len(), &orders, &ended);
            drop(orders);
            result
        })
    }

    fn drive(
        &mut self,
        queue: &mut Queue,
        chains: &mut Chains<'_>,
        slots: usize,
        orders: &Sender<Assignment>,
        ended: &Receiver<Completion>,
    ) -> Result<(), LoadError> {
        let mut stop: Option<LoadError> = None;
        let mut running = RunningTasks::default();
        loop {
            while stop.is_none() && !self.runtime.cancel.is_cancelled() && queue.running() < slots {
                let Some(task) = queue.take() else { break };
                if let Err(error) = self.begin(task, orders) {
                    queue.release(&self.table_of(task.what));
                    stop = Some(error);
                }
            }
            if stop.is_some() || self.runtime.cancel.is_cancelled() {
                // They go on at the destination; the next process asks about them.
                running.take_all().for_each(|task| self.put_back(task, queue));
            }
            if queue.running() == 0 {
                break;
            }
            // What runs at the destination counts as running, so a worker is free for the job that is asked about.
            let at_work = queue.running() - running.len();
            match running.next(at_work, ended, &self.settings.retry, self.runtime) {
                None => break,
                Some(Next::Ask(task)) if self.runtime.cancel.is_cancelled() => self.put_back(task, queue),
                Some(Next::Ask(task)) => {
                    if let Err(error) = self.begin(task, orders) {
                        queue.release(&self.table_of(task.what));
                        stop.get_or_insert(error);
                    }
                }
                Some(Next::Ended(Completion { task, result: Ok(JobOutcome::Running(_)) })) => {
                    running.add(task, &self.settings.retry, self.runtime);
                }
                Some(Next::Ended(Completion { task, result })) => {
                    queue.release(&self.table_of(task.what));
                    if let Err(error) = self.settle(task, result, queue, chains) {
                        stop.get_or_insert(error);
                    }
                }
            }
        }
        match stop {
            Some(error) => Err(error),
            None if queue.is_empty() => Ok(()),
            None => Err(self.cancelled()),
        }
    }

    fn table_of(&self, what: TaskKind) -> String {
        match what {
            TaskKind::Job(index) => self.jobs[index].table.clone(),
            TaskKind::FollowUp(index) => self.plan.chains[index].root.clone(),
        }
    }

    /// A task was stopped and is to be done later.
    fn put_back(&self, task: Task, queue: &mut Queue) {
        let table = self.table_of(task.what);
        queue.release(&table);
        queue.push(task, &table);
    }

    fn begin(&mut self, task: Task, orders: &Sender<Assignment>) -> Result<(), LoadError> {
        let job = match task.what {
            TaskKind::FollowUp(_) => None,
            TaskKind::Job(index) => {
                let job = &mut self.jobs[index];
                if job.state == JobState::New {
                    self.locked.start(&job.name).map_err(store_error(self.package.load_id()))?;
                    job.state = JobState::Started;
                }
                Some(job.clone())
            }
        };
        orders.send(Assignment { task, job }).expect("workers listen until the orders end");
        Ok(())
    }

    /// Moves what ended to where it belongs; an error stops the load.
    fn settle(
        &mut self,
        task: Task,
        result: Result<JobOutcome, DestinationError>,
        queue: &mut Queue,
        chains: &mut Chains<'_>,
    ) -> Result<(), LoadError> {
        match (task.what, result) {
            (TaskKind::Job(index), Ok(JobOutcome::Interrupted)) => {
                // Its file stays among the started ones: the next attempt goes on with it.
                queue.push(task, &self.jobs[index].table);
                Ok(())
            }
            (TaskKind::Job(index), Ok(outcome)) => {
                self.completed(index, &outcome)?;
                self.follow_up(index, true, queue, chains);
                Ok(())
            }
            (TaskKind::FollowUp(_), Ok(_)) => Ok(()),
            (TaskKind::Job(index), Err(error)) => self.job_failed(index, task, error, queue, chains),
            (TaskKind::FollowUp(index), Err(error)) => self.follow_up_failed(index, task, error, queue),
        }
    }

    fn completed(&mut self, index: usize, outcome: &JobOutcome) -> Result<(), LoadError> {
        let job = &mut self.jobs[index];
        self.locked.complete(&job.name).map_err(store_error(self.package.load_id()))?;
        job.state = JobState::Completed;
        if *outcome == JobOutcome::DoneBefore {
            tracing::info!(job = %job.name, "an earlier attempt had loaded this job");
        }
        self.runtime.progress.advance(Stage::Load, &job.table, job.rows, job.bytes, 1);
        Ok(())
    }

    /// Queues the follow-up of the chain that became ready.
    fn follow_up(&self, index: usize, loaded: bool, queue: &mut Queue, chains: &mut Chains<'_>) {
        if let Some(chain) = chains.settle(&self.jobs[index].table, loaded) {
            queue.push(Task::new(TaskKind::FollowUp(chain)), &self.plan.chains[chain].root);
        }
    }

    fn job_failed(
        &mut self,
        index: usize,
        task: Task,
        error: DestinationError,
        queue: &mut Queue,
        chains: &mut Chains<'_>,
    ) -> Result<(), LoadError> {
        let store = store_error(self.package.load_id());
        let load_id = self.package.load_id().to_string();
        let job = &mut self.jobs[index];
        let (name, table) = (job.described(), job.table.clone());
        if error.kind() == ErrorKind::Terminal && !self.settings.raise_on_failed_jobs {
            tracing::error!(job = %job.name, %error, "job failed for good and is set aside");
            let reason = explained(&error);
            self.locked.fail(&job.name, &reason).map_err(store)?;
            job.state = JobState::Failed;
            job.reason = Some(reason);
            self.follow_up(index, false, queue, chains);
            return Ok(());
        }
        job.name = self.locked.retry(&job.name).map_err(store)?;
        job.state = JobState::New;
        match error.kind() {
            ErrorKind::Transient => {
                let attempts = job.name.retry();
                if attempts.is_multiple_of(self.settings.raise_on_max_retries.get()) {
                    return Err(LoadError::TooManyRetries {
                        load_id,
                        job: name,
                        table,
                        attempts,
                        source: error,
                    });
                }
                tracing::warn!(job = %job.name, %error, attempts, "transient error, the job is tried again");
                queue.push(task.again(), &table);
                Ok(())
            }
            ErrorKind::Terminal => Err(LoadError::JobFailed { load_id, job: name, table, source: error }),
            _ => Err(LoadError::Destination { load_id, doing: format!("run job {name}"), source: error }),
        }
    }

    fn follow_up_failed(
        &self,
        index: usize,
        task: Task,
        error: DestinationError,
        queue: &mut Queue,
    ) -> Result<(), LoadError> {
        let load_id = self.package.load_id().to_string();
        let root = &self.plan.chains[index].root;
        let failed = task.failed + 1;
        if error.kind() == ErrorKind::Transient && failed < self.settings.raise_on_max_retries.get() {
            tracing::warn!(table = %root, %error, "transient error, the follow-up is tried again");
            queue.push(task.again(), root);
            return Ok(());
        }
        let (job, table) = (format!("follow-up of {root}"), root.clone());
        match error.kind() {
            ErrorKind::Transient => {
                Err(LoadError::TooManyRetries { load_id, job, table, attempts: failed, source: error })
            }
            ErrorKind::Terminal => Err(LoadError::JobFailed { load_id, job, table, source: error }),
            _ => Err(LoadError::Destination { load_id, doing: format!("run the {job}"), source: error }),
        }
    }

    fn cancelled(&self) -> LoadError {
        LoadError::Cancelled {
            load_id: self.package.load_id().to_string(),
            pending: self.jobs.iter().filter(|job| !job.is_settled()).count(),
            total: self.jobs.len(),
        }
    }
}

/// The message, its causes and the remedy, as kept beside a failed job.
fn explained(error: &DestinationError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str("\ncaused by: ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    if let Some(remedy) = error.remedy() {
        text.push_str("\nhint: ");
        text.push_str(remedy);
    }
    text
}

/// Says that the destination runs a task, as part of the task's span.
fn tell(task: Task, outcome: &JobOutcome) {
    if let JobOutcome::Running(handle) = outcome {
        if task.asked == 0 {
            tracing::info!(%handle, "the destination works on it");
        } else {
            tracing::debug!(%handle, asked = task.asked, "the destination still works on it");
        }
    }
}

/// What worker threads share.
#[derive(Clone, Copy)]
struct Worker<'a> {
    package: &'a Package,
    destination: &'a dyn Destination,
    plan: &'a LoadPlan,
    settings: &'a LoadSettings,
    runtime: &'a Runtime,
}

impl Worker<'_> {
    fn serve(self, inbox: &Receiver<Assignment>, outbox: &Sender<Completion>) {
        for Assignment { task, job } in inbox {
            let result = contain(|| self.attempt(task, job.as_ref())).unwrap_or_else(|panic| {
                Err(DestinationError::terminal(format!("the destination panicked: {panic}")).with_remedy(
                    "please report this; `raise_on_failed_jobs = false` in [load] continues without the job",
                ))
            });
            if outbox.send(Completion { task, result }).is_err() {
                break;
            }
        }
    }

    fn attempt(self, task: Task, job: Option<&LoadJob>) -> Result<JobOutcome, DestinationError> {
        if task.failed > 0 && task.asked == 0 {
            self.settings.retry.wait(task.failed, self.runtime);
        }
        match (task.what, job) {
            (TaskKind::FollowUp(index), _) => {
                let chain = &self.plan.chains[index];
                let span =
                    tracing::info_span!("follow_up", load_id = %self.plan.key.load_id, table = %chain.root);
                let _inside = span.enter();
                let staging = self.destination.staging().ok_or_else(|| {
                    let destination = &self.destination.capabilities().destination;
                    DestinationError::invalid(format!("{destination} has no staging dataset"))
                })?;
                staging.open_follow_up(self.plan, chain)?.run().inspect(|outcome| tell(task, outcome))
            }
            (TaskKind::Job(_), Some(job)) => {
                let span = tracing::info_span!(
                    "job", load_id = %self.plan.key.load_id, table = %job.table, attempt = job.name.retry()
                );
                let _inside = span.enter();
                let file = job.file(self.package);
                self.destination.open_job(self.plan, &file)?.run().inspect(|outcome| tell(task, outcome))
            }
            (TaskKind::Job(_), None) => Err(DestinationError::terminal("a job without a file was started")),
        }
    }
}
