//! The bytes of `package.json`.
//!
//! Its last line is the checksum of all bytes before that line, so that the document vouches for itself
//! and publishing it is one step. This last line is the same in every version of the format: it is
//! checked first, so that a damaged version number is not taken for a newer version.

use serde::Deserialize;

use crate::checksum::Checksum;
use crate::error::Damage;
use crate::format::{FormatVersion, PACKAGE_FORMAT, SCHEMA_JSON, SCHEMA_UPDATE_JSON, STATE_JSON};
use crate::manifest::Manifest;

const BEFORE_CHECKSUM: &str = ",\n  \"checksum\": \"";
const AFTER_CHECKSUM: &str = "\"\n}\n";
/// `xxh3:` and 32 digits.
const CHECKSUM_BYTES: usize = 37;

/// Why bytes are not a `package.json` of ours.
#[derive(Debug)]
pub(crate) enum DecodeError {
    Damaged(Damage),
    Newer(FormatVersion),
}

/// The document and its own checksum, which names this package as a parent.
pub(crate) fn encode(manifest: &Manifest) -> (Vec<u8>, Checksum) {
    let mut bytes = serde_json::to_vec_pretty(manifest).expect("a manifest is plain data with text keys");
    bytes.truncate(bytes.len() - "\n}".len());
    let checksum = Checksum::of(&bytes);
    bytes.extend_from_slice(format!("{BEFORE_CHECKSUM}{checksum}{AFTER_CHECKSUM}").as_bytes());
    (bytes, checksum)
}

/// The reverse of [`encode`].
pub(crate) fn decode(bytes: &[u8]) -> Result<(Manifest, Checksum), DecodeError> {
    let (body, expected) = split(bytes).ok_or_else(|| unreadable("it does not end with its own checksum"))?;
    let found = Checksum::of(body);
    if found != expected {
        return Err(DecodeError::Damaged(Damage::Changed { expected, found }));
    }
    let Head { format } = parse(bytes)?;
    if !PACKAGE_FORMAT.reads(format) {
        return Err(DecodeError::Newer(format));
    }
    let manifest: Manifest = parse(bytes)?;
    let known = [SCHEMA_JSON, SCHEMA_UPDATE_JSON, STATE_JSON];
    match manifest.documents.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(unreadable(&format!("it lists the unknown document {name:?}"))),
        None => Ok((manifest, expected)),
    }
}

/// What every version of the document has.
#[derive(Deserialize)]
struct Head {
    format: FormatVersion,
}

/// The bytes that the checksum covers, and the checksum.
fn split(bytes: &[u8]) -> Option<(&[u8], Checksum)> {
    let rest = bytes.strip_suffix(AFTER_CHECKSUM.as_bytes())?;
    let (rest, checksum) = rest.split_at_checked(rest.len().checked_sub(CHECKSUM_BYTES)?)?;
    let body = rest.strip_suffix(BEFORE_CHECKSUM.as_bytes())?;
    Some((body, std::str::from_utf8(checksum).ok()?.parse().ok()?))
}

fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(bytes).map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(reason: &str) -> DecodeError {
    DecodeError::Damaged(Damage::Unreadable { reason: reason.to_owned() })
}
