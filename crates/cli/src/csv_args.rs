//! What `ingest` takes on how CSV is written: the settings under `csv` of a pipeline file.

use clap::Args;
use toml::{Table, Value};

/// How CSV is written.
#[derive(Clone, Debug, Default, Args)]
#[expect(clippy::struct_field_names, reason = "options are named after them, and `csv` belongs to each")]
#[command(next_help_heading = "How CSV is written")]
pub struct CsvArgs {
    /// Between fields: one character, or `tab` [default: found out from the first records].
    #[arg(long, value_name = "CHARACTER")]
    pub csv_delimiter: Option<String>,
    /// Around fields; "" where nothing is quoted [default: "].
    #[arg(long, value_name = "CHARACTER")]
    pub csv_quote: Option<String>,
    /// Before a quote inside a quoted field [default: quotes are doubled].
    #[arg(long, value_name = "CHARACTER")]
    pub csv_escape: Option<String>,
    /// Lines that begin with this character are passed over.
    #[arg(long, value_name = "CHARACTER")]
    pub csv_comment: Option<String>,
    /// So many lines before the header are passed over.
    #[arg(long, value_name = "LINES")]
    pub csv_skip_lines: Option<u32>,
    /// How characters are written, such as `windows-1252` or `utf-16le` [default: utf-8, or what a byte order mark says].
    #[arg(long, value_name = "NAME")]
    pub csv_encoding: Option<String>,
    /// Between the digits of a number and its fraction.
    #[arg(long, value_name = "CHARACTER", value_parser = [".", ","])]
    pub csv_decimal: Option<String>,
    /// Names of the columns, with commas between them, for files without a header; `none` numbers the columns.
    #[arg(long, value_name = "NAMES")]
    pub csv_header: Option<String>,
    /// An unquoted text that stands for null; may repeat.
    #[arg(long = "csv-null", value_name = "TEXT")]
    pub csv_null_values: Vec<String>,
    /// Whether values get types, or all are text.
    #[arg(long, value_name = "HOW", value_parser = ["detect", "text"])]
    pub csv_types: Option<String>,
    /// What happens to names of the header that become the same column.
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
