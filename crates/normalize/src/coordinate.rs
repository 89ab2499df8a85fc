//! Hands blocks to the workers and merges what they made of them, strictly in the order of the rows.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cartage_data_files::blocks::{BlockReader, Packing};
use cartage_package_store::{FileEntry, SourceRange};
use cartage_runtime::{Runtime, Stage};

use crate::assemble::{Assembler, EncodeTask};
use crate::batch::{BlockResult, TableBatch};
use crate::block::{BadLine, BlockDone, BlockFailure, BlockFile, BlockOutput, BlockTask, excerpt};
use crate::broken::{FrozenChange, RowContractError};
use crate::columnar_union::ColumnarFiles;
use crate::error::{BadRow, BadValue, NormalizeError};
use crate::guard::Discard;
use crate::input_place::input_of;
use crate::merge::Merged;
use crate::pool::{Done, Pool, TaskPanicked};
use crate::quarantine::Quarantine;
use crate::report::NormalizeReport;
use crate::rules::Rules;
use crate::writer::JobWriter;

/// Everything that is done in order.
pub(crate) struct Coordinator<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) rules: &'a Rules,
    pub(crate) pool: Pool,
    pub(crate) merged: Merged,
    pub(crate) assembler: Assembler,
    pub(crate) writer: JobWriter<'a>,
    pub(crate) quarantine: Quarantine<'a>,
    pub(crate) report: NormalizeReport,
    /// Blocks that may be under way.
    pub(crate) most_blocks: usize,
    /// The same for row groups, which are much larger.
    pub(crate) most_row_groups: usize,
    pub(crate) progress: InOrder<'a>,
    pub(crate) columnar_files: ColumnarFiles,
}

/// Which block comes next, and what is known of the files.
#[derive(Debug, Default)]
pub(crate) struct InOrder<'a> {
    sent: u64,
    merged: u64,
    /// Blocks that are done before earlier ones.
    early: BTreeMap<u64, BlockDone>,
    /// Rows merged so far, by position of the file in the manifest.
    rows: BTreeMap<u32, u64>,
    files: BTreeMap<u32, &'a FileEntry>,
}

impl<'a> Coordinator<'a> {
    /// Normalizes the rows of a `jsonl` file. The last blocks may still be under way afterwards.
    pub(crate) fn jsonl(
        &mut self,
        index: u32,
        entry: &'a FileEntry,
        path: &Path,
        packing: Packing,
        table: &str,
    ) -> Result<(), NormalizeError> {
        let file = Arc::new(BlockFile {
            index,
            table: table.to_owned(),
            keeps_discarded: self.rules.keeps_discarded(table),
        });
        self.progress.files.insert(index, entry);
        let mut reader = BlockReader::open(path, packing)?;
        let mut offset = 0;
        while let Some(block) = reader.next_block()? {
            self.wait_for_room()?;
            let bytes = block.uncompressed_bytes as u64;
            self.pool.send_block(BlockTask {
                number: self.progress.sent,
                file: Arc::clone(&file),
                block: Arc::new(block),
                offset,
                schema: Arc::clone(self.merged.known()),
                refused: Arc::clone(self.merged.refused()),
                generation: self.merged.generation(),
            });
            self.progress.sent += 1;
            offset += bytes;
        }
        Ok(())
    }

    /// Takes results until another block may be handed out.
    pub(crate) fn wait_for_room(&mut self) -> Result<(), NormalizeError> {
        while self.progress.under_way() >= self.most_blocks || self.pool.row_groups() >= self.most_row_groups
        {
            self.take_one()?;
        }
        self.check_cancelled()
    }

    /// Takes results until all blocks handed out are merged.
    pub(crate) fn finish_blocks(&mut self) -> Result<(), NormalizeError> {
        while self.progress.under_way() > 0 {
            self.check_cancelled()?;
            self.take_one()?;
        }
        Ok(())
    }

    /// Writes what is left of all tables.
    pub(crate) fn finish_files(&mut self) -> Result<(), NormalizeError> {
        for task in self.assembler.finish(self.merged.schema())? {
            while self.pool.row_groups() >= self.most_row_groups {
                self.take_one()?;
            }
            self.pool.send_last_row_group(task);
        }
        while self.pool.row_groups() > 0 {
            self.take_one()?;
        }
        Ok(())
    }

    fn check_cancelled(&self) -> Result<(), NormalizeError> {
        if self.runtime.cancel.is_cancelled() { Err(NormalizeError::Cancelled) } else { Ok(()) }
    }

    fn take_one(&mut self) -> Result<(), NormalizeError> {
        match self.pool.receive().transpose().map_err(|panicked| self.progress.panicked(panicked))? {
            None => Ok(()),
            Some(Done::RowGroup(done)) => {
                let EncodeTask { table, number, layout, .. } = &*done.task;
                self.writer.append(table, *number, layout.clone(), done.encoded?)
            }
            Some(Done::Block(done)) => {
                self.progress.early.insert(done.task.number, *done);
                while let Some(done) = self.progress.early.remove(&self.progress.merged) {
                    if !self.merge(done)? {
                        break;
                    }
                    self.progress.merged += 1;
                }
                Ok(())
            }
        }
    }

    /// Merges the next block, or has it read again. False if it is read again.
    fn merge(&mut self, done: BlockDone) -> Result<bool, NormalizeError> {
        let is_current = done.task.generation == self.merged.generation();
        match done.result {
            Ok(output) if is_current || self.merged.agrees_with(&output.result) => {
                self.accept(&done.task, output)?;
                Ok(true)
            }
            Err(BlockFailure::Block(error)) => Err(error.into()),
            Err(BlockFailure::Row(line)) if is_current => {
                Err(self.row_error(self.progress.bad_row(&done.task, &line)))
            }
            Ok(_) | Err(BlockFailure::Row(_)) => {
                self.report.repeated_blocks += 1;
                self.pool.send_block(BlockTask {
                    schema: Arc::clone(self.merged.known()),
                    refused: Arc::clone(self.merged.refused()),
                    generation: self.merged.generation(),
                    ..done.task
                });
                Ok(false)
            }
        }
    }

    fn accept(&mut self, task: &BlockTask, output: BlockOutput) -> Result<(), NormalizeError> {
        let mut discards = output.result.discards.iter().peekable();
        for line in &output.bad {
            while let Some(discard) = discards.next_if(|discard| discard.row < line.row) {
                self.discard(task, discard)?;
            }
            let row = self.progress.bad_row(task, line);
            self.quarantine.keep(&row, &line.text)?;
            *self.report.quarantined.entry(task.file.table.clone()).or_default() += 1;
        }
        for discard in discards {
            self.discard(task, discard)?;
        }
        for (note, seen) in &output.notes.0 {
            let row = self.progress.row_number(task.file.index, seen.row);
            let place = self.progress.place(task.file.index, row);
            self.report.note(note, seen.values, place);
        }
        *self.progress.rows.entry(task.file.index).or_default() += output.rows;
        let bytes = task.block.uncompressed_bytes as u64;
        self.report.input_rows += output.rows;
        self.report.input_bytes += bytes;
        self.runtime.progress.advance(Stage::Normalize, &task.file.table, output.rows, bytes, bytes);
        self.add(output.result)
    }

    /// The error of a row that ends the stage.
    fn row_error(&self, row: BadRow) -> NormalizeError {
        let BadValue::Frozen(frozen) = row.reason else { return NormalizeError::BadRow(Box::new(row)) };
        self.broken(*frozen, &row.table, row.file, row.row, row.source)
    }

    /// The error of something frozen.
    pub(crate) fn broken(
        &self,
        frozen: FrozenChange,
        root: &str,
        file: String,
        row: u64,
        source: Option<(String, u64)>,
    ) -> NormalizeError {
        let schema = self.merged.schema();
        let resource = schema.tables.get(root).and_then(|table| table.resource.clone());
        let schema = schema.name.clone();
        NormalizeError::Contract(Box::new(RowContractError { schema, resource, frozen, file, row, source }))
    }

    /// Counts what a contract kept out of a block, and keeps it where asked to.
    fn discard(&mut self, task: &BlockTask, discard: &Discard) -> Result<(), NormalizeError> {
        let row = self.progress.row_number(task.file.index, discard.row);
        let place = self.progress.place(task.file.index, row);
        self.keep_discarded(discard, &place)
    }

    /// Counts what a contract kept out, and keeps it where asked to.
    pub(crate) fn keep_discarded(
        &mut self,
        discard: &Discard,
        (source, line): &(String, u64),
    ) -> Result<(), NormalizeError> {
        let reason = discard.reason();
        if let Some(text) = &discard.text {
            self.quarantine.keep_discarded(&reason, discard.is_value, (source, *line), text)?;
        }
        self.report.discards.add(reason, u64::from(!discard.is_value), u64::from(discard.is_value));
        Ok(())
    }

    /// Adds columns and rows that stand next in order.
    fn add(&mut self, result: BlockResult) -> Result<(), NormalizeError> {
        self.merged.add(&result)?;
        for batch in result.tables.iter().filter(|batch| batch.rows > 0) {
            *self.report.rows.entry(batch.name.to_string()).or_default() += batch.rows as u64;
        }
        self.add_batches(result.tables)
    }

    /// Adds rows whose columns are known.
    pub(crate) fn add_batches(&mut self, batches: Vec<TableBatch>) -> Result<(), NormalizeError> {
        for task in self.assembler.add(batches, self.merged.schema())? {
            self.pool.send_row_group(task);
        }
        Ok(())
    }
}

impl InOrder<'_> {
    /// Blocks that are handed out and not merged.
    fn under_way(&self) -> usize {
        (self.sent - self.merged) as usize
    }

    /// Position in its file of a row of the block that comes next.
    fn row_number(&self, file: u32, row: u64) -> u64 {
        self.rows.get(&file).copied().unwrap_or_default() + row
    }

    /// Source and line of a row of a file, or else the file and the number of the row.
    fn place(&self, file: u32, row: u64) -> (String, u64) {
        let entry = self.files.get(&file);
        let name = || (entry.map(|entry| entry.name.to_string()).unwrap_or_default(), row + 1);
        entry.and_then(|entry| source_line(&entry.origins, row)).unwrap_or_else(name)
    }

    fn panicked(&self, TaskPanicked { table, file, panic }: TaskPanicked) -> NormalizeError {
        let entry = file.and_then(|file| self.files.get(&file));
        let input = entry.map_or_else(|| "the rows".to_owned(), |entry| input_of(entry));
        NormalizeError::Panicked { input, table, panic }
    }

    fn bad_row(&self, task: &BlockTask, line: &BadLine) -> BadRow {
        let entry = self.files.get(&task.file.index);
        let row = self.row_number(task.file.index, line.row);
        BadRow {
            table: task.file.table.clone(),
            file: entry.map(|entry| entry.name.to_string()).unwrap_or_default(),
            row: row + 1,
            source: entry.and_then(|entry| source_line(&entry.origins, row)),
            reason: line.reason.clone(),
            excerpt: String::from_utf8_lossy(excerpt(&line.text)).into_owned(),
        }
    }
}

/// Source and line of a row of a file.
pub(crate) fn source_line(origins: &[SourceRange], row: u64) -> Option<(String, u64)> {
    let origin =
        origins.iter().find(|origin| (origin.first_row..origin.first_row + origin.rows).contains(&row))?;
    Some((origin.source.clone(), origin.first_line + (row - origin.first_row)))
}
