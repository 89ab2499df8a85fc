//! `sync`.

use std::fmt::Write;

use cartage_destinations_api::Connector;
use cartage_pipeline::SyncOutcome;

use super::show;
use crate::config::Start;
use crate::failure::Failure;
use crate::manage_args::SyncArgs;

pub(super) fn sync(start: &Start<'_>, args: &SyncArgs, connector: Connector<'_>) -> Result<(), Failure> {
    let project = start.open(start.config(&args.file.file)?)?;
    let report = project.sync(args.force, connector)?;
    show(start.global.format, &report, || {
        let mut out = String::new();
        let version = |version: Option<u64>| version.map_or("none".to_owned(), |version| version.to_string());
        let (local, there) = (version(report.local_version), version(report.destination_version));
        match report.outcome {
            SyncOutcome::Restored => writeln!(out, "state version {there} was restored (was {local})")?,
            SyncOutcome::KeptNewer => writeln!(
                out,
                "the local state, version {local}, is newer than version {there} of the destination and is \
                 kept; use --force to take that of the destination"
            )?,
            SyncOutcome::Forgotten => writeln!(
                out,
                "the destination has no state; the local one, version {local}, is forgotten, and the next run \
                 starts from nothing"
            )?,
            _ if report.destination_version.is_none() => {
                writeln!(out, "neither the destination nor this machine has a state")?;
            }
            _ => writeln!(out, "the state, version {local}, is that of the destination")?,
        }
        for name in &report.schemas {
            writeln!(out, "schema {name} was restored")?;
        }
        for name in &report.missing_schemas {
            writeln!(out, "the destination has no schema {name}; it starts empty")?;
        }
        Ok(out)
    })
}
