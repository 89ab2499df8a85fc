//! What messages call a file and a row of the input.

use cartage_package_store::FileEntry;

/// What a person calls the file: that of the source, or the first of them; the job file where none is known.
pub(crate) fn input_of(entry: &FileEntry) -> String {
    match entry.origins.as_slice() {
        [] => entry.name.to_string(),
        [origin] => origin.source.clone(),
        [first, rest @ ..] if rest.iter().all(|origin| origin.source == first.source) => first.source.clone(),
        [first, rest @ ..] => format!("{} or one of {} others", first.source, rest.len()),
    }
}

/// Where a row is, as a person looks for it, and where in the package.
pub(crate) fn place_of(source: Option<&(String, u64)>, file: &str, row: u64) -> String {
    // Rows of columnar files are on no line.
    let unit = if file.ends_with(".parquet") { "row" } else { "line" };
    match source {
        Some((source, line)) => format!("{source}, {unit} {line} (row {row} of {file})"),
        None => format!("row {row} of {file}"),
    }
}
