//! Shortening of names that a destination cannot hold, with a tag that keeps them apart.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Length of the tag: four bytes of hash in base64.
const TAG_BYTES: usize = 4;

/// Cuts the middle out of `name` if it is longer than `max_length` characters and puts a tag there, which is
/// computed from `source`, the name before it was normalized.
pub(super) fn shorten(name: String, source: &str, max_length: Option<usize>) -> String {
    let Some(max_length) = max_length.filter(|limit| *limit > 0) else { return name };
    // Bytes are never fewer than characters, so most names are done without counting.
    if name.len() <= max_length || name.chars().count() <= max_length {
        return name;
    }
    let tag = tag(source);
    let rest = max_length.saturating_sub(tag.len());
    let (left, right) = (rest / 2 + rest % 2, rest / 2);
    let characters = name.chars().count();
    name.chars()
        .take(left)
        .chain(tag.chars().take(max_length))
        .chain(name.chars().skip(characters - right))
        .collect()
}

fn tag(source: &str) -> String {
    let mut digest = [0; TAG_BYTES];
    crate::digest::shake128(source.as_bytes(), &mut digest);
    // Lower casing comes last, so upper and lower case letters of the base64 text fall together, as in dlt.
    STANDARD_NO_PAD.encode(digest).replace('/', "a").replace('+', "b").to_lowercase()
}
