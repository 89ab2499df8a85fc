//! Files of this machine by names and patterns.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use cartage_source_api::SourceError;
use glob::{MatchOptions, glob_with};

use crate::found::{Found, Place, last_name};

/// As a shell does: `*` stops at folders and passes over hidden files; `**` goes through folders.
pub(crate) const LIKE_A_SHELL: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The files that a name or a pattern stands for, sorted by name.
pub(crate) fn find(path: &str, base_dir: &Path, may_be_missing: bool) -> Result<Vec<Found>, SourceError> {
    if path == "-" {
        let place = Place::StandardInput;
        let name = "standard input";
        return Ok(vec![Found {
            place,
            name: name.into(),
            relative: name.to_owned(),
            bytes: None,
            modified: None,
            etag: None,
        }]);
    }
    let (mut files, folder) = expand(path, base_dir)?;
    if may_be_missing {
        files.retain(|file| !is_missing(file));
    }
    files.into_iter().map(|file| examine(file, base_dir, folder.as_deref())).collect()
}

fn is_missing(file: &Path) -> bool {
    file.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// The files, and for a pattern the folder that it begins with.
fn expand(path: &str, base_dir: &Path) -> Result<(Vec<PathBuf>, Option<PathBuf>), SourceError> {
    let local = LocalPath::parse(path)?;
    let full = base_dir.join(&local.name);
    // A name may hold brackets or stars itself.
    if full.symlink_metadata().is_ok() || !local.pattern.contains(['*', '?', '[']) {
        return Ok((vec![full], None));
    }
    let (files, folder) = matches(path, &local, base_dir)?;
    Ok((files, Some(folder)))
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
                "sources of type `files` do not read {scheme}://; use s3://, gs://, az://, https:// or file://, or copy the \
                 files here first"
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
                SourceError::Config(format!("the address `{path}` is not UTF-8 once its escapes are decoded"))
            })
        };
        Ok(Self { name: text(name)?, pattern: text(pattern)? })
    }
}

fn matches(path: &str, local: &LocalPath, base_dir: &Path) -> Result<(Vec<PathBuf>, PathBuf), SourceError> {
    let (existing, rest) = existing_folder(local, base_dir);
    // What exists is taken literally, whatever it is called.
    let folder = glob::Pattern::escape(&existing.to_string_lossy());
    let with = |rest: &str| {
        let pattern =
            if folder.ends_with('/') { format!("{folder}{rest}") } else { format!("{folder}/{rest}") };
        matching(path, &pattern)
    };
    // Brackets of names below come before brackets of the pattern.
    if rest.contains('[') {
        let found = with(&rest.replace('[', "[[]"))?;
        if !found.is_empty() {
            return Ok((found, existing));
        }
    }
    Ok((with(rest)?, existing))
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
fn examine(path: PathBuf, base_dir: &Path, folder: Option<&Path>) -> Result<Found, SourceError> {
    let name = path.strip_prefix(base_dir).unwrap_or(&path).to_string_lossy();
    let failed = |source| SourceError::Read { input: name.to_string(), source };
    let metadata = fs::metadata(&path).map_err(failed)?;
    if metadata.is_dir() {
        let reason = format!("is a folder; name its files with a pattern, such as `{name}/*.jsonl`");
        return Err(SourceError::Unusable { input: name.into_owned(), reason });
    }
    // Opening a pipe would wait for its writer.
    if metadata.is_file() {
        File::open(&path).map_err(failed)?;
    }
    let bytes = metadata.is_file().then_some(metadata.len());
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let name: Arc<str> = name.into();
    let relative = match folder.and_then(|folder| path.strip_prefix(folder).ok()) {
        Some(below) => below.to_string_lossy().into_owned(),
        None => last_name(&name).to_owned(),
    };
    Ok(Found {
        name,
        relative,
        bytes,
        modified: modified.and_then(|since| i64::try_from(since.as_micros()).ok()),
        etag: None,
        place: Place::File(path),
    })
}

/// The address of a file.
pub(crate) fn address_of(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut url = "file://".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            url.push(char::from(*byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}
