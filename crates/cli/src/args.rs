//! What the command line takes. One struct a subcommand; their meaning is in [`crate::commands`].

use std::path::PathBuf;

use cartage_schema::MergeStrategy;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::csv_args::CsvArgs;
use crate::destination_args::DestinationCommand;
use crate::manage_args::{DropArgs, PlanArgs, StateCommand, SyncArgs};
use crate::schema_args::SchemaCommand;
use crate::source_args::{InitArgs, SourceCommand};

/// Arguments of the binary `cartage`.
#[derive(Debug, Parser)]
#[command(
    name = "cartage",
    version,
    about = "Loads data from files, APIs and databases into databases and lakes, typed and relational",
    long_about = "Loads data from files, APIs and databases into databases and lakes, typed and relational.\n\n\
        Three stages (extract, normalize, load) meet only in load packages on disk. `cartage run` does all \
        three; each can run alone, as another process or on another day.",
    after_help = "Examples:\n  \
        cartage ingest 'events/*.jsonl' duckdb:events.duckdb --table events\n  \
        cartage run pipeline.toml\n  \
        cartage status\n\n\
        Exit codes: 0 ok, 1 failure, 2 usage or configuration, 3 failed jobs, 4 contract broken,\n\
        5 damaged package, 6 locked by another process or in conflict with another machine."
)]
pub struct Cli {
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
    /// What every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub struct GlobalArgs {
    /// Sets one key of the configuration, above files and environment; may repeat.
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    pub sets: Vec<String>,
    /// How results are printed on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    pub format: Format,
    /// How progress is shown on standard error [default: bars on a terminal, log lines elsewhere].
    #[arg(long, value_enum, env = "PROGRESS", global = true)]
    pub progress: Option<ProgressArg>,
    /// Waits for another process that works on the same pipeline, instead of giving up with exit code 6.
    #[arg(long, global = true)]
    pub wait: bool,
    /// Shows more: once for what happens, twice for every detail.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people.
    Text,
    /// One JSON document, for programs.
    Json,
}

/// What is dropped before the rows are extracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RefreshArg {
    /// All tables and the state of the sources.
    #[value(name = "drop_sources")]
    Sources,
    /// Tables and state of the resources.
    #[value(name = "drop_resources")]
    Resources,
    /// Rows and incremental state of the resources; their tables stay.
    #[value(name = "drop_data")]
    Data,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressArg {
    /// Bars on a terminal, log lines elsewhere.
    Auto,
    /// A bar a stage.
    Bars,
    /// A line every few seconds, with CPU and memory.
    Log,
    /// No progress is shown.
    None,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Extracts, normalizes and loads; finishes first what an interrupted run left pending.
    Run(RunArgs),
    /// Reads the sources into load packages, without loading them.
    Extract(ExtractArgs),
    /// Turns extracted packages into typed, relational ones.
    Normalize(FileArgs),
    /// Loads normalized packages into the destination.
    Load(FileArgs),
    /// Writes a commented pipeline file to begin with. Nothing is overwritten.
    #[command(after_help = "Examples:\n  \
            cartage init files duckdb\n  \
            cartage init 'data/orders/*.csv.gz' filesystem:lake\n  \
            cartage init rest_api duckdb:github.duckdb\n  \
            cartage init https://api.example.com/v1/orders postgres")]
    Init(InitArgs),
    /// Checks the sources of a pipeline.
    #[command(subcommand)]
    Source(SourceCommand),
    /// Loads files, or a table of a database, into a destination without a pipeline file.
    #[command(after_help = "Examples:\n  \
            cartage ingest 'data/*.csv.gz' duckdb:shop.duckdb --table orders\n  \
            cartage ingest 'postgresql://reader@localhost/shop?table=public.orders' duckdb:shop.duckdb \
            --incremental-key updated_at --write-disposition merge\n  \
            cartage ingest 'mysql://reader@localhost/shop?query=select+1+as+one' s3://bucket/raw --table ones\n\n\
            The password of a source database can be set in SOURCES__INGEST__CREDENTIALS__PASSWORD.")]
    Ingest(Box<IngestArgs>),
    /// Shows what a run would do: rows, changes of tables and statements. Nothing is changed.
    #[command(
        long_about = "Shows what a run would do: the packages that it would load, with their rows, what would \
            change in the schema, and the SQL. It extracts and normalizes in a temporary copy of the data folder, \
            which is removed, and only asks the destination what is there.",
        after_help = "Examples:\n  \
            cartage plan --limit 1000\n  \
            cartage plan --package 1795163558.208462"
    )]
    Plan(PlanArgs),
    /// Drops the pending packages; schema and state become what they were before them.
    Abort(FileArgs),
    /// Shows pending packages, the last load, and the folders of the pipeline.
    Status(FileArgs),
    /// Lists, shows and verifies load packages.
    #[command(subcommand)]
    Package(PackageCommand),
    /// Shows, compares, exports and imports schemas.
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Shows and changes what the pipeline remembers between runs.
    #[command(subcommand)]
    State(StateCommand),
    /// Restores state and schemas from the destination.
    #[command(
        long_about = "Restores state and schemas from the destination. `cartage run` does this by itself where \
            the destination's state is newer. Refused while packages are pending.",
        after_help = "A local state that is newer than that of the destination stays, unless --force is given."
    )]
    Sync(SyncArgs),
    /// Checks the destination; lists the types of destinations.
    #[command(subcommand)]
    Destination(DestinationCommand),
    /// Drops resources: their tables at the destination, with nested ones, and their state.
    #[command(
        long_about = "Drops resources: their tables at the destination, with nested ones, their place in the \
            schema and their state, all in one load that can be interrupted and finished like any other. Asks \
            first; without a terminal it needs --yes. Refused while packages are pending.",
        after_help = "Examples:\n  \
            cartage drop orders --dry-run\n  \
            cartage drop orders 're:^tmp_' --yes\n  \
            cartage drop --drop-all --state-only --yes"
    )]
    Drop(DropArgs),
}

/// A pipeline, by its file.
#[derive(Clone, Debug, Args)]
pub struct FileArgs {
    /// The pipeline file.
    #[arg(value_name = "FILE", default_value = "pipeline.toml")]
    pub file: PathBuf,
}

/// Arguments of `extract`, and the first part of those of `run`.
#[derive(Clone, Debug, Args)]
pub struct ExtractArgs {
    /// The pipeline file.
    #[command(flatten)]
    pub file: FileArgs,
    /// Extracts only this resource; may repeat.
    #[arg(long = "resource", value_name = "NAME")]
    pub resources: Vec<String>,
    /// Extracts at most this many rows of each resource, to try a pipeline out.
    #[arg(long, value_name = "ROWS")]
    pub limit: Option<u64>,
    /// Drops tables, rows or state of what is extracted before its rows are read.
    #[arg(long, value_name = "MODE")]
    pub refresh: Option<RefreshArg>,
    /// The same as `--refresh drop_sources`.
    #[arg(long, conflicts_with = "refresh")]
    pub full_refresh: bool,
}

/// Arguments of `run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// Those of `extract`.
    #[command(flatten)]
    pub extract: ExtractArgs,
    /// Extracts append resources again even if an interrupted run has already extracted them.
    #[arg(long)]
    pub extract_again: bool,
}

/// Arguments of `ingest`.
#[derive(Clone, Debug, Args)]
pub struct IngestArgs {
    /// Files: a path or a glob (quote it), `s3://bucket/*.csv` (`gs://`, `az://`, `https://`), or `-` for standard input.
    /// Or a table or query of a database:
    /// `'postgresql://user@host/database?table=orders'` (`mysql://`, `sqlite:///file.db`; `?query=select ...`).
    #[arg(value_name = "SOURCE", required = true)]
    pub source: String,
    /// Where to, as TYPE:PLACE or an address: `duckdb:events.duckdb`, `filesystem:lake`, `s3://bucket/raw`,
    /// `postgresql://user@host/database` (its password from `DESTINATION__POSTGRES__CREDENTIALS__PASSWORD`).
    #[arg(value_name = "DEST")]
    pub destination: String,
    /// The table that is loaded into [default: the name of the first file, or of the table in the database].
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,
    /// The dataset: the schema in a database, the folder in a bucket.
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub dataset: String,
    /// Format of the files [default: from the extension].
    #[arg(long = "file-format", value_name = "FORMAT", value_parser = ["jsonl", "json", "csv", "parquet"])]
    pub file_format: Option<String>,
    /// Append to the table, replace its rows, or merge by key.
    #[arg(long, value_name = "HOW", default_value = "append", value_parser = ["append", "replace", "merge"])]
    pub write_disposition: String,
    /// How `--write-disposition merge` merges [default: delete-insert].
    #[arg(long, value_name = "STRATEGY", value_parser = merge_strategy())]
    pub merge_strategy: Option<MergeStrategy>,
    /// Column of the primary key; may repeat [default: none for files; that of the table for a database].
    #[arg(long, value_name = "COLUMN")]
    pub primary_key: Vec<String>,
    /// Column by which delete-insert removes rows that are there; may repeat.
    #[arg(long, value_name = "COLUMN")]
    pub merge_key: Vec<String>,
    /// Column that grows with every new or changed row: the next call loads only rows beyond the largest value so far.
    #[arg(long, value_name = "COLUMN")]
    pub incremental_key: Option<String>,
    /// The value that the first call with `--incremental-key` begins at.
    #[arg(long, value_name = "VALUE", requires = "incremental_key", allow_hyphen_values = true)]
    pub incremental_start: Option<String>,
    /// How many levels of nested values become tables and columns; deeper ones become JSON columns.
    #[arg(long, value_name = "LEVELS")]
    pub max_table_nesting: Option<u32>,
    /// Loads at most this many rows, to try it out.
    #[arg(long, value_name = "ROWS")]
    pub limit: Option<u64>,
    /// A pattern that matches nothing means no rows; with `--write-disposition replace` that empties the table.
    #[arg(long)]
    pub allow_empty: bool,
    /// First drops the pending packages of an earlier call for the same table and destination.
    #[arg(long)]
    pub abort: bool,
    /// Options for CSV files.
    #[command(flatten)]
    pub csv: CsvArgs,
}

/// Reads the word of a merge strategy and lists those that are known.
fn merge_strategy() -> impl TypedValueParser<Value = MergeStrategy> {
    PossibleValuesParser::new(MergeStrategy::ALL.iter().map(|strategy| strategy.as_str()))
        .try_map(|word| word.parse::<MergeStrategy>())
}

/// Commands on packages.
#[derive(Debug, Subcommand)]
pub enum PackageCommand {
    /// Lists the packages of a pipeline.
    List(FileArgs),
    /// Shows one package: files, rows, jobs and their errors.
    Show(ShowArgs),
    /// Checks the files of a package, or of all packages, against their checksums.
    Verify(PackageArgs),
}

/// Arguments of `package show`.
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
    /// The package to show.
    #[command(flatten)]
    pub package: PackageArgs,
    /// Shows the SQL that loading a normalized package runs, without its bookkeeping. Nothing is run.
    #[arg(long)]
    pub sql: bool,
}

/// One package of a pipeline.
#[derive(Clone, Debug, Args)]
pub struct PackageArgs {
    /// Load id [default: the newest package; with `verify` all of them].
    #[arg(value_name = "LOAD_ID")]
    pub load_id: Option<String>,
    /// The pipeline file.
    #[arg(long = "file", value_name = "FILE", default_value = "pipeline.toml")]
    pub file: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refresh_takes_the_words_of_dlt_and_lists_them_for_any_other() {
        let refresh = |mode| {
            let args = Cli::try_parse_from(["cartage", "run", "--refresh", mode])?;
            let Command::Run(run) = args.command else { panic!("{:?}", args.command) };
            Ok::<_, clap::Error>(run.extract.refresh)
        };
        assert_eq!(refresh("drop_sources").unwrap(), Some(RefreshArg::Sources));
        assert_eq!(refresh("drop_resources").unwrap(), Some(RefreshArg::Resources));
        assert_eq!(refresh("drop_data").unwrap(), Some(RefreshArg::Data));
        let error = refresh("drop_all").unwrap_err().to_string();
        assert!(error.contains("drop_sources, drop_resources, drop_data"), "{error}");
    }
}
