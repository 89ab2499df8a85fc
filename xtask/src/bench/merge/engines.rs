//! Who merges.

use anyhow::{Context, Result};

use super::super::engines::{Run, cartage_command, our_stages, their_stages};
use super::super::measure::run;
use super::start::{Layout, Start};

/// One way to bring a batch into the tables.
#[derive(Clone, Copy, Debug)]
pub(super) enum Engine {
    /// `cartage run` from the JSONL file.
    Cartage,
    /// dlt from the JSONL file, with Parquet, rotation and two workers.
    DltTuned,
    /// dlt as it is after installation.
    DltDefault,
    /// SQL from tables of the same file.
    ByHand,
    /// The same with `MERGE INTO`.
    MergeInto,
}

impl Engine {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cartage => "cartage",
            Self::DltTuned => "dlt tuned",
            Self::DltDefault => "dlt default",
            Self::ByHand => "SQL by hand",
            Self::MergeInto => "SQL MERGE INTO",
        }
    }

    /// Merges into a fresh copy.
    pub(super) fn run(self, start: &Start<'_>) -> Result<Run> {
        start.fresh(if matches!(self, Self::Cartage) { Layout::Ours } else { Layout::Plain })?;
        let name = self.name();
        let strategy = start.strategy.name();
        self.merge(start).with_context(|| format!("{name} with {strategy}"))
    }

    fn merge(self, start: &Start<'_>) -> Result<Run> {
        match self {
            Self::Cartage => {
                let (cost, stdout) = run(&mut cartage_command("cartage", &start.work(), &["run"])?)?;
                Ok(Run { cost, stages: our_stages(&stdout)? })
            }
            Self::DltTuned => dlt(start, "tuned"),
            Self::DltDefault => dlt(start, "default"),
            Self::ByHand => by_hand(start, start.strategy.name()),
            Self::MergeInto => by_hand(start, "merge-into"),
        }
    }
}

fn dlt(start: &Start<'_>, mode: &str) -> Result<Run> {
    let (cost, stdout) = run(&mut start.dlt(&start.work().join("dlt"), mode)?)?;
    Ok(Run { cost, stages: their_stages(&stdout)? })
}

fn by_hand(start: &Start<'_>, name: &str) -> Result<Run> {
    start.give_batch()?;
    let (cost, _) = run(&mut start.by_hand(name)?)?;
    Ok(Run { cost, stages: Vec::new() })
}
