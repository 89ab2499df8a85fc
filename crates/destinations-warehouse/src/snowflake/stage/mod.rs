//! Files onto a stage, and from there into tables.
//!
//! A file is put under a name of its own for each attempt, so that an attempt that nobody waits for any more changes
//! nothing. `COPY INTO` removes it when it is loaded; what attempts that ended early have left goes with the stage, which
//! is dropped with the staging dataset when nothing is in flight.

mod bucket;
mod copy;
pub(crate) mod place;
mod upload;

use std::sync::PoisonError;

use cartage_destinations_api::{FilePlace, JobFile, Result, StagedAccess, Statement};
use cartage_destinations_sql::SqlSession as _;
use cartage_destinations_sql::columnar::FileRows;
use cartage_destinations_sql::statements::TableRef;
use cartage_schema::Table;
use uuid::Uuid;

use self::bucket::Bucket;
use self::copy::Source;
use self::place::Stage;
use super::client::UploadAnswer;
use super::session::Session;

/// The folder of files of ours.
const FOLDER: &str = "cartage";

/// Loads all rows of a file, in the transaction that is open; returns their number. `connect` makes a session of its
/// own, where something has to be made meanwhile.
pub(crate) fn load(
    session: &Session,
    stage: &Stage,
    target: &TableRef,
    table: &Table,
    job: &JobFile,
    connect: impl Fn() -> Result<Session>,
) -> Result<u64> {
    let doing = format!("load rows into {}", target.table);
    let (source, columns) = if let FilePlace::Staged { url, access } = &job.place {
        (in_bucket(stage, url, access, connect)?, None)
    } else {
        let Some((file, _)) = FileRows::open(job.local()?, doing.clone())? else { return Ok(0) };
        let columns: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
        (put(session, stage, job)?, Some(columns))
    };
    session.execute(&Statement::new(doing, stage.copy(target, table, columns.as_deref(), &source)?))
}

/// Where the statement finds a file in a bucket; makes a stage over the bucket.
fn in_bucket(
    stage: &Stage,
    url: &str,
    access: &StagedAccess,
    connect: impl Fn() -> Result<Session>,
) -> Result<Source> {
    let bucket = Bucket::of(url)?;
    if stage.create().is_none() {
        return Ok(Source { place: format!("@{}/{}", stage.name, bucket.path), is_ours: false });
    }
    let create =
        bucket.create_stage(stage.dialect(), &stage.staging, access, stage.integration.as_deref())?;
    let name = bucket.stage(stage.dialect(), &stage.staging);
    let mut made = stage.buckets.lock().unwrap_or_else(PoisonError::into_inner);
    if made.insert(name.clone()) {
        // It would commit the transaction of the job.
        let done = connect().and_then(|session| session.control(&create, "create the stage over the bucket"));
        if let Err(error) = done {
            made.remove(&name);
            return Err(error);
        }
    }
    Ok(Source { place: format!("@{name}/{}", bucket.path), is_ours: false })
}

/// Puts the file of a job onto the stage.
fn put(session: &Session, stage: &Stage, job: &JobFile) -> Result<Source> {
    let folder = format!("@{}/{FOLDER}/{}", stage.name, Uuid::new_v4().simple());
    let name = file_name(&job.id);
    let ask = format!("PUT 'file:///{name}' {folder} OVERWRITE = TRUE AUTO_COMPRESS = FALSE");
    let answer: UploadAnswer = session.ask(&Statement::new(format!("put {} onto the stage", job.id), ask))?;
    let upload = upload::upload(session.queries().http(), &answer, &name, job.local()?);
    session
        .runtime()
        .block_on(upload)
        .map_err(|error| error.context(format!("put {} onto the stage", job.id)))?;
    Ok(Source { place: format!("{folder}/{name}"), is_ours: !stage.keeps_files })
}

/// The name of a file without what statements and addresses would have to quote.
fn file_name(job: &str) -> String {
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '_' };
    job.chars().map(plain).collect()
}
