//! Parquet files of a resource with a cursor: passed on whole where no row is dropped, read where rows are.

use arrow::array::{BooleanArray, RecordBatch};
use cartage_data_files::parquet::{FileReader, ReadOptions};
use cartage_source_api::{HashChange, ParquetFile, SourceError};
use parquet::arrow::arrow_reader::RowSelection;

use crate::columns_page::BatchFilter;
use crate::error::CursorError;
use crate::rows::Known;
use crate::settings::{CursorSettings, RowKey};
use crate::window::Window;

/// Rows of one batch.
const BATCH_ROWS: usize = 65_536;

/// What is done with a file.
pub(crate) enum Decision {
    /// All its rows are wanted.
    Whole(HashChange),
    /// Its rows must be looked at.
    Read(FileReader),
}

/// Looks at the cursor column of a file. If all rows pass, the window has moved past them.
pub(crate) fn decide(
    file: &ParquetFile,
    settings: &CursorSettings,
    window: &mut Window,
    known: &mut Known,
    room: u64,
) -> Result<Decision, SourceError> {
    let mut trial = (window.clone(), known.clone());
    let passes = if file.rows > room { None } else { all_pass(file, settings, &mut trial.0, &mut trial.1)? };
    let Some(change) = passes else {
        return Ok(Decision::Read(reader(file, None, None)?));
    };
    (*window, *known) = trial;
    Ok(Decision::Whole(change))
}

/// `None` if a row must be dropped.
fn all_pass(
    file: &ParquetFile,
    settings: &CursorSettings,
    window: &mut Window,
    known: &mut Known,
) -> Result<Option<HashChange>, SourceError> {
    let Some(column) = settings.path.column() else {
        return Err(problem(file, CursorError::NoColumn { path: settings.name.clone() }));
    };
    let mut change = HashChange::default();
    // Where in the file the rows of the last value are, batch by batch.
    let mut at_last: Vec<BooleanArray> = Vec::new();
    let mut batches = reader(file, Some(&[column]), None)?;
    while let Some(batch) = next_batch(&mut batches, file)? {
        let mut filter = BatchFilter { settings, window, known };
        let result = filter.column(&batch).and_then(|values| {
            let range = filter.in_range(&values)?;
            let all_kept = range.kept.true_count() == batch.num_rows();
            let maybe_known = settings.deduplicates()
                && !filter.known.at_start.is_empty()
                && range.at_start.true_count() > 0;
            if !all_kept || maybe_known {
                return Ok(None);
            }
            filter.advance(&values, &range).map(Some)
        });
        let Some((mask, moved)) = result.map_err(|error| problem(file, error))? else { return Ok(None) };
        if moved {
            change.reset = true;
            at_last = at_last.iter().map(|mask| BooleanArray::from(vec![false; mask.len()])).collect();
        }
        at_last.push(mask.unwrap_or_else(|| BooleanArray::from(vec![false; batch.num_rows()])));
    }
    if settings.deduplicates() {
        change.added = hashes_at(file, settings, window, known, &at_last)?;
    }
    Ok(Some(change))
}

/// Hashes of the rows that the masks select.
fn hashes_at(
    file: &ParquetFile,
    settings: &CursorSettings,
    window: &mut Window,
    known: &mut Known,
    masks: &[BooleanArray],
) -> Result<Vec<String>, SourceError> {
    let key: Option<Vec<&str>> = match &settings.key {
        RowKey::Column(column) => Some(vec![column]),
        RowKey::Columns(columns) => Some(columns.iter().map(String::as_str).collect()),
        RowKey::WholeRow | RowKey::None => None,
    };
    let mut hashes = Vec::new();
    let mut batches = reader(file, key.as_deref(), Some(RowSelection::from_filters(masks)))?;
    while let Some(batch) = next_batch(&mut batches, file)? {
        let filter = BatchFilter { settings, window, known };
        let all = BooleanArray::from(vec![true; batch.num_rows()]);
        let form = filter.known.form;
        let found = filter.hashes(&batch, &all, form).map_err(|error| problem(file, error))?;
        hashes.extend(found.into_iter().map(|(_, hash)| hash));
    }
    Ok(hashes)
}

/// Reads some columns, or all, of some rows, or all. Columns that the file does not have are left out.
fn reader(
    file: &ParquetFile,
    columns: Option<&[&str]>,
    rows: Option<RowSelection>,
) -> Result<FileReader, SourceError> {
    let options = ReadOptions { columns, rows, batch_rows: Some(BATCH_ROWS), ..ReadOptions::default() };
    FileReader::open_part(&file.path, options).map_err(|error| SourceError::parquet(&file.source, error))
}

/// The next batch of a file that is read.
pub(crate) fn next_batch(
    reader: &mut FileReader,
    file: &ParquetFile,
) -> Result<Option<RecordBatch>, SourceError> {
    reader.next_batch().map_err(|error| SourceError::parquet(&file.source, error))
}

pub(crate) fn problem(file: &ParquetFile, problem: CursorError) -> SourceError {
    SourceError::Cursor { place: file.source.to_string(), problem: Box::new(problem) }
}
