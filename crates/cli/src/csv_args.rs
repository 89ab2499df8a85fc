//! What `ingest` takes on how CSV is written: the settings under `csv` of a pipeline file.

use clap::Args;
use toml::{Table, Value};

/// Options for CSV files.
#[derive(Clone, Debug, Default, Args)]
#[expect(clippy::struct_field_names, reason = "options are named after them, and `csv` belongs to each")]
#[command(next_help_heading = "CSV options")]
pub struct CsvArgs {
    /// Field delimiter: one character, or `tab` [default: detected from the first records].
    #[arg(long, value_name = "CHARACTER")]
    pub csv_delimiter: Option<String>,
    /// Quote character; "" where nothing is quoted [default: "].
    #[arg(long, value_name = "CHARACTER")]
    pub csv_quote: Option<String>,
    /// Escape character before a quote inside a quoted field [default: quotes are doubled].
    #[arg(long, value_name = "CHARACTER")]
    pub csv_escape: Option<String>,
    /// Skips lines that begin with this character.
    #[arg(long, value_name = "CHARACTER")]
    pub csv_comment: Option<String>,
    /// Skips this many lines before the header.
    #[arg(long, value_name = "LINES")]
    pub csv_skip_lines: Option<u32>,
    /// Character encoding, such as `windows-1252` or `utf-16le` [default: utf-8, or that of the byte order mark].
    #[arg(long, value_name = "NAME")]
    pub csv_encoding: Option<String>,
    /// Decimal separator of numbers.
    #[arg(long, value_name = "CHARACTER", value_parser = [".", ","])]
    pub csv_decimal: Option<String>,
    /// Names of the columns, separated by commas, for files without a header; `none` numbers the columns.
    #[arg(long, value_name = "NAMES")]
    pub csv_header: Option<String>,
    /// An unquoted text that means null; may repeat.
    #[arg(long = "csv-null", value_name = "TEXT")]
    pub csv_null_values: Vec<String>,
    /// Whether types of values are detected, or all values are text.
    #[arg(long, value_name = "HOW", value_parser = ["detect", "text"])]
    pub csv_types: Option<String>,
    /// What happens if two names of the header become the same column.
    #[arg(long, value_name = "HOW", value_parser = ["keep_apart", "fail"])]
    pub csv_name_collisions: Option<String>,
}

impl CsvArgs {
    /// The settings, of those that were given.
    pub(crate) fn settings(&self) -> Table {
        let texts = [
            ("delimiter", &self.csv_delimiter),
            ("quote", &self.csv_quote),
            ("escape", &self.csv_escape),
            ("comment", &self.csv_comment),
            ("encoding", &self.csv_encoding),
            ("decimal", &self.csv_decimal),
            ("types", &self.csv_types),
            ("name_collisions", &self.csv_name_collisions),
        ];
        let mut settings = Table::new();
        for (key, text) in texts {
            settings.extend(text.clone().map(|text| (key.to_owned(), Value::String(text))));
        }
        settings
            .extend(self.csv_skip_lines.map(|lines| ("skip_lines".to_owned(), Value::Integer(lines.into()))));
        settings.extend(self.csv_header.as_deref().map(|names| ("header".to_owned(), header(names))));
        if !self.csv_null_values.is_empty() {
            let words = self.csv_null_values.iter().cloned().map(Value::String).collect();
            settings.insert("null_values".to_owned(), Value::Array(words));
        }
        settings
    }
}

fn header(names: &str) -> Value {
    match names {
        "none" => Value::Boolean(false),
        names => Value::Array(names.split(',').map(|name| Value::String(name.trim().to_owned())).collect()),
    }
}
