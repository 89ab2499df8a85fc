//! Jobs: submitted under ids of ours, waited for, cancelled.
//!
//! A job that is submitted once more under its id is refused by the service, which then tells what became of it. So an
//! answer that was lost is never a reason to do the work twice.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::api::Api;
use super::error::Fault;

/// Pauses between questions about a load begin with this one and double.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Longest pause between questions about a load.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// A job as the service tells of it.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// Its id, which is ours.
    pub(super) id: String,
    /// Where it runs.
    pub(super) location: String,
    /// Whether it has ended.
    pub(super) is_done: bool,
    /// Why it failed, where it did.
    pub(super) fault: Option<Fault>,
    /// What it counted.
    pub(super) statistics: Value,
}

impl Job {
    /// Reads the answer of the service.
    pub(super) fn of(answer: &Value, location: &str) -> Self {
        let reference = &answer["jobReference"];
        let error = &answer["status"]["errorResult"];
        Self {
            id: reference["jobId"].as_str().unwrap_or_default().to_owned(),
            location: reference["location"].as_str().unwrap_or(location).to_owned(),
            is_done: answer["status"]["state"].as_str() == Some("DONE"),
            fault: (!error.is_null()).then(|| Fault::of_job(error)),
            statistics: answer["statistics"].clone(),
        }
    }

    /// Rows that a statement changed.
    pub(super) fn changed_rows(&self) -> u64 {
        number(&self.statistics["query"]["numDmlAffectedRows"])
    }

    /// Rows that a load wrote.
    pub(super) fn loaded_rows(&self) -> u64 {
        number(&self.statistics["load"]["outputRows"])
    }

    /// The session that the job has begun.
    pub(super) fn session(&self) -> Option<String> {
        Some(self.statistics["sessionInfo"]["sessionId"].as_str()?.to_owned())
    }
}

/// Whole numbers are texts in answers.
fn number(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_default()
}

impl Api {
    /// The document that submits a job.
    pub(super) fn job_document(&self, id: &str, configuration: &Value) -> Value {
        let reference = json!({
            "projectId": self.config.billed,
            "jobId": id,
            "location": self.config.location,
        });
        json!({ "jobReference": reference, "configuration": configuration })
    }

    /// Submits a job and waits for its end; where the service knows the id already, for the end of that job.
    pub(super) async fn run_job(&self, id: &str, configuration: &Value) -> Result<Job, Fault> {
        let document = self.job_document(id, configuration);
        let job = match self.post(&self.jobs_path(&["jobs"]), &document).await {
            Ok(answer) => Job::of(&answer, &self.config.location),
            Err(fault) if fault.is_duplicate() => self.find_job(id).await?.ok_or(fault)?,
            Err(fault) => return Err(fault),
        };
        self.wait_for(job).await
    }

    /// What became of a job; `None` where there is none.
    pub(super) async fn find_job(&self, id: &str) -> Result<Option<Job>, Fault> {
        let location = &self.config.location;
        let asked = self.get(&self.jobs_path(&["jobs", id]), &[("location", location.clone())]).await;
        match asked {
            Ok(answer) => Ok(Some(Job::of(&answer, location))),
            Err(fault) if fault.is_not_found() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Waits for the end of a job; a wish to stop cancels it.
    ///
    /// # Errors
    /// Why it failed.
    pub(super) async fn wait_for(&self, mut job: Job) -> Result<Job, Fault> {
        let (mut pause, mut was_cancelled) = (FIRST_PAUSE, false);
        while !job.is_done {
            if self.config.cancel.is_cancelled() && !was_cancelled {
                was_cancelled = true;
                self.cancel(&job).await;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            let path = self.jobs_path(&["jobs", &job.id]);
            let answer = self.get(&path, &[("location", job.location.clone())]).await?;
            job = Job { id: job.id, ..Job::of(&answer, &job.location) };
        }
        match job.fault.take() {
            Some(fault) => Err(fault),
            None => Ok(job),
        }
    }

    /// Asks the service to give up a job.
    async fn cancel(&self, job: &Job) {
        let path = format!("{}?location={}", self.jobs_path(&["jobs", &job.id, "cancel"]), job.location);
        if let Err(fault) = self.post(&path, &json!({})).await {
            tracing::warn!(job = job.id, reason = fault.message, "the job could not be cancelled");
        }
    }
}
