//! Types of media by names of files, as dlt guesses them.

use crate::found::last_name;

/// Types that Python's table has, for what is read here and what lies beside it.
const KNOWN: [(&str, &str); 12] = [
    ("avif", "image/avif"),
    ("csv", "text/csv"),
    ("gif", "image/gif"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("tsv", "text/tab-separated-values"),
    ("txt", "text/plain"),
    ("xml", "text/xml"),
];

/// The type of a file and its compression. A type that is not known is made of the extension, as dlt does: for
/// `a.jsonl` it is `application/jsonl`, and for `a.jsonl.gz` `application/gz`.
pub(crate) fn guess(name: &str) -> (String, Option<&'static str>) {
    let lower = last_name(name).to_ascii_lowercase();
    let encoding = match extension(&lower) {
        Some("gz") => Some("gzip"),
        Some("bz2") => Some("bzip2"),
        Some("xz") => Some("xz"),
        Some("br") => Some("br"),
        Some("z") => Some("compress"),
        _ => None,
    };
    let stem = match (encoding, lower.rsplit_once('.')) {
        (Some(_), Some((stem, _))) => stem,
        _ => &lower,
    };
    let known = extension(stem).and_then(|found| KNOWN.iter().find(|(extension, _)| *extension == found));
    let kind = known.map_or_else(
        || format!("application/{}", extension(last_name(name)).unwrap_or("octet-stream")),
        |(_, kind)| (*kind).to_owned(),
    );
    (kind, encoding)
}

fn extension(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    Some(extension).filter(|extension| !extension.is_empty() && !stem.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_dlt() {
        for (name, kind, encoding) in [
            ("a/b.csv", "text/csv", None),
            ("a.CSV.gz", "text/csv", Some("gzip")),
            ("a.jsonl", "application/jsonl", None),
            ("a.jsonl.gz", "application/gz", Some("gzip")),
            ("a.json.gz", "application/json", Some("gzip")),
            ("a.parquet", "application/parquet", None),
            ("a.d/b", "application/octet-stream", None),
            (".hidden", "application/octet-stream", None),
        ] {
            assert_eq!(guess(name), (kind.to_owned(), encoding), "{name}");
        }
    }
}
