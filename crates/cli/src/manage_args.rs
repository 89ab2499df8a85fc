//! What the commands take that manage a pipeline's state, schema and tables.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::{ExtractArgs, FileArgs};

/// The pipeline's file, where positions are taken by other things.
#[derive(Clone, Debug, Args)]
pub struct FileOption {
    /// The pipeline file.
    #[arg(long = "file", value_name = "FILE", default_value = "pipeline.toml")]
    pub file: PathBuf,
}

/// Commands on the state.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// Prints what the pipeline remembers: cursors of incremental loading, and what sources keep.
    Show(StateShowArgs),
    /// Sets one value of the state and loads it, so that other machines see it too.
    #[command(
        long_about = "Sets one value of the state. The change is loaded at once as a package without rows: it \
            is versioned, other machines see it, and a conflict with one of them ends with exit code 6. Refused \
            while packages are pending, because they carry a state of their own.",
        after_help = "Examples:\n  \
            cartage state set --resource orders incremental.updated_at.last_value '\"2024-01-01T00:00:00Z\"'\n  \
            cartage state set sources.shop.page 17"
    )]
    Set(StateSetArgs),
    /// Forgets what a resource or a source remembers: it is extracted from the beginning again.
    #[command(
        after_help = "Tables are left alone: rows of an append arrive a second time. `cartage drop` drops \
        tables and state together.\n\nExample:\n  cartage state reset --resource orders"
    )]
    Reset(StateResetArgs),
}

/// Which part of the state.
#[derive(Clone, Debug, Args)]
pub struct ScopeArgs {
    /// Only this resource.
    #[arg(long, value_name = "NAME")]
    pub resource: Option<String>,
    /// Only this source; needed with --resource where several sources have one of that name.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
}

/// Arguments of `state show`.
#[derive(Clone, Debug, Args)]
pub struct StateShowArgs {
    /// The pipeline file.
    #[command(flatten)]
    pub file: FileArgs,
    /// The part of the state to show.
    #[command(flatten)]
    pub scope: ScopeArgs,
}

/// Arguments of `state set`.
#[derive(Clone, Debug, Args)]
pub struct StateSetArgs {
    /// Path of the value: names separated by dots, `['a name']`, `[0]`; below the resource or source if one is named,
    /// else from `sources` on.
    #[arg(value_name = "PATH")]
    pub path: String,
    /// The value as JSON: a text needs quotes.
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub value: String,
    /// The pipeline file.
    #[command(flatten)]
    pub file: FileArgs,
    /// Where the path begins.
    #[command(flatten)]
    pub scope: ScopeArgs,
}

/// Arguments of `state reset`.
#[derive(Clone, Debug, Args)]
pub struct StateResetArgs {
    /// The pipeline file.
    #[command(flatten)]
    pub file: FileArgs,
    /// What is forgotten.
    #[command(flatten)]
    pub scope: ScopeArgs,
}

/// Arguments of `sync`.
#[derive(Clone, Debug, Args)]
pub struct SyncArgs {
    /// The pipeline file.
    #[command(flatten)]
    pub file: FileArgs,
    /// Takes the destination's state whatever its version; if it has none, forgets the local one.
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `drop`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Clone, Debug, Args)]
pub struct DropArgs {
    /// Resources to drop: names, or `re:` and a pattern.
    #[arg(value_name = "RESOURCE")]
    pub resources: Vec<String>,
    /// The source they belong to [default: the only one].
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Drops every resource of the source.
    #[arg(long)]
    pub drop_all: bool,
    /// Forgets this part of the source's state too, such as `page` or `*`; may repeat.
    #[arg(long, value_name = "PATH")]
    pub state_paths: Vec<String>,
    /// Leaves the tables alone and forgets only the state.
    #[arg(long)]
    pub state_only: bool,
    /// Shows what would be dropped, and drops nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Does not ask for confirmation.
    #[arg(short, long)]
    pub yes: bool,
    /// The pipeline file.
    #[command(flatten)]
    pub file: FileOption,
}

/// Arguments of `plan`.
#[derive(Clone, Debug, Args)]
pub struct PlanArgs {
    /// What would be extracted.
    #[command(flatten)]
    pub extract: ExtractArgs,
    /// Plans only this pending package, and extracts nothing.
    #[arg(long, value_name = "LOAD_ID", conflicts_with_all = ["resources", "limit", "refresh", "full_refresh"])]
    pub package: Option<String>,
    /// Extracts append resources again even if an interrupted run has already extracted them.
    #[arg(long)]
    pub extract_again: bool,
}
