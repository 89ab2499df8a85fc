//! What names say about contents.

use crate::config::InputFormat;

/// What the extension says about the content.
pub(crate) fn format_of(name: &str) -> Option<InputFormat> {
    match extension(name)?.as_str() {
        "jsonl" | "ndjson" | "jsonlines" => Some(InputFormat::Jsonl),
        "json" => Some(InputFormat::Json),
        "csv" | "tsv" => Some(InputFormat::Csv),
        "parquet" | "pq" => Some(InputFormat::Parquet),
        _ => None,
    }
}

/// Whether the extension says that fields are separated by tabs.
pub(crate) fn is_tab_separated(name: &str) -> bool {
    extension(name).as_deref() == Some("tsv")
}

/// The extension in lower case; that of a compression is passed over.
fn extension(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let stem = [".gz", ".gzip", ".zst", ".zstd"].iter().find_map(|suffix| lower.strip_suffix(suffix));
    stem.unwrap_or(&lower).rsplit_once('.').map(|(_, extension)| extension.to_owned())
}
