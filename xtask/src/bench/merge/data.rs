//! The orders that are there already, and the orders that are merged into them.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::super::data::{Random, Shape, order};

/// Which part of the rows of a batch has a new key.
const NEW: u64 = 5;
/// Known orders for each order of a batch.
pub(super) const TIMES: u64 = 50;

/// The files of one size.
pub(super) struct Files {
    pub(super) base: PathBuf,
    pub(super) batch: PathBuf,
    pub(super) base_rows: u64,
    pub(super) batch_rows: u64,
}

impl Files {
    /// The files with this many known orders, made where they are not there.
    pub(super) fn make(folder: &Path, base_rows: u64) -> Result<Self> {
        let batch_rows = base_rows / TIMES;
        let (base, batch) = (folder.join("base.jsonl"), folder.join("batch.jsonl"));
        let complete = folder.join("data.complete");
        if !complete.exists() {
            eprintln!("making {} and {}", base.display(), batch.display());
            write(&base, (0..base_rows).map(|row| (row, 0)))?;
            write(&batch, (0..batch_rows).map(|row| (key(row, base_rows), 1)))?;
            fs::write(&complete, "")?;
        }
        Ok(Self { base, batch, base_rows, batch_rows })
    }

    /// Orders after the merge; under `scd2` changed ones are there twice.
    pub(super) fn rows_after(&self, keeps_history: bool) -> u64 {
        let new = self.batch_rows / NEW;
        self.base_rows + if keeps_history { self.batch_rows } else { new }
    }
}

/// The key of a row of the batch: every fifth is new, the others lie scattered over all known ones.
fn key(row: u64, base_rows: u64) -> u64 {
    if row.is_multiple_of(NEW) {
        return base_rows + row / NEW;
    }
    row * TIMES + Random::new(7, row).below(TIMES)
}

fn write(path: &Path, orders: impl Iterator<Item = (u64, u64)>) -> Result<()> {
    let shape: Shape = order(1, 3);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut line = Vec::new();
    for (id, version) in orders {
        line.clear();
        shape.write(&mut Random::new(8 + version, id), id, &mut line);
        line.push(b'\n');
        out.write_all(&line)?;
    }
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_fifth_of_a_batch_is_new_and_no_key_comes_twice() {
        let keys: BTreeSet<u64> = (0..1_000).map(|row| key(row, 50_000)).collect();
        assert_eq!(keys.len(), 1_000);
        assert_eq!(keys.range(50_000..).count(), 200);
    }
}
