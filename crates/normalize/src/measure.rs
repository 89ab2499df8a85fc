//! The hot path cut into its parts, for benches and counts of instructions: no part of the interface.
//!
//! Each part works on one block, again and again, as a worker does once a package is under way: the
//! schema is known, keys are where they were, and buffers are there.

use std::sync::Arc;

use cartage_data_files::blocks::Block;
use cartage_package_store::PackageSettings;
use cartage_schema::{NamingKind, Schema, Table};
use memchr::memchr_iter;
use simd_json::{INPUT_PADDING, Tape, fill_tape_padded};

use crate::assemble::{Assembler, dictionary_columns};
use crate::batch::TableBatch;
use crate::block::{BlockDone, BlockFile, BlockOutput, BlockTask, BlockWorker};
use crate::error::NormalizeError;
use crate::merge::Merged;
use crate::output::OutputOptions;
use crate::rules::Rules;
use crate::settings::NormalizeSettings;

/// One block and everything that its rows need.
pub struct HotPath {
    rules: Arc<Rules>,
    worker: BlockWorker,
    merged: Merged,
    task: BlockTask,
    rows: Vec<u8>,
}

/// Columns of a block, ready to be encoded. Cloning copies no values.
#[derive(Clone)]
pub struct BlockColumns(Vec<TableBatch>);

impl HotPath {
    /// Takes rows, each ended by a line feed, into a table `items`, so that its schema is known.
    ///
    /// # Panics
    /// If the rows are not JSON, or contradict each other.
    pub fn new(rows: &[u8]) -> Self {
        let mut schema = Schema::new("measured", NamingKind::SnakeCase).expect("the name is a good one");
        schema.tables.insert("items".to_owned(), Table::root("items", "items"));
        let (settings, of_stage) = (PackageSettings::default(), NormalizeSettings::default());
        let rules = Rules::new("1795152758.208462", schema, &settings, &of_stage);
        let rules = rules.expect("there are no patterns");
        let rules = Arc::new(rules);
        let mut merged = Merged::new(rules.schema.clone());
        let mut worker = BlockWorker::new(Arc::clone(&rules));
        let file = BlockFile { index: 0, table: "items".to_owned(), keeps_discarded: false };
        let mut task = BlockTask {
            number: 0,
            file: Arc::new(file),
            block: Arc::new(Block::of_rows(rows.to_vec())),
            offset: 0,
            schema: Arc::clone(merged.known()),
            refused: Arc::clone(merged.refused()),
            generation: merged.generation(),
        };
        merged.add(&output(worker.run(task.clone())).result).expect("there is nothing to contradict");
        task.schema = Arc::clone(merged.known());
        task.generation = merged.generation();
        Self { rules, worker, merged, task, rows: rows.to_vec() }
    }

    /// Bytes of the rows.
    pub fn bytes(&self) -> usize {
        self.rows.len()
    }

    /// Parses the rows into tapes and returns the number of nodes.
    ///
    /// # Panics
    /// Never: the rows were parsed before.
    #[inline(never)]
    pub fn parse(&mut self) -> usize {
        let BlockWorker { buffers, tape: spare, work, .. } = &mut self.worker;
        work.clear();
        work.extend_from_slice(&self.rows);
        work.resize(self.rows.len() + INPUT_PADDING, 0);
        let (mut nodes, mut start) = (0, 0);
        for end in memchr_iter(b'\n', &self.rows) {
            let mut tape = std::mem::replace(spare, Tape(Vec::new())).reset();
            let row = &mut work[start..end + INPUT_PADDING];
            fill_tape_padded(row, end - start, buffers, &mut tape).expect("the row was parsed before");
            nodes += tape.0.len();
            *spare = tape.reset();
            start = end + 1;
        }
        nodes
    }

    /// Parses and flattens the rows into typed columns.
    ///
    /// # Panics
    /// Never: the block was flattened before.
    #[inline(never)]
    pub fn flatten(&mut self) -> BlockColumns {
        BlockColumns(output(self.worker.run(self.task.clone())).result.tables)
    }

    /// Encodes columns as row groups of Parquet, one for each table.
    ///
    /// # Errors
    /// As [`run`](crate::run).
    #[inline(never)]
    pub fn encode(&self, columns: BlockColumns) -> Result<usize, NormalizeError> {
        let schema = self.merged.schema();
        let options = OutputOptions::new(&PackageSettings::default(), dictionary_columns(schema, None));
        let mut assembler = Assembler::new(&NormalizeSettings::default(), &self.rules.physical, &options);
        let mut tasks = assembler.add(columns.0, schema)?;
        tasks.extend(assembler.finish(schema)?);
        for task in &tasks {
            task.run().transpose()?;
        }
        Ok(tasks.len())
    }
}

fn output(done: BlockDone) -> BlockOutput {
    done.result.expect("the rows are good ones")
}
