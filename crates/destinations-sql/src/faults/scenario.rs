//! What a load does with rows that are there, and which there are afterwards.

use cartage_destinations_api::{FollowUp, MergeStrategy, ReplaceStrategy};

/// What the second load does with the rows of the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// The load appends its rows.
    Append,
    /// Adds its rows to a table that gets a new column.
    Grow,
    /// Adds its rows to a table that gets a wider column and a new one.
    Widen,
    /// Empties the tables first.
    Truncate,
    /// Drops the tables first.
    Refresh,
    /// Stages its rows, and replaces the others.
    Replace(ReplaceStrategy),
    /// Stages its rows, and merges them.
    Merge(MergeStrategy),
}

impl Scenario {
    /// Those whose rows go into their tables at once.
    pub const DIRECT: [Self; 5] = [Self::Append, Self::Grow, Self::Widen, Self::Truncate, Self::Refresh];
    /// Those whose rows are staged.
    pub const STAGED: [Self; 4] = [
        Self::Replace(ReplaceStrategy::InsertFromStaging),
        Self::Replace(ReplaceStrategy::StagingOptimized),
        Self::Merge(MergeStrategy::DeleteInsert),
        Self::Merge(MergeStrategy::Upsert),
    ];

    /// Whether the load brings a new column.
    pub(super) fn grows(self) -> bool {
        matches!(self, Self::Grow | Self::Widen)
    }

    pub(super) fn follow_up(self) -> Option<FollowUp> {
        match self {
            Self::Replace(strategy) => Some(FollowUp::Replace(strategy)),
            Self::Merge(strategy) => Some(FollowUp::Merge(strategy)),
            Self::Append | Self::Grow | Self::Widen | Self::Truncate | Self::Refresh => None,
        }
    }

    /// The rows after these loads, by their numbers and the loads that they come from.
    pub(super) fn rows(self, loads: &[&str]) -> Vec<String> {
        let of = |load: &str, ids: &[i64]| ids.iter().map(|id| format!("{id} of {load}")).collect::<Vec<_>>();
        let last = *loads.last().expect("there is a load");
        let (first, later) = (of("1.5", &[1, 2]), |load: &&str| of(load, &[2, 3]));
        match self {
            _ if loads.len() == 1 => first,
            Self::Append | Self::Grow | Self::Widen => {
                first.into_iter().chain(loads[1..].iter().flat_map(later)).collect()
            }
            Self::Truncate | Self::Refresh | Self::Replace(_) => of(last, &[2, 3]),
            Self::Merge(_) => [of("1.5", &[1]), of(last, &[2, 3])].concat(),
        }
    }
}
