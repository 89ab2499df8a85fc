//! Where one package ends and the next one begins: which resources allow it, and when it is time.

use cartage_package_store::DestinationTraits;
use cartage_schema::{MergeStrategy, ReplaceStrategy, Table, WriteDisposition};
use cartage_source_api::Resume;

use crate::handoff;
use crate::settings::PackageLimits;

/// Whether rows of a resource may be published before it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SplitPolicy {
    /// No: its rows are in one package.
    AtEnd,
    /// No, and those of all resources of its table are in the same package: a load changes the table in one
    /// step, and the step needs all rows.
    WholeTable,
    /// No, and the whole run is one package: which tables its rows go to, and what happens there, is known when
    /// they come.
    WholeRun,
    /// Behind each page, with the state as of there.
    WithState,
    /// Behind each page, but its state waits for its end.
    StateAtEnd,
}

impl SplitPolicy {
    /// Says what a crash after a package, and the run that follows it, would do to a resource that is in the
    /// middle. Nothing may be lost, nothing doubled, and no promise of a disposition broken.
    ///
    /// - *append*: the next run must go on exactly behind the package. Where it would begin at the beginning,
    ///   its rows would double; where some come again, those would.
    /// - *merge* by primary key: rows that come again replace themselves, so even a resource that remembers
    ///   nothing may be cut. Its state goes along only if the next run finds all rows behind it: a cursor over
    ///   rows in no order would pass over those that had not come yet.
    /// - *merge* by a merge key: the load deletes all rows with the keys that the package has, also those that
    ///   the package before has brought. With `dedup_sort`: the best row of a key is chosen within a package.
    ///   scd2: rows that are not in the package are retired. cdc: changes of a row must be seen together. With
    ///   a `destination_scope`: rows beyond it would not be replaced when they come again.
    /// - *replace* by truncate-and-insert is seen half done anyway: the first package empties the table, and
    ///   the run that follows a crash does so again. From staging the table changes in one step.
    pub(crate) fn of(tables: &[&Table], resume: Resume, writes: &DestinationWrites) -> Self {
        let Some(root) = tables.first() else { return Self::AtEnd };
        match root.write_disposition.unwrap_or(WriteDisposition::Append) {
            WriteDisposition::Replace if writes.replace == Some(ReplaceStrategy::TruncateAndInsert) => {
                Self::WithState
            }
            WriteDisposition::Replace => Self::WholeTable,
            WriteDisposition::Merge if writes.merges.is_none() => Self::WholeTable,
            WriteDisposition::Merge if writes.appends(tables) => Self::of_append(resume),
            WriteDisposition::Merge if !writes.merges_by_primary_key(tables) => Self::WholeTable,
            WriteDisposition::Merge if resume >= Resume::NearEachPage => Self::WithState,
            WriteDisposition::Merge => Self::StateAtEnd,
            _ => Self::of_append(resume),
        }
    }

    fn of_append(resume: Resume) -> Self {
        if resume == Resume::AtEachPage { Self::WithState } else { Self::AtEnd }
    }

    /// Whether the state may go along while the resource is in the middle.
    pub(crate) fn takes_state_along(self) -> bool {
        self == Self::WithState
    }
}

/// How the destination writes a table, as the settings of the package say. What they do not say is not known,
/// and then nothing is cut that depends on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct DestinationWrites {
    replace: Option<ReplaceStrategy>,
    /// The default first; empty where merges are appended.
    merges: Option<Vec<MergeStrategy>>,
}

impl DestinationWrites {
    pub(crate) fn of(destination: &DestinationTraits) -> Self {
        let merges = destination.merge_strategies.as_ref();
        Self {
            replace: destination.replace_strategy.map(handoff::replace_strategy),
            merges: merges.map(|all| all.iter().copied().map(handoff::merge_strategy).collect()),
        }
    }

    /// For a resource that may say itself how its table is replaced.
    pub(crate) fn for_resource(&self, replace: Option<ReplaceStrategy>) -> Self {
        Self { replace: replace.or(self.replace), ..self.clone() }
    }

    /// Whether the destination appends what it is told to merge.
    pub(crate) fn appends_merges(&self) -> bool {
        self.merges.as_ref().is_some_and(Vec::is_empty)
    }

    fn merge(&self, tables: &[&Table]) -> Option<MergeStrategy> {
        if self.appends_merges() {
            return None;
        }
        let asked = tables.iter().find_map(|table| table.merge_strategy());
        asked.or_else(|| self.merges.as_ref()?.first().copied())
    }

    /// Whether a merge is an append: without a key, or where the destination cannot merge.
    fn appends(&self, tables: &[&Table]) -> bool {
        match self.merge(tables) {
            None => true,
            Some(MergeStrategy::Scd2) => false,
            Some(_) => {
                tables.iter().all(|table| table.primary_key().is_empty() && table.merge_key().is_empty())
            }
        }
    }

    fn merges_by_primary_key(&self, tables: &[&Table]) -> bool {
        let by_rows = matches!(
            self.merge(tables),
            Some(MergeStrategy::DeleteInsert | MergeStrategy::Upsert | MergeStrategy::InsertOnly)
        );
        by_rows
            && tables.iter().any(|table| !table.primary_key().is_empty())
            && tables.iter().all(|table| {
                table.merge_key().is_empty()
                    && table.dedup_sort().is_none()
                    && !table.other.contains_key("x-merge-destination-scope")
            })
    }
}

/// What the package that is being written holds so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filled {
    rows: u64,
    bytes: u64,
    since_micros: i64,
}

impl Filled {
    /// A package that was begun at this time.
    pub(crate) fn nothing(now_micros: i64) -> Self {
        Self { rows: 0, bytes: 0, since_micros: now_micros }
    }

    pub(crate) fn add(&mut self, rows: u64, bytes: u64) {
        self.rows += rows;
        self.bytes += bytes;
    }

    /// Whether the package has reached one of the limits. One without rows never does.
    pub(crate) fn is_full(&self, limits: &PackageLimits, now_micros: i64) -> bool {
        let reached =
            |limit: Option<std::num::NonZeroU64>, value: u64| limit.is_some_and(|limit| value >= limit.get());
        let seconds = u64::try_from((now_micros - self.since_micros) / 1_000_000).unwrap_or_default();
        self.rows > 0
            && (reached(limits.max_rows, self.rows)
                || reached(limits.max_bytes, self.bytes)
                || reached(limits.max_seconds, seconds))
    }
}
