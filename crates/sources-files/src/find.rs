//! From names and patterns to files.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cartage_source_api::SourceError;
use glob::{MatchOptions, glob_with};

use crate::config::InputFormat;

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
    /// Entries of the list that stand for nothing.
    pub(crate) unmatched: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// Finds the inputs in the order of the list; the files of one pattern are sorted by name. A file that
/// several entries stand for is read once. A name that is not there is an error unless `may_be_missing`.
pub(crate) fn find(paths: &[String], base_dir: &Path, may_be_missing: bool) -> Result<Findings, SourceError> {
    let mut findings = Findings::default();
    let mut seen = HashSet::new();
    for path in paths {
        let mut places = expand(path, base_dir)?;
        if may_be_missing {
            places.retain(|place| !matches!(place, Place::File(file) if is_missing(file)));
        }
        if places.is_empty() {
            findings.unmatched.push(path.clone());
        }
        for place in places {
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

fn is_missing(file: &Path) -> bool {
    file.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

fn expand(path: &str, base_dir: &Path) -> Result<Vec<Place>, SourceError> {
    if path == "-" {
        return Ok(vec![Place::StandardInput]);
    }
    let local = LocalPath::parse(path)?;
    let full = base_dir.join(&local.name);
    // A name may hold brackets or stars itself.
    if full.symlink_metadata().is_ok() || !local.pattern.contains(['*', '?', '[']) {
        return Ok(vec![Place::File(full)]);
    }
    Ok(matches(path, &local, base_dir)?.into_iter().map(Place::File).collect())
}

/// A path of this machine, as a name and as a pattern.
struct LocalPath {
    name: String,
    /// The same with what an address escapes taken literally.
    pattern: String,
}

impl LocalPath {
    fn parse(path: &str) -> Result<Self, SourceError> {
        let local = match path.strip_prefix("file:") {
            Some(address) => Self::of_address(path, address)?,
            None => Self { name: path.to_owned(), pattern: path.to_owned() },
        };
        if let Some((scheme, _)) = local.name.split_once("://") {
            return Err(SourceError::Config(format!(
                "`{path}` is no local file: sources of type `files` do not read {scheme}; copy the files here first"
            )));
        }
        if local.name.is_empty() {
            return Err(SourceError::Config("`path` holds an empty name; use [] for no files".to_owned()));
        }
        Ok(local)
    }

    /// The path of an address without its scheme. `%20` is a blank; a star that is written as `%2A` is one of the
    /// name.
    fn of_address(path: &str, address: &str) -> Result<Self, SourceError> {
        let address = address.strip_prefix("//").unwrap_or(address);
        let address = match address.strip_prefix("localhost/") {
            Some(_) => &address["localhost".len()..],
            None => address,
        };
        let mut parts = address.split('%');
        let first = parts.next().unwrap_or_default().to_owned();
        let (mut name, mut pattern) = (first.clone().into_bytes(), first.into_bytes());
        for part in parts {
            let digits = part.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
            let byte =
                digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|byte| *byte != 0);
            let Some(byte) = byte else {
                let reason = "a percent sign begins an escape such as `%20`; write `%25` for the sign itself"
                    .to_owned();
                return Err(SourceError::Config(format!("cannot understand the address `{path}`: {reason}")));
            };
            name.push(byte);
            match byte {
                b'*' | b'?' | b'[' => pattern.extend([b'[', byte, b']']),
                byte => pattern.push(byte),
            }
            name.extend_from_slice(&part.as_bytes()[2..]);
            pattern.extend_from_slice(&part.as_bytes()[2..]);
        }
        let text = |bytes| {
            String::from_utf8(bytes).map_err(|_| {
                SourceError::Config(format!("the address `{path}` is no UTF-8 behind its escapes"))
            })
        };
        Ok(Self { name: text(name)?, pattern: text(pattern)? })
    }
}

fn matches(path: &str, local: &LocalPath, base_dir: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let (folder, rest) = existing_folder(local, base_dir);
    // What exists is taken literally, whatever it is called.
    let folder = glob::Pattern::escape(&folder.to_string_lossy());
    let with = |rest: &str| {
        let pattern =
            if folder.ends_with('/') { format!("{folder}{rest}") } else { format!("{folder}/{rest}") };
        matching(path, &pattern)
    };
    // Brackets of names below come before brackets of the pattern.
    if rest.contains('[') {
        let found = with(&rest.replace('[', "[[]"))?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    with(rest)
}

/// The path of this machine that an address such as `file:///a%20b.csv` stands for; others as they are.
pub fn local_path(path: &str) -> String {
    LocalPath::parse(path).map_or_else(|_| path.to_owned(), |local| local.name)
}

/// The part of a path that exists as it stands, and the rest.
fn existing_folder<'a>(local: &'a LocalPath, base_dir: &Path) -> (PathBuf, &'a str) {
    let is_absolute = Path::new(&local.name).is_absolute();
    let mut folder = if is_absolute { PathBuf::from("/") } else { base_dir.to_owned() };
    let mut rest = local.pattern.trim_start_matches('/');
    if local.name != local.pattern {
        // Escapes say already what is literal.
        return (folder, rest);
    }
    while let Some((part, behind)) = rest.split_once('/') {
        let next = folder.join(part);
        if !next.is_dir() {
            break;
        }
        folder = next;
        rest = behind.trim_start_matches('/');
    }
    (folder, rest)
}

fn matching(path: &str, pattern: &str) -> Result<Vec<PathBuf>, SourceError> {
    let found = glob_with(pattern, LIKE_A_SHELL)
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
