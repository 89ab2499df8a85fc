//! Names of the files of jobs: what they are made from, and which load they belong to.

use cartage_destinations_api::{Codec, FileFormat, JobFile, LoadPlan};

use crate::layout::FileParts;

/// What the name of the copy of a job file is made of.
pub(crate) fn file_parts<'a>(plan: &'a LoadPlan, job: &'a JobFile, extension: &'a str) -> FileParts<'a> {
    // <table>.<file id>.<format>; the part of the table has no dots.
    let file_id = job.id.split('.').nth(1).unwrap_or(&job.id);
    FileParts {
        schema: &plan.schema.name,
        table: &job.table,
        load_id: &plan.key.load_id,
        file_id,
        extension,
        created_micros: plan.created_micros(),
    }
}

/// The extension of the copy. Datasets that dlt began long ago have packed files without `.gz`.
pub(crate) fn extension(format: FileFormat, codec: Option<Codec>, storage_version: u64) -> String {
    match codec {
        Some(Codec::Gz) if storage_version == 1 => format.as_str().to_owned(),
        Some(codec) => format!("{format}.{codec}"),
        None => format.as_str().to_owned(),
    }
}

/// Whether a file's name holds a load id.
pub(crate) fn holds(file: &str, load_id: &str) -> bool {
    file.match_indices(load_id).any(|(at, _)| {
        let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        let bytes = file.as_bytes();
        !digit(bytes.get(at + load_id.len()))
            && !digit(at.checked_sub(1).and_then(|before| bytes.get(before)))
    })
}
