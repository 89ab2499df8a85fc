//! What a load needs of a folder or bucket, tried with a file that is removed again.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use cartage_destinations_api::{Error, LoadInFlight, Probe, Result, TRIAL_NAME};

use crate::config::Place;
use crate::error::local;
use crate::filesystem::Filesystem;
use crate::ledger::InFlight;
use crate::store::{Created, IN_FLIGHT};

pub(crate) fn probes(files: &Filesystem) -> Vec<Probe<'_>> {
    vec![Probe::new("list", || list(files)), Probe::new("write", || write(files))]
}

fn list(files: &Filesystem) -> Result<String> {
    let found = files.store.list("")?.len();
    Ok(format!("{} holds {found} files", files.place()))
}

fn write(files: &Filesystem) -> Result<String> {
    match &files.config.place {
        Place::Local(folder) => write_folder(&folder.join(&files.config.dataset)),
        Place::Bucket { .. } => write_bucket(files),
    }
}

/// In a folder that is not there yet a file would leave folders behind, so its nearest parent is tried.
fn write_folder(folder: &Path) -> Result<String> {
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let trial = there.join(format!("{TRIAL_NAME}.{}", std::process::id()));
    let made =
        File::create(&trial).and_then(|mut file| file.write_all(b"check").and_then(|()| file.sync_all()));
    let removed = fs::remove_file(&trial);
    made.and(removed).map_err(|cause| local("write", &trial, cause))?;
    let (folder, there) = (folder.display(), there.display());
    Ok(if folder.to_string() == there.to_string() {
        format!("files can be made in {folder} and removed")
    } else {
        format!("{folder} is not there yet and can be made in {there}")
    })
}

/// Writes a file, tries to write it once more, reads and removes it.
fn write_bucket(files: &Filesystem) -> Result<String> {
    let name = format!("{IN_FLIGHT}/{TRIAL_NAME}.{}", std::process::id());
    let names = [name.clone()];
    // Of a check that was killed in a process of the same number.
    files.store.delete(&names)?;
    files.store.create(&name, b"check".to_vec())?;
    let tried = again(files, &name);
    files.store.delete(&names)?;
    tried?;
    Ok(format!(
        "files can be made below {}, are never written twice, and can be read and removed",
        files.place()
    ))
}

fn again(files: &Filesystem, name: &str) -> Result<()> {
    if files.store.create(name, b"again".to_vec())? == Created::New {
        return Err(Error::invalid(format!(
            "{} does not keep a file from being written twice",
            files.place()
        ))
        .with_remedy(
            "the server does not know If-None-Match; set conditional_put = false, which looks first",
        ));
    }
    match files.store.read(name)? {
        Some(bytes) if bytes == b"check" => Ok(()),
        _ => Err(Error::transient(format!("{} does not give back what was written", files.place()))),
    }
}

pub(crate) fn loads_in_flight(files: &Filesystem) -> Result<Vec<LoadInFlight>> {
    let loads = InFlight::all(&files.store)?;
    Ok(loads.into_iter().map(|load| LoadInFlight::new(load.pipeline, load.load_id)).collect())
}
