//! What the commands on schemas take.

use std::path::PathBuf;

use cartage_schema::{ColumnType, SchemaFormat};
use clap::{Args, Subcommand};

use crate::args::FileArgs;
use crate::manage_args::FileOption;

/// Commands on schemas.
#[derive(Debug, Subcommand)]
pub enum SchemaCommand {
    /// Prints the newest schema: tables and columns as text, or dlt's document with `--format json`.
    Show(SchemaArgs),
    /// Writes a schema as YAML, JSON or a diagram, to a file or to standard output.
    #[command(after_help = "Examples:\n  cartage schema export --as mermaid\n  \
        cartage schema export --output shop.schema.yaml --remove-defaults")]
    Export(SchemaExportArgs),
    /// Replaces the pipeline's schema with that of a YAML or JSON file, and loads it.
    #[command(
        long_about = "Replaces the pipeline's schema with that of a YAML or JSON file, and loads it, so that \
            the destination and other machines know it. Tables that are at the destination are not changed. \
            Refused while packages are pending. To keep files beside the pipeline that always win, set \
            pipeline.import_schema_path."
    )]
    Import(SchemaImportArgs),
    /// Shows what differs between two schemas.
    #[command(after_help = "Examples:\n  cartage schema diff\n  \
        cartage schema diff --from package:1795163558.208462 --to local\n  \
        cartage schema diff --from old.schema.yaml --to destination")]
    Diff(SchemaDiffArgs),
    /// Changes a column at the destination to a wider type, and loads the change.
    #[command(
        long_about = "Changes a column at the destination to a wider type: one that holds every value of the old \
            one with the same digits, such as a decimal with more digits, a bigint of more bits, or text of any \
            length. Values that come later and did not fit before then go into the column; those that went to a \
            variant column stay there. Where the pipeline file names a `data_type` for the column, change it there, too: \
            a hint applies to the rows of a run. Refused while packages are pending. DuckDB, PostgreSQL, \
            MySQL, MariaDB and BigQuery can do it.",
        after_help = "Examples:\n  cartage schema widen orders amount 'decimal(20, 4)'\n  \
            cartage schema widen orders number bigint\n  \
            cartage schema widen orders__items code text --file shop.toml"
    )]
    Widen(SchemaWidenArgs),
}

/// Arguments of `schema widen`.
#[derive(Clone, Debug, Args)]
pub struct SchemaWidenArgs {
    /// The table, as `schema show` names it.
    #[arg(value_name = "TABLE")]
    pub table: String,
    /// The column, as `schema show` names it.
    #[arg(value_name = "COLUMN")]
    pub column: String,
    /// The type, as in `bigint`, `text` or `decimal(20, 4)`.
    #[arg(value_name = "TYPE")]
    pub to: ColumnType,
    /// Name of the schema, which is that of its source [default: the one that has the table].
    #[arg(long, value_name = "NAME")]
    pub schema: Option<String>,
    /// The pipeline file.
    #[command(flatten)]
    pub file: FileOption,
}

/// One schema of a pipeline.
#[derive(Clone, Debug, Args)]
pub struct SchemaArgs {
    /// The pipeline file.
    #[command(flatten)]
    pub file: FileArgs,
    /// Name of the schema, which is that of its source [default: the first].
    #[arg(long, value_name = "NAME")]
    pub schema: Option<String>,
}

/// Arguments of `schema export`.
#[derive(Clone, Debug, Args)]
pub struct SchemaExportArgs {
    /// The schema that the command is for.
    #[command(flatten)]
    pub schema: SchemaArgs,
    /// json, yaml, dbml, dot or mermaid [default: that of the file's extension, else yaml].
    #[arg(long = "as", value_name = "FORMAT")]
    pub schema_format: Option<SchemaFormat>,
    /// The file [default: standard output].
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Leaves out `name` where it only repeats the key.
    #[arg(long)]
    pub remove_defaults: bool,
    /// Leaves out hints that the stages added, for a file to import elsewhere.
    #[arg(long)]
    pub remove_processing_hints: bool,
}

/// Arguments of `schema import`.
#[derive(Clone, Debug, Args)]
pub struct SchemaImportArgs {
    /// A file that ends with .yaml or .json.
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// The pipeline file.
    #[command(flatten)]
    pub file: FileOption,
}

/// Arguments of `schema diff`.
#[derive(Clone, Debug, Args)]
pub struct SchemaDiffArgs {
    /// The schema that the command is for.
    #[command(flatten)]
    pub schema: SchemaArgs,
    /// The old schema: `destination`, `local`, `package:LOAD_ID` or a file.
    #[arg(long, value_name = "PLACE", default_value = "destination")]
    pub from: String,
    /// The new schema; as `--from`.
    #[arg(long, value_name = "PLACE", default_value = "local")]
    pub to: String,
}
