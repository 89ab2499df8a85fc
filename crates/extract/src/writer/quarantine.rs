//! What cannot be made a row, kept in a file of the package for people to look at.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use cartage_package_store::{QuarantineDraft, QuarantineFileName, StagedPackage};
use cartage_source_api::RejectedRow;
use serde::Serialize;

use crate::ExtractError;

/// One line of a quarantine file.
#[derive(Serialize)]
struct Entry<'a> {
    source: &'a str,
    line: u64,
    reason: &'a str,
    row: &'a str,
}

/// The quarantine file of one table.
pub(super) struct QuarantineWriter {
    table: String,
    name: QuarantineFileName,
    path: PathBuf,
    file: BufWriter<File>,
    rows: u64,
}

impl QuarantineWriter {
    pub(super) fn create(staged: &StagedPackage, table: &str, file_id: &str) -> Result<Self, ExtractError> {
        let name = QuarantineFileName::new(table, file_id).map_err(cartage_package_store::Error::from)?;
        let path = staged.quarantine_path(&name)?;
        let file =
            File::create_new(&path).map_err(|source| ExtractError::Io { path: path.clone(), source })?;
        Ok(Self { table: table.to_owned(), name, path, file: BufWriter::new(file), rows: 0 })
    }

    pub(super) fn write(&mut self, rejected: &[RejectedRow]) -> Result<(), ExtractError> {
        for RejectedRow { source, line, text, reason } in rejected {
            let entry = Entry { source, line: *line, reason, row: text };
            serde_json::to_writer(&mut self.file, &entry)
                .map_err(std::io::Error::from)
                .and_then(|()| self.file.write_all(b"\n"))
                .map_err(|source| ExtractError::Io { path: self.path.clone(), source })?;
            self.rows += 1;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<QuarantineDraft, ExtractError> {
        self.file.flush().map_err(|source| ExtractError::Io { path: self.path.clone(), source })?;
        Ok(QuarantineDraft { name: self.name, table: self.table, rows: self.rows })
    }
}
