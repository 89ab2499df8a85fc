//! Files of this machine in requests: uploads in chunks that go on where they were cut.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use bytes::Bytes;
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use super::api::{Api, Patience, lost};
use super::error::Fault;
use super::jobs::Job;

/// Bytes of a chunk; all but the last have a multiple of 256 KiB.
const CHUNK: u64 = 16 << 20;

/// What the service says about an upload.
enum Progress {
    /// This number of bytes is there.
    Received(u64),
    /// All are, and the job is submitted.
    Submitted(Box<Job>),
    /// The upload is not known any more.
    Gone,
}

impl Api {
    /// Submits a load job whose file is on this machine, and waits for its end; where the service knows the id already,
    /// for the end of that job.
    pub(super) async fn run_upload(
        &self,
        id: &str,
        configuration: &Value,
        path: &Path,
    ) -> Result<Job, Fault> {
        let job = match self.upload(id, configuration, path).await {
            Ok(job) => job,
            Err(fault) if fault.is_duplicate() => self.find_job(id).await?.ok_or(fault)?,
            Err(fault) => return Err(fault),
        };
        self.wait_for(job).await
    }

    async fn upload(&self, id: &str, configuration: &Value, path: &Path) -> Result<Job, Fault> {
        let unreadable = |cause: std::io::Error| Fault {
            status: None,
            reason: "file".to_owned(),
            message: format!("cannot read {}: {cause}", path.display()),
        };
        let mut file = File::open(path).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        let mut session = self.begin_upload(id, configuration, size).await?;
        let mut patience = Patience::new(self.config.retry_for);
        let mut offset = 0;
        loop {
            let chunk = read_chunk(&mut file, offset).map_err(unreadable)?;
            let sent = self.send_chunk(&session, chunk, offset, size).await;
            let progress = match sent {
                Ok(progress) => progress,
                Err(fault) => {
                    patience.wait(fault).await?;
                    // What has arrived is known to the service only.
                    match self.ask_progress(&session, size).await {
                        Ok(progress) => progress,
                        Err(fault) => {
                            patience.wait(fault).await?;
                            continue;
                        }
                    }
                }
            };
            match progress {
                Progress::Submitted(job) => return Ok(Job { id: named(&job.id, id), ..*job }),
                Progress::Received(received) => {
                    if received > offset {
                        patience = Patience::new(self.config.retry_for);
                    } else {
                        patience.wait(Fault::unreachable("the upload makes no progress")).await?;
                    }
                    offset = received;
                }
                Progress::Gone => {
                    patience.wait(Fault::unreachable("the service has forgotten the upload")).await?;
                    if let Some(job) = self.find_job(id).await? {
                        return Ok(job);
                    }
                    session = self.begin_upload(id, configuration, size).await?;
                    offset = 0;
                }
            }
        }
    }

    /// Announces a file; returns the address that takes its chunks.
    async fn begin_upload(&self, id: &str, configuration: &Value, size: u64) -> Result<String, Fault> {
        let path = format!("/upload{}?uploadType=resumable", self.jobs_path(&["jobs"]));
        let body = self.job_document(id, configuration).to_string();
        let mut patience = Patience::new(self.config.retry_for);
        loop {
            let request = self.request(Method::POST, &path, self.config.answer_timeout).await?;
            let request = request
                .header("content-type", "application/json")
                .header("x-upload-content-type", "application/octet-stream")
                .header("x-upload-content-length", size.to_string())
                .body(body.clone());
            let fault = match request.send().await {
                Ok(response) if response.status().is_success() => match header(&response, "location") {
                    Some(session) => return Ok(session),
                    None => Fault::unreachable("the answer to an announced upload has no address"),
                },
                Ok(response) => refused(response).await,
                Err(cause) => lost(&cause),
            };
            patience.wait(fault).await?;
        }
    }

    async fn send_chunk(
        &self,
        session: &str,
        chunk: Bytes,
        offset: u64,
        size: u64,
    ) -> Result<Progress, Fault> {
        let range = if chunk.is_empty() {
            format!("bytes */{size}")
        } else {
            format!("bytes {offset}-{}/{size}", offset + chunk.len() as u64 - 1)
        };
        let request = self.request(Method::PUT, session, self.config.upload_timeout).await?;
        let request =
            request.header("content-range", range).header("content-type", "application/octet-stream");
        self.progress(request.body(chunk).send().await).await
    }

    async fn ask_progress(&self, session: &str, size: u64) -> Result<Progress, Fault> {
        self.send_chunk(session, Bytes::new(), 0, size).await
    }

    async fn progress(&self, sent: reqwest::Result<Response>) -> Result<Progress, Fault> {
        let response = sent.map_err(|cause| lost(&cause))?;
        match response.status() {
            StatusCode::PERMANENT_REDIRECT => {
                let range = header(&response, "range");
                let last = range.as_deref().and_then(|range| range.rsplit('-').next()?.parse::<u64>().ok());
                Ok(Progress::Received(last.map_or(0, |last| last + 1)))
            }
            status if status.is_success() => {
                let bytes = response.bytes().await.map_err(|cause| lost(&cause))?;
                let answer: Value = serde_json::from_slice(&bytes)
                    .map_err(|_| Fault::unreachable("the answer to an upload cannot be read as JSON"))?;
                Ok(Progress::Submitted(Box::new(Job::of(&answer, &self.config.location))))
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                // A project, dataset or table may be missing just as well.
                let fault = refused(response).await;
                if fault.message.starts_with("Not found") { Err(fault) } else { Ok(Progress::Gone) }
            }
            _ => Err(refused(response).await),
        }
    }
}

/// Some servers do not repeat the id.
fn named(found: &str, ours: &str) -> String {
    if found.is_empty() { ours.to_owned() } else { found.to_owned() }
}

fn header(response: &Response, name: &str) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}

async fn refused(response: Response) -> Fault {
    let status = response.status();
    match response.bytes().await {
        Ok(bytes) => Fault::of_answer(status, &bytes),
        Err(cause) => lost(&cause),
    }
}

fn read_chunk(file: &mut File, offset: u64) -> std::io::Result<Bytes> {
    let mut chunk = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.by_ref().take(CHUNK).read_to_end(&mut chunk)?;
    Ok(chunk.into())
}
