//! What the commands on schemas take.

use std::path::PathBuf;

use cartage_schema::SchemaFormat;
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
    /// Puts the schema of a YAML or JSON file in the place of the pipeline's, and loads it.
    #[command(
        long_about = "Puts the schema of a YAML or JSON file in the place of the pipeline's, and loads it, so that \
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
}

/// One schema of a pipeline.
#[derive(Clone, Debug, Args)]
pub struct SchemaArgs {
    /// The pipeline's file.
    #[command(flatten)]
    pub file: FileArgs,
    /// Name of the schema, which is that of its source [default: the first].
    #[arg(long, value_name = "NAME")]
    pub schema: Option<String>,
}

/// Arguments of `schema export`.
#[derive(Clone, Debug, Args)]
pub struct SchemaExportArgs {
    /// Which schema.
    #[command(flatten)]
    pub schema: SchemaArgs,
    /// json, yaml, dbml, dot or mermaid [default: that of the file's extension, else yaml].
    #[arg(long = "as", value_name = "FORMAT")]
    pub schema_format: Option<SchemaFormat>,
    /// The file [default: standard output].
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Leaves out names that are keys already.
    #[arg(long)]
    pub remove_defaults: bool,
    /// Leaves out what the stages noted, as for a file to import elsewhere.
    #[arg(long)]
    pub remove_processing_hints: bool,
}

/// Arguments of `schema import`.
#[derive(Clone, Debug, Args)]
pub struct SchemaImportArgs {
    /// A file that ends with .yaml or .json.
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// The pipeline's file.
    #[command(flatten)]
    pub file: FileOption,
}

/// Arguments of `schema diff`.
#[derive(Clone, Debug, Args)]
pub struct SchemaDiffArgs {
    /// Which schema.
    #[command(flatten)]
    pub schema: SchemaArgs,
    /// The old one: `destination`, `local`, `package:LOAD_ID` or a file.
    #[arg(long, value_name = "PLACE", default_value = "destination")]
    pub from: String,
    /// The new one.
    #[arg(long, value_name = "PLACE", default_value = "local")]
    pub to: String,
}
