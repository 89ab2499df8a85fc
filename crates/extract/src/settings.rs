//! Settings of the stage.

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};

use cartage_package_store::Refresh;
use cartage_runtime::{DEFAULT_FILE_BYTES, DEFAULT_FILE_ROWS, NextItemMode};

use crate::limit::ResourceLimit;

/// When a package is published although there is more to come. It ends at the next page at which every resource
/// can be cut: see [`Resume`](cartage_source_api::Resume).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackageLimits {
    /// Rows of all tables.
    pub max_rows: Option<NonZeroU64>,
    /// Bytes of rows before compression, of all tables.
    pub max_bytes: Option<NonZeroU64>,
    /// Seconds since the package was begun. One without rows is never published for its age.
    pub max_seconds: Option<NonZeroU64>,
}

impl Default for PackageLimits {
    fn default() -> Self {
        Self { max_rows: None, max_bytes: None, max_seconds: NonZeroU64::new(600) }
    }
}

/// Longest row unless the settings say otherwise, in bytes of JSON text: a row is held in memory as a whole, in several
/// forms.
pub const MAX_ROW_BYTES: usize = 256 << 20;

/// Settings that each resource may have for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceSettings {
    /// Pages of the resource that are fetched at the same time.
    pub workers: NonZeroUsize,
    /// Pages of the resource that are being made or wait.
    pub max_parallel_items: NonZeroUsize,
    /// Rows of one file; the next row starts another.
    pub file_max_items: NonZeroU64,
    /// Bytes of one file before compression: the row that reaches it is the last one.
    pub file_max_bytes: NonZeroU64,
    /// Plain files instead of zstd.
    pub disable_compression: bool,
    /// Longest row in bytes of JSON text.
    pub max_line_bytes: usize,
}

/// Settings of the stage.
#[derive(Clone, Debug)]
pub struct ExtractSettings {
    /// Threads that call producers.
    pub workers: NonZeroUsize,
    /// Pages that are being made or wait, over all resources.
    pub max_parallel_items: NonZeroUsize,
    /// Which resource yields the next page.
    pub next_item_mode: NextItemMode,
    /// Rows of one file; the next row starts another.
    pub file_max_items: NonZeroU64,
    /// Bytes of one file before compression: the row that reaches it is the last one.
    pub file_max_bytes: NonZeroU64,
    /// Plain files instead of zstd.
    pub disable_compression: bool,
    /// Longest row in bytes of JSON text.
    pub max_line_bytes: usize,
    /// How much of each resource is taken, over all packages of the run.
    pub limit: ResourceLimit,
    /// When a package is published although there is more to come.
    pub package: PackageLimits,
    /// Resources that have settings of their own, by name.
    pub of_resources: BTreeMap<String, ResourceSettings>,
    /// The resources that take part; all where `None`.
    pub resources: Option<Vec<String>>,
    /// What is dropped before.
    pub refresh: Option<Refresh>,
    /// Threads that compress; as many as the machine has cores, at most eight, where `None`. The bytes
    /// of the package do not depend on it.
    pub compression_threads: Option<NonZeroUsize>,
    /// Bytes of rows of all tables together that wait for their block to be full. Beyond it the largest is
    /// written as it is, so that a thousand resources in turn take no more memory than one.
    pub buffered_bytes: usize,
}

impl Default for ExtractSettings {
    fn default() -> Self {
        Self {
            workers: NonZeroUsize::new(5).expect("five is not zero"),
            max_parallel_items: NonZeroUsize::new(20).expect("twenty is not zero"),
            next_item_mode: NextItemMode::default(),
            file_max_items: NonZeroU64::new(DEFAULT_FILE_ROWS).expect("a million is not zero"),
            file_max_bytes: NonZeroU64::new(DEFAULT_FILE_BYTES).expect("64 MiB are not zero"),
            disable_compression: false,
            max_line_bytes: MAX_ROW_BYTES,
            limit: ResourceLimit::default(),
            package: PackageLimits::default(),
            of_resources: BTreeMap::new(),
            resources: None,
            refresh: None,
            compression_threads: None,
            buffered_bytes: 64 << 20,
        }
    }
}

impl ExtractSettings {
    /// The settings of a resource: its own, else those of the stage.
    pub fn of_resource(&self, name: &str) -> ResourceSettings {
        self.of_resources.get(name).copied().unwrap_or_else(|| self.of_stage())
    }

    /// The settings of resources without settings of their own.
    pub(crate) fn of_stage(&self) -> ResourceSettings {
        ResourceSettings {
            workers: self.workers,
            max_parallel_items: self.max_parallel_items,
            file_max_items: self.file_max_items,
            file_max_bytes: self.file_max_bytes,
            disable_compression: self.disable_compression,
            max_line_bytes: self.max_line_bytes,
        }
    }

    /// Whether it matters how much a page brings, because something ends after the page that reaches a limit.
    pub(crate) fn counts_pages(&self) -> bool {
        let Self { limit, package, .. } = self;
        limit.rows.is_some()
            || limit.pages.is_some()
            || package.max_rows.is_some()
            || package.max_bytes.is_some()
    }
}
