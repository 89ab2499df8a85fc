//! From names and patterns to files.

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cartage_extract::SourceError;
use glob::{MatchOptions, glob_with};

use crate::config::Format;

/// As a shell does: `*` stops at folders and passes over hidden files; `**` goes through folders.
const LIKE_A_SHELL: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// Where rows are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    StandardInput,
    File(PathBuf),
}

/// One input of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) place: Place,
    /// How messages and the trace name it: as the user wrote it where that was relative.
    pub(crate) name: Arc<str>,
    /// Bytes on disk, where that is known.
    pub(crate) bytes: Option<u64>,
}

/// What a list of names and patterns stands for.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) inputs: Vec<Found>,
    pub(crate) warnings: Vec<String>,
}

/// Finds the inputs in the order of the list; the files of one pattern are sorted by name. A file that
/// several entries stand for is read once.
pub(crate) fn find(paths: &[String], base_dir: &Path) -> Result<Findings, SourceError> {
    let mut findings = Findings::default();
    let mut seen = HashSet::new();
    for path in paths {
        for place in expand(path, base_dir, &mut findings.warnings)? {
            if let Place::File(file) = &place
                && !seen.insert(file.clone())
            {
                findings.warnings.push(format!("`{path}` names {} again; it is read once", file.display()));
                continue;
            }
            findings.inputs.push(examine(place, base_dir)?);
        }
    }
    Ok(findings)
}

fn expand(path: &str, base_dir: &Path, warnings: &mut Vec<String>) -> Result<Vec<Place>, SourceError> {
    if path == "-" {
        return Ok(vec![Place::StandardInput]);
    }
    let local = local(path)?;
    let full = base_dir.join(local);
    // A name may hold brackets or stars itself.
    if full.symlink_metadata().is_ok() || !local.contains(['*', '?', '[']) {
        return Ok(vec![Place::File(full)]);
    }
    let matched = matches(path, local, base_dir)?;
    if matched.is_empty() {
        warnings.push(format!("the pattern `{path}` matches no file in {}", base_dir.display()));
    }
    Ok(matched.into_iter().map(Place::File).collect())
}

/// The part of a path that is for this machine.
fn local(path: &str) -> Result<&str, SourceError> {
    let local = path.strip_prefix("file://").unwrap_or(path);
    if let Some((scheme, _)) = local.split_once("://") {
        return Err(SourceError::Config(format!(
            "`{path}` is no local file: sources of type `files` do not read {scheme}; copy the files here first"
        )));
    }
    if local.is_empty() {
        return Err(SourceError::Config("`path` holds an empty name; use [] for no files".to_owned()));
    }
    Ok(local)
}

fn matches(path: &str, local: &str, base_dir: &Path) -> Result<Vec<PathBuf>, SourceError> {
    // The folder of the pipeline is taken literally, whatever it is called.
    let pattern = if Path::new(local).is_absolute() {
        local.to_owned()
    } else {
        format!("{}/{local}", glob::Pattern::escape(&base_dir.to_string_lossy()))
    };
    let found = glob_with(&pattern, LIKE_A_SHELL)
        .map_err(|error| SourceError::Config(format!("cannot understand the pattern `{path}`: {error}")))?;
    let mut files = Vec::new();
    for entry in found {
        let file = entry.map_err(|error| SourceError::Read {
            input: error.path().display().to_string(),
            source: error.into(),
        })?;
        if !file.is_dir() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Looks at a file before any row is read, so that a missing one does not end a long run.
fn examine(place: Place, base_dir: &Path) -> Result<Found, SourceError> {
    let Place::File(path) = &place else {
        return Ok(Found { place, name: "standard input".into(), bytes: None });
    };
    let name = path.strip_prefix(base_dir).unwrap_or(path).to_string_lossy();
    let failed = |source| SourceError::Read { input: name.to_string(), source };
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        let reason = format!("is a folder; name its files with a pattern, such as `{name}/*.jsonl`");
        return Err(SourceError::Unusable { input: name.into_owned(), reason });
    }
    // Opening a pipe would wait for its writer.
    if metadata.is_file() {
        File::open(path).map_err(failed)?;
    }
    let bytes = metadata.is_file().then_some(metadata.len());
    Ok(Found { name: Arc::from(name), bytes, place })
}

/// What the extension says about the content.
pub(crate) fn format_of(name: &str) -> Option<Format> {
    match extension(name)?.as_str() {
        "jsonl" | "ndjson" | "jsonlines" => Some(Format::Jsonl),
        "json" => Some(Format::Json),
        "csv" | "tsv" => Some(Format::Csv),
        "parquet" | "pq" => Some(Format::Parquet),
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
