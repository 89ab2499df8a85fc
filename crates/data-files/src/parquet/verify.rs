//! Whether a Parquet file can be read to its end, and has the rows that its footer counts.
//!
//! A foreign file becomes a job file as it is, and is read in the end by libraries that may fail on
//! damage in ways of their own, when other files are loaded already. So all of it is decoded once before.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use cartage_runtime::contain;
use cartage_runtime::threads::{start_helpers, start_scoped};
use parquet::arrow::ProjectionMask;

use super::ParquetError;
use super::open::Opened;
use super::pages;

/// Rows decoded at once.
const BATCH_ROWS: usize = 8 << 10;

/// Values below which more threads cost more than they save.
const FEW_VALUES: i64 = 1 << 20;

/// Decodes the whole file, on `threads` threads, and counts its rows.
///
/// # Errors
/// Those of [`examine`](super::examine), [`ParquetError::Damaged`] and [`ParquetError::Timestamp`].
pub fn verify(path: &Path, threads: usize) -> Result<(), ParquetError> {
    let opened = Opened::read(path)?;
    contain(|| pages::check(&opened)).map_err(|panic| ParquetError::panicked(path, &panic))??;
    Work::new(&opened.typed()?, threads).execute()
}

/// Columns of row groups that wait to be decoded.
struct Work<'a> {
    opened: &'a Opened,
    threads: usize,
    /// Row groups, and the columns of each that are decoded together.
    units: Vec<(usize, Vec<usize>)>,
    next: AtomicUsize,
    /// What went wrong, with the position of its unit: the first one counts, not the first to fail.
    error: Mutex<Option<(usize, ParquetError)>>,
}

impl<'a> Work<'a> {
    fn new(opened: &'a Opened, threads: usize) -> Self {
        let columns = opened.arrow().schema().fields().len();
        let rows = opened.metadata().file_metadata().num_rows();
        let is_small = rows.saturating_mul(columns as i64) < FEW_VALUES;
        let threads = if is_small { 1 } else { threads.max(1) };
        let together = if threads == 1 { columns } else { columns.div_ceil(threads * 2) };
        let all: Vec<usize> = (0..columns).collect();
        let of_group = |group| all.chunks(together.max(1)).map(move |some| (group, some.to_vec()));
        let units = (0..opened.metadata().num_row_groups()).flat_map(of_group).collect();
        Self { opened, threads, units, next: AtomicUsize::new(0), error: Mutex::default() }
    }

    fn execute(self) -> Result<(), ParquetError> {
        thread::scope(|scope| {
            let helpers = self.threads.min(self.units.len()).saturating_sub(1);
            drop(start_helpers(helpers, "verify", |name| start_scoped(scope, name, || self.work())));
            self.work();
        });
        self.error
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .map_or(Ok(()), |(_, error)| Err(error))
    }

    fn work(&self) {
        loop {
            let unit = self.next.fetch_add(1, Ordering::Relaxed);
            let Some((group, columns)) = self.units.get(unit) else { return };
            let decoded = contain(|| self.decode(*group, columns));
            let decoded =
                decoded.unwrap_or_else(|panic| Err(ParquetError::panicked(&self.opened.path, &panic)));
            if let Err(error) = decoded {
                let mut first = self.error.lock().unwrap_or_else(PoisonError::into_inner);
                if first.as_ref().is_none_or(|(first, _)| unit < *first) {
                    *first = Some((unit, error));
                }
                self.next.store(self.units.len(), Ordering::Relaxed);
            }
        }
    }

    fn decode(&self, group: usize, columns: &[usize]) -> Result<(), ParquetError> {
        let Opened { path, .. } = self.opened;
        let builder = self.opened.builder()?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
        let batches = builder
            .with_row_groups(vec![group])
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|source| ParquetError::read(path, source))?;
        let mut rows = 0;
        for batch in batches {
            let batch = batch.map_err(|source| ParquetError::Decode { path: path.clone(), source })?;
            rows += batch.num_rows() as i64;
        }
        let counted = self.opened.metadata().row_group(group).num_rows();
        if rows == counted || columns.is_empty() {
            return Ok(());
        }
        let reason =
            format!("its footer counts {counted} rows in row group {}, but {rows} are there", group + 1);
        Err(ParquetError::damaged(path, reason))
    }
}
