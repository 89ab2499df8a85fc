//! A destination that tells a test what happens and lets it interfere.

use cartage_destinations_api::{
    Capabilities, Chain, Description, Destination, Error, Job, JobFile, JobOutcome, LoadCommit, LoadKey,
    LoadPlan, LoadStatus, PlacedFile, PreparedLoad, Result, Staging, StagingPlace, StateSync,
};
use cartage_destinations_null::{Memory, MemoryPlace};

/// What the destination is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Status,
    Prepare,
    Job(String),
    FollowUp(String),
    Complete,
}

/// Before the effect of a call, or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

/// May stop a call before or after its effect.
pub(crate) type Hook<'a> = dyn Fn(When, &Call) -> Result<()> + Send + Sync + 'a;

/// [`Memory`] with a hook around each call.
pub(crate) struct Spy<'a> {
    inner: &'a Memory,
    capabilities: Capabilities,
    hook: Box<Hook<'a>>,
}

impl<'a> Spy<'a> {
    pub(crate) fn new(
        inner: &'a Memory,
        hook: impl Fn(When, &Call) -> Result<()> + Send + Sync + 'a,
    ) -> Self {
        Self { inner, capabilities: inner.capabilities().clone(), hook: Box::new(hook) }
    }

    /// Changes what the destination says about itself.
    pub(crate) fn with_capabilities(mut self, change: impl FnOnce(&mut Capabilities)) -> Self {
        change(&mut self.capabilities);
        self
    }

    fn around<T>(&self, call: &Call, effect: impl FnOnce() -> Result<T>) -> Result<T> {
        (self.hook)(When::Before, call)?;
        let result = effect()?;
        (self.hook)(When::After, call)?;
        Ok(result)
    }
}

impl std::fmt::Debug for Spy<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spy").finish_non_exhaustive()
    }
}

impl Destination for Spy<'_> {
    fn description(&self) -> Description {
        self.inner.description()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn load_status(&self, load: &LoadKey) -> Result<LoadStatus> {
        self.around(&Call::Status, || self.inner.load_status(load))
    }

    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        self.around(&Call::Prepare, || self.inner.prepare_load(plan))
    }

    fn open_job<'b>(&'b self, plan: &'b LoadPlan, job: &'b JobFile) -> Result<Box<dyn Job + 'b>> {
        let inner = self.inner.open_job(plan, job)?;
        Ok(Box::new(SpiedJob { spy: self, call: Call::Job(job.table.clone()), inner }))
    }

    fn complete_load(&self, commit: &LoadCommit) -> Result<()> {
        self.around(&Call::Complete, || self.inner.complete_load(commit))
    }

    fn staging(&self) -> Option<&dyn Staging> {
        Some(self)
    }

    fn state_sync(&self) -> Option<&dyn StateSync> {
        self.inner.state_sync()
    }
}

impl Staging for Spy<'_> {
    fn open_follow_up<'b>(&'b self, plan: &'b LoadPlan, chain: &'b Chain) -> Result<Box<dyn Job + 'b>> {
        let staging = self.inner.staging().unwrap();
        let inner = staging.open_follow_up(plan, chain)?;
        Ok(Box::new(SpiedJob { spy: self, call: Call::FollowUp(chain.root.clone()), inner }))
    }
}

struct SpiedJob<'b> {
    spy: &'b Spy<'b>,
    call: Call,
    inner: Box<dyn Job + 'b>,
}

impl Job for SpiedJob<'_> {
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        let Self { spy, call, inner } = *self;
        spy.around(&call, || inner.run())
    }
}

/// [`MemoryPlace`] that asks before and after each step whether the process is still there.
pub(crate) struct SpiedPlace<'a> {
    pub(crate) inner: &'a MemoryPlace,
    pub(crate) lives: &'a (dyn Fn(&str) -> bool + Send + Sync),
}

impl std::fmt::Debug for SpiedPlace<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpiedPlace").finish_non_exhaustive()
    }
}

impl SpiedPlace<'_> {
    fn around<T>(&self, step: &str, effect: impl FnOnce() -> Result<T>) -> Result<T> {
        let ended = || Error::corrupt("the process has ended");
        if !(self.lives)(step) {
            return Err(ended());
        }
        let result = effect()?;
        if (self.lives)(step) { Ok(result) } else { Err(ended()) }
    }
}

impl StagingPlace for SpiedPlace<'_> {
    fn scheme(&self) -> &str {
        self.inner.scheme()
    }

    fn locate(&self, plan: &LoadPlan, job: &JobFile) -> Result<PlacedFile> {
        self.inner.locate(plan, job)
    }

    fn begin(&self, plan: &LoadPlan) -> Result<()> {
        self.around("begin", || self.inner.begin(plan))
    }

    fn put(&self, plan: &LoadPlan, job: &JobFile) -> Result<()> {
        self.around("put", || self.inner.put(plan, job))
    }

    fn end(&self, commit: &LoadCommit) {
        // Whatever comes of it, the load is complete.
        let _ = self.around("end", || {
            self.inner.end(commit);
            Ok(())
        });
    }
}
