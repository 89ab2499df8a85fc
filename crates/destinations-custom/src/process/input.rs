//! What a process is given: its standard input and the variables that describe it.
//!
//! The input is a file that has no name, not a pipe: it is complete before the process starts, so that a process
//! whose parent dies never mistakes half a batch for a complete one, and one that does not read blocks nothing.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::process::Stdio;

use arrow_ipc::writer::StreamWriter;
use cartage_destinations_api::{Codec, Error, Result};
use tempfile::NamedTempFile;

use crate::sink::{Batch, Rows};

/// The input of one process.
pub(crate) struct Input {
    pub(crate) stdin: Stdio,
    pub(crate) variables: Vec<(&'static str, OsString)>,
    /// The description of the table; its file is there as long as this value.
    pub(crate) table: NamedTempFile,
}

impl Input {
    /// Prepares the input for a batch.
    pub(crate) fn of(batch: &Batch<'_>) -> Result<Self> {
        let table = table_file(batch).map_err(cannot_write)?;
        let mut variables: Vec<(&'static str, OsString)> = vec![
            ("CARTAGE_PIPELINE", batch.load.pipeline.as_str().into()),
            ("CARTAGE_DATASET", batch.dataset.into()),
            ("CARTAGE_SCHEMA", batch.load.schema.as_str().into()),
            ("CARTAGE_LOAD_ID", batch.load.load_id.as_str().into()),
            ("CARTAGE_JOB_ID", batch.job_id.into()),
            ("CARTAGE_TABLE", batch.table.name.as_str().into()),
            ("CARTAGE_TABLE_SCHEMA", table.path().into()),
            ("CARTAGE_WRITE_DISPOSITION", batch.disposition.as_str().into()),
            ("CARTAGE_FIRST_ROW", batch.first_row.to_string().into()),
            ("CARTAGE_ROWS", batch.rows.count().to_string().into()),
        ];
        let (stdin, format) = match batch.rows {
            Rows::Json(rows) => (file(|out| out.write_all(rows.text().as_bytes())), "jsonl"),
            Rows::Arrow(rows) => (
                file(|out| {
                    let mut writer = StreamWriter::try_new(out, &rows.schema()).map_err(io::Error::other)?;
                    writer.write(rows).and_then(|()| writer.finish()).map_err(io::Error::other)
                }),
                "arrow",
            ),
            Rows::File(job) => {
                variables.push(("CARTAGE_FILE", job.local()?.into()));
                variables.push(("CARTAGE_FILE_CODEC", job.codec.map_or("", Codec::as_str).into()));
                (Ok(Stdio::null()), job.format.as_str())
            }
        };
        variables.push(("CARTAGE_FORMAT", format.into()));
        Ok(Self { stdin: stdin.map_err(cannot_write)?, variables, table })
    }
}

/// A file without a name that holds what `write` writes, to be read from its beginning.
fn file(write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<Stdio> {
    let mut out = BufWriter::new(tempfile::tempfile()?);
    write(&mut out)?;
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file.into())
}

/// The table as it is in the schema's document, so with its name, columns and hints.
fn table_file(batch: &Batch<'_>) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix("cartage-table-").suffix(".json").tempfile()?;
    serde_json::to_writer(&mut file, batch.table)?;
    file.flush()?;
    Ok(file)
}

fn cannot_write(cause: io::Error) -> Error {
    Error::transient(format!(
        "cannot write the input of the command to {}: {cause}",
        std::env::temp_dir().display()
    ))
    .with_remedy("set TMPDIR to a folder with free space")
    .with_source(cause)
}
