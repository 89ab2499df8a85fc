//! The data sets, made from nothing but their seed: the same rows on every machine.

mod events;
mod random;
mod shape;
mod tables;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;

pub(super) use random::Random;
pub(super) use shape::Shape;
pub(super) use tables::order;

/// A data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Set {
    /// 1,000,000 rows of three columns.
    Flat,
    /// 200,000 nested events of many kinds.
    Events,
    /// 100,000 rows of 120 columns.
    Wide,
    /// 200,000 orders with four lines each.
    Orders,
}

/// A file of a data set.
pub(super) struct DataFile {
    pub(super) set: Set,
    pub(super) path: PathBuf,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

impl Set {
    pub(super) const ALL: [Self; 4] = [Self::Flat, Self::Events, Self::Wide, Self::Orders];

    /// The name of the set and of its table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::Events => "events",
            Self::Wide => "wide",
            Self::Orders => "orders",
        }
    }

    pub(super) fn usual_rows(self) -> u64 {
        match self {
            Self::Flat => 1_000_000,
            Self::Events | Self::Orders => 200_000,
            Self::Wide => 100_000,
        }
    }

    /// What a row may look like, each kind with how often it comes.
    fn kinds(self) -> Vec<(u64, Shape)> {
        match self {
            Self::Flat => vec![(1, tables::flat())],
            Self::Events => events::kinds(),
            Self::Wide => vec![(1, tables::wide())],
            Self::Orders => vec![(1, tables::order(4, 4))],
        }
    }

    /// The file with this many rows, which is made where it is not there.
    pub(super) fn file(self, folder: &Path, rows: Option<u64>) -> Result<DataFile> {
        let rows = rows.unwrap_or(self.usual_rows());
        let folder = folder.join("data");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{}-{rows}.jsonl", self.name()));
        let complete = folder.join(format!("{}-{rows}.complete", self.name()));
        if !complete.exists() {
            eprintln!("making {}", path.display());
            let mut out = BufWriter::with_capacity(1 << 20, File::create(&path)?);
            self.write(rows, &mut out)?;
            out.flush()?;
            fs::write(&complete, "")?;
        }
        Ok(DataFile { set: self, bytes: fs::metadata(&path)?.len(), path, rows })
    }

    /// Removes the file with this many rows.
    pub(super) fn remove(self, folder: &Path, rows: u64) -> Result<()> {
        for extension in ["complete", "jsonl"] {
            fs::remove_file(folder.join("data").join(format!("{}-{rows}.{extension}", self.name())))?;
        }
        Ok(())
    }

    fn write(self, rows: u64, out: &mut impl Write) -> Result<()> {
        let kinds = self.kinds();
        let total: u64 = kinds.iter().map(|(weight, _)| weight).sum();
        let mut line = Vec::new();
        for row in 0..rows {
            let mut random = Random::new(self as u64, row);
            let mut at = random.below(total);
            let kind = kinds.iter().find(|(weight, _)| {
                let here = at < *weight;
                at = at.wrapping_sub(*weight);
                here
            });
            line.clear();
            kind.expect("the weights add up to the total").1.write(&mut random, row, &mut line);
            line.push(b'\n');
            out.write_all(&line)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn sample(set: Set, rows: u64) -> Vec<u8> {
        let mut out = Vec::new();
        set.write(rows, &mut out).unwrap();
        out
    }

    #[test]
    fn the_same_rows_come_every_time_and_are_json() {
        for set in Set::ALL {
            let text = sample(set, 50);
            assert_eq!(text, sample(set, 50));
            for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                serde_json::from_slice::<serde_json::Value>(line).unwrap();
            }
        }
    }

    #[test]
    fn files_are_about_as_big_as_the_issue_says() {
        let megabytes = |set: Set| sample(set, 500).len() as f64 / 500.0 * set.usual_rows() as f64 / 1e6;
        let sizes = Set::ALL.map(megabytes);
        let wanted = [(100.0, 110.0), (280.0, 360.0), (240.0, 300.0), (85.0, 105.0)];
        for (nth, (low, high)) in wanted.into_iter().enumerate() {
            assert!((low..high).contains(&sizes[nth]), "{sizes:?}");
        }
    }

    #[test]
    fn events_have_about_180_columns_and_ten_child_tables() {
        let (mut columns, mut tables) = (BTreeSet::new(), BTreeSet::new());
        for (_, kind) in Set::Events.kinds() {
            kind.columns("", &mut columns, &mut tables);
        }
        assert!((170..=190).contains(&columns.len()), "{}", columns.len());
        assert_eq!(tables.len(), 10, "{tables:?}");
    }
}
