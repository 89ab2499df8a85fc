//! One block on a worker: decompressed, split into rows, parsed and turned into columns.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use cartage_data_files::blocks::{BLOCK_BYTES, Block, BlockError};
use memchr::memchr;
use simd_json::{Buffers, ErrorType, INPUT_PADDING, Node, Tape, fill_tape_padded};

use crate::batch::BlockResult;
use crate::error::BadValue;
use crate::guard::Refused;
use crate::long_numbers;
use crate::notes::{Happened, Notes};
use crate::rows::{RowContext, UnfoldedRow};
use crate::rules::Rules;
use crate::schema_snapshot::SchemaSnapshot;
use crate::shape::{PathId, Shapes};
use crate::tables::{BlockTables, Savepoint};

/// How much of a bad row an error shows, in bytes.
const EXCERPT_BYTES: usize = 200;

/// A block to be worked on, with the schema to start from.
#[derive(Clone, Debug)]
pub(crate) struct BlockTask {
    /// Number of the block in the package.
    pub(crate) number: u64,
    pub(crate) file: Arc<BlockFile>,
    pub(crate) block: Arc<Block>,
    /// Where its rows begin in the rows of the file, in bytes.
    pub(crate) offset: u64,
    pub(crate) schema: Arc<SchemaSnapshot>,
    /// Columns that contracts did not let in before.
    pub(crate) refused: Arc<Refused>,
    /// Which state of the merged schema that is.
    pub(crate) generation: u64,
}

/// The file of a block.
#[derive(Debug)]
pub(crate) struct BlockFile {
    /// Position in the manifest.
    pub(crate) index: u32,
    /// Normalized name of the table of its items.
    pub(crate) table: String,
    /// Whether what contracts discard is kept.
    pub(crate) keeps_discarded: bool,
}

/// What became of a block.
#[derive(Debug)]
pub(crate) struct BlockDone {
    pub(crate) task: BlockTask,
    pub(crate) result: Result<BlockOutput, BlockFailure>,
}

/// The rows of a block as columns.
#[derive(Debug)]
pub(crate) struct BlockOutput {
    pub(crate) result: BlockResult,
    pub(crate) rows: u64,
    /// Rows that were left out, in order.
    pub(crate) bad: Vec<BadLine>,
    /// What is to be said about values.
    pub(crate) notes: Notes,
}

/// A bad row of a block.
#[derive(Debug)]
pub(crate) struct BadLine {
    /// Position in the block.
    pub(crate) row: u64,
    pub(crate) reason: BadValue,
    pub(crate) text: Vec<u8>,
}

#[derive(Debug)]
pub(crate) enum BlockFailure {
    Row(BadLine),
    Block(BlockError),
}

/// What the parser's buffers begin with.
const BUFFER_BYTES: usize = 64 << 10;

/// Bytes of rows, or of parsed values, that are kept from block to block; only a long row needs more.
const KEPT_BYTES: usize = 4 * BLOCK_BYTES;

/// Works on blocks, one at a time. Buffers and shapes are kept from block to block.
pub(crate) struct BlockWorker {
    rules: Arc<Rules>,
    /// By root table, so that a block costs nothing for the tables of other roots.
    shapes: HashMap<String, Shapes>,
    unfolded: UnfoldedRow,
    savepoint: Savepoint,
    pub(crate) buffers: Buffers,
    pub(crate) tape: Tape<'static>,
    /// Rows of a block, which the parser overwrites one after the other.
    pub(crate) work: Vec<u8>,
}

impl BlockWorker {
    pub(crate) fn new(rules: Arc<Rules>) -> Self {
        Self {
            shapes: HashMap::new(),
            unfolded: UnfoldedRow::default(),
            savepoint: Savepoint::default(),
            buffers: Buffers::with_max_depth(BUFFER_BYTES, rules.max_json_depth),
            tape: Tape(Vec::new()),
            work: Vec::new(),
            rules,
        }
    }

    pub(crate) fn run(&mut self, task: BlockTask) -> BlockDone {
        let result = self.rows(&task);
        BlockDone { task, result }
    }

    fn rows(&mut self, task: &BlockTask) -> Result<BlockOutput, BlockFailure> {
        let Self { rules, shapes, unfolded, savepoint, buffers, tape: spare, work } = self;
        task.block.copy_rows(work).map_err(BlockFailure::Block)?;
        let bytes = work.len();
        work.resize(bytes + INPUT_PADDING, 0);
        let shapes = match shapes.get_mut(&task.file.table) {
            Some(known) => known,
            None => shapes.entry(task.file.table.clone()).or_insert_with(|| Shapes::new(Arc::clone(rules))),
        };
        let mut block = OpenBlock::new(task, rules, shapes, unfolded, savepoint);
        let mut start = 0;
        while let Some(length) = memchr(b'\n', &work[start..bytes]) {
            let end = start + length;
            let mut long = Vec::new();
            let mut tape = std::mem::replace(spare, Tape(Vec::new())).reset();
            let row = &mut work[start..end + INPUT_PADDING];
            let parsed = parse(row, &mut long, || block.original.row(start..end), buffers, &mut tape);
            let parsed = parsed
                .map(|()| &*tape.0)
                .map_err(|error| not_json(&error, block.original.row(start..end), rules.max_json_depth));
            let done = block.row(start..end, parsed);
            *spare = tape.reset();
            done?;
            start = end + 1;
        }
        if work.capacity().max(spare.0.capacity() * size_of::<Node<'_>>()) > KEPT_BYTES {
            // What a long row has taken is free before its columns are finished, and for the other workers.
            *work = Vec::new();
            *spare = Tape(Vec::new());
            *buffers = Buffers::with_max_depth(BUFFER_BYTES, rules.max_json_depth);
            block.unfolded.lists = Vec::new();
        }
        block.finish()
    }
}

/// A block while its rows are worked on, one after the other.
struct OpenBlock<'w> {
    task: &'w BlockTask,
    rules: &'w Rules,
    shapes: &'w mut Shapes,
    tables: BlockTables<'w>,
    unfolded: &'w mut UnfoldedRow,
    savepoint: &'w mut Savepoint,
    original: Original<'w>,
    /// The path of the items.
    root: PathId,
    /// Rows so far.
    rows: u64,
    bad: Vec<BadLine>,
    notes: Notes,
    /// Discards that know their row.
    discarded: usize,
}

impl<'w> OpenBlock<'w> {
    fn new(
        task: &'w BlockTask,
        rules: &'w Rules,
        shapes: &'w mut Shapes,
        unfolded: &'w mut UnfoldedRow,
        savepoint: &'w mut Savepoint,
    ) -> Self {
        Self {
            tables: BlockTables::new(&task.schema, rules, &task.refused, task.file.keeps_discarded),
            original: Original::new(&task.block),
            root: shapes.root(&task.file.table),
            rows: 0,
            bad: Vec::new(),
            notes: Notes::default(),
            discarded: 0,
            task,
            rules,
            shapes,
            unfolded,
            savepoint,
        }
    }

    /// Takes the row that is at `place` in the rows of the block, or why it could not be parsed.
    fn row(
        &mut self,
        place: Range<usize>,
        parsed: Result<&[Node<'_>], BadValue>,
    ) -> Result<(), BlockFailure> {
        let outcome = parsed.and_then(|tape| self.item(tape, place.start));
        self.place_discards(&place);
        if let Err(reason) = outcome {
            self.bad_row(reason, place)?;
        }
        self.rows += 1;
        Ok(())
    }

    /// Writes an item with everything below it into its tables, or nothing of it.
    fn item(&mut self, tape: &[Node<'_>], offset: usize) -> Result<(), BadValue> {
        let Self { task, rules, shapes, tables, unfolded, .. } = self;
        if rules.keep_bad_rows {
            tables.savepoint(self.savepoint);
        }
        unfolded.lists.clear();
        unfolded.overwritten.clear();
        tables.nulled.clear();
        let mut context = RowContext { rules, shapes, tables, unfolded, tape };
        let mut outcome = context.item(self.root, task.file.index, task.offset + offset as u64);
        let happened = Happened { overwritten: &unfolded.overwritten, nulled: &tables.nulled };
        if outcome.is_ok() && !happened.is_nothing() {
            outcome = self.notes.item(rules, shapes, self.rows, tape, happened);
        }
        if outcome.is_err() && rules.keep_bad_rows {
            tables.roll_back(self.savepoint);
        }
        outcome
    }

    /// Notes which row the discarded values belong to, with its text where it is a complete item.
    fn place_discards(&mut self, place: &Range<usize>) {
        for discard in &mut self.tables.discards[self.discarded..] {
            let is_item = !discard.is_value && discard.text.is_none() && self.tables.keeps_discarded;
            discard.row = self.rows;
            if is_item {
                let text = String::from_utf8_lossy(self.original.row(place.clone()));
                discard.text = Some(text.into_owned());
            }
        }
        self.discarded = self.tables.discards.len();
    }

    /// Keeps a bad row, or ends the block with it.
    fn bad_row(&mut self, reason: BadValue, place: Range<usize>) -> Result<(), BlockFailure> {
        let ends = !self.rules.keep_bad_rows || matches!(reason, BadValue::Frozen(_));
        let text = self.original.row(place);
        let text = if ends { excerpt(text) } else { text };
        let line = BadLine { row: self.rows, reason, text: text.to_vec() };
        if ends {
            return Err(BlockFailure::Row(line));
        }
        self.bad.push(line);
        Ok(())
    }

    fn finish(self) -> Result<BlockOutput, BlockFailure> {
        let Self { rows, bad, notes, .. } = self;
        let result = self.tables.finish(self.shapes).map_err(|reason| {
            BlockFailure::Row(BadLine { row: rows.saturating_sub(1), reason, text: Vec::new() })
        })?;
        Ok(BlockOutput { result, rows, bad, notes })
    }
}

/// Parses a row, and once more with its long numbers as texts if it cannot be parsed with them as numbers.
fn parse<'r, 'b>(
    row: &'r mut [u8],
    long: &'r mut Vec<u8>,
    original: impl FnOnce() -> &'b [u8],
    buffers: &mut Buffers,
    tape: &mut Tape<'r>,
) -> Result<(), simd_json::Error> {
    let length = row.len() - INPUT_PADDING;
    let Err(error) = fill_tape_padded(row, length, buffers, tape) else { return Ok(()) };
    let Some(rewritten) = long_numbers::rewrite(original()) else { return Err(error) };
    *long = rewritten;
    let length = long.len();
    long.resize(length + INPUT_PADDING, 0);
    fill_tape_padded(long, length, buffers, tape)
}

/// The rows of a block as they were extracted, read again by who has to show one.
struct Original<'b> {
    block: &'b Block,
    rows: OnceCell<Vec<u8>>,
}

impl<'b> Original<'b> {
    fn new(block: &'b Block) -> Self {
        Self { block, rows: OnceCell::new() }
    }

    fn row(&self, place: Range<usize>) -> &[u8] {
        let rows = self.rows.get_or_init(|| {
            let mut rows = Vec::new();
            self.block.copy_rows(&mut rows).expect("the block was read before");
            rows
        });
        &rows[place]
    }
}

/// The beginning of a row.
pub(crate) fn excerpt(row: &[u8]) -> &[u8] {
    &row[..row.len().min(EXCERPT_BYTES)]
}

fn not_json(error: &simd_json::Error, row: &[u8], max_json_depth: usize) -> BadValue {
    match error.error() {
        ErrorType::DepthLimitExceeded => BadValue::TooDeep { limit: max_json_depth },
        ErrorType::InvalidUtf8 => BadValue::NotJson { detail: "it is not UTF-8".to_owned() },
        _ => BadValue::NotJson { detail: json_detail(row, error) },
    }
}

/// A slower parser has better words for what is wrong. Where the row is in its file is known: the parser's line is that
/// within the row, so only its column is given.
fn json_detail(row: &[u8], error: &simd_json::Error) -> String {
    match serde_json::from_slice::<serde::de::IgnoredAny>(row) {
        Err(error) => {
            let (text, column) = (error.to_string(), error.column());
            match text.strip_suffix(&format!(" at line {} column {column}", error.line())) {
                Some(reason) => format!("{reason} at column {column}"),
                None => text,
            }
        }
        Ok(_) => error.to_string(),
    }
}
