//! One row group, encoded by several threads.

use std::fmt::{self, Debug};
use std::mem;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cartage_runtime::contain;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter};

use super::ParquetError;
use super::layout::{ColumnBatch, EncodedRowGroup, Layout};

/// A row group that is being encoded. Any number of threads may [`work`](Self::work) on it, each on one column at a
/// time; the bytes do not depend on how many did.
pub struct RowGroupEncoder {
    layout: Layout,
    batches: Mutex<Arc<Vec<ColumnBatch>>>,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    /// Positions of the columns that no thread works on; absent before the first thread comes.
    waiting: Option<Range<usize>>,
    /// What encodes the columns that wait, by their position.
    writers: Vec<Option<ArrowColumnWriter>>,
    /// Columns that are done, by their position.
    chunks: Vec<Option<ArrowColumnChunk>>,
    /// Columns that are not done.
    left: usize,
    /// What went wrong, with the position of its column: the first column counts, not the first to fail.
    error: Option<(usize, ParquetError)>,
}

impl Debug for RowGroupEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowGroupEncoder").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl RowGroupEncoder {
    /// Encodes batches that follow one another, see [`Layout::encode`]. Nothing is done yet.
    pub fn new(layout: Layout, batches: Vec<ColumnBatch>) -> Self {
        Self { layout, batches: Mutex::new(Arc::new(batches)), progress: Mutex::default() }
    }

    /// Columns of the row group, so threads that it can use.
    pub fn columns(&self) -> usize {
        self.layout.schema().fields().len()
    }

    /// Encodes columns until none waits. The thread that ends the last one gets the row group, all others `None`.
    ///
    /// # Errors
    /// Those of [`Layout::encode`], for the thread that would have got the row group.
    pub fn work(&self) -> Option<Result<EncodedRowGroup, ParquetError>> {
        let batches = Arc::clone(&*lock(&self.batches));
        if let Some(ended) = self.begin(&batches) {
            return Some(ended);
        }
        loop {
            let index = lock(&self.progress).waiting.as_mut()?.next()?;
            let done = contain(|| self.encode_column(index, &batches))
                .unwrap_or_else(|panic| Err(ParquetError::EncodePanicked(panic)));
            let mut progress = lock(&self.progress);
            progress.end_column(index, done);
            if progress.left == 0 {
                return Some(self.finish(&mut progress, &batches));
            }
        }
    }

    /// Lets the columns wait, if this is the first thread; its end where that is all there is to do.
    fn begin(&self, batches: &[ColumnBatch]) -> Option<Result<EncodedRowGroup, ParquetError>> {
        let mut progress = lock(&self.progress);
        if progress.waiting.is_some() {
            return None;
        }
        let writers = self.layout.column_writers();
        let (writers, failed) =
            writers.map_or_else(|error| (Vec::new(), Some(error)), |writers| (writers, None));
        progress.left = writers.len();
        progress.waiting = Some(0..writers.len());
        progress.chunks.resize_with(writers.len(), || None);
        progress.writers = writers.into_iter().map(Some).collect();
        match failed {
            Some(error) => Some(Err(error)),
            None => (progress.left == 0).then(|| self.finish(&mut progress, batches)),
        }
    }

    /// Encodes a column that no other thread works on. Writers and chunks are large, and each move copies them: they
    /// only leave their places in here.
    fn encode_column(&self, index: usize, batches: &[ColumnBatch]) -> Result<(), ParquetError> {
        let waiting = lock(&self.progress).writers[index].take();
        let mut writer = waiting.expect("a column waits only once");
        self.layout.write_column(index, &mut writer, batches)?;
        let chunk = writer.close()?;
        lock(&self.progress).chunks[index] = Some(chunk);
        Ok(())
    }

    fn finish(
        &self,
        progress: &mut Progress,
        batches: &[ColumnBatch],
    ) -> Result<EncodedRowGroup, ParquetError> {
        // Threads that have not looked yet may hold on to this for a while.
        *lock(&self.batches) = Arc::default();
        if let Some((_, error)) = progress.error.take() {
            return Err(error);
        }
        let chunks = mem::take(&mut progress.chunks).into_iter();
        let chunks = chunks.map(|chunk| chunk.expect("all columns are done")).collect();
        Ok(EncodedRowGroup::new(chunks, batches))
    }
}

impl Progress {
    fn end_column(&mut self, index: usize, done: Result<(), ParquetError>) {
        self.left -= 1;
        if let Err(error) = done
            && self.error.as_ref().is_none_or(|(first, _)| index < *first)
        {
            self.error = Some((index, error));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
