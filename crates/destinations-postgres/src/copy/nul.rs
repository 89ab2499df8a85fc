//! NUL characters: PostgreSQL stores none, neither in text nor, as `\u0000`, in `jsonb`.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::DataType;
use memchr::memmem;

const ESCAPE: &str = "\\u0000";

/// The first row of a text array that holds a NUL character. `is_json` says that it may be an escape.
pub(super) fn find(array: &ArrayRef, is_json: bool) -> Option<usize> {
    if *array.data_type() != DataType::Utf8 {
        return None;
    }
    let texts = array.as_string::<i32>();
    let offsets = texts.value_offsets();
    let (first, last) = (offsets[0] as usize, offsets[offsets.len() - 1] as usize);
    let bytes = &texts.values()[first..last];
    // One search through all texts at once; hardly any file has one.
    let suspicious =
        memchr::memchr(0, bytes).is_some() || is_json && memmem::find(bytes, ESCAPE.as_bytes()).is_some();
    if !suspicious {
        return None;
    }
    (0..texts.len()).find(|row| texts.is_valid(*row) && holds_nul(texts.value(*row), is_json))
}

/// The same texts with U+FFFD in place of NUL, and in how many of them it was.
pub(super) fn replace(array: &ArrayRef, is_json: bool) -> (ArrayRef, usize) {
    let texts = array.as_string::<i32>();
    let mut replaced = 0;
    let cleaned: StringArray = texts
        .iter()
        .map(|text| {
            let text = text?;
            let clean = without_nul(text, is_json);
            replaced += usize::from(matches!(clean, Cow::Owned(_)));
            Some(clean)
        })
        .collect();
    (Arc::new(cleaned), replaced)
}

fn holds_nul(text: &str, is_json: bool) -> bool {
    text.contains('\0') || is_json && escapes(text).next().is_some()
}

fn without_nul(text: &str, is_json: bool) -> Cow<'_, str> {
    if !holds_nul(text, is_json) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    if is_json {
        for at in escapes(text) {
            clean.push_str(&text[from..at]);
            clean.push('\u{FFFD}');
            from = at + ESCAPE.len();
        }
    }
    clean.push_str(&text[from..]);
    Cow::Owned(clean.replace('\0', "\u{FFFD}"))
}

/// Where `\u0000` is an escape: its backslash is not escaped itself.
fn escapes(text: &str) -> impl Iterator<Item = usize> {
    text.match_indices(ESCAPE).map(|(at, _)| at).filter(|at| {
        let before = text.as_bytes()[..*at].iter().rev().take_while(|byte| **byte == b'\\').count();
        before % 2 == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(of: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringArray::from(of.to_vec()))
    }

    #[test]
    fn the_first_row_with_a_nul_is_found() {
        assert_eq!(find(&texts(&[Some("a"), None, Some("b\0c")]), false), Some(2));
        assert_eq!(find(&texts(&[Some("\\u0000")]), false), None);
        assert_eq!(find(&texts(&[Some("[\"\\\\u0000\"]"), Some("[\"\\u0000\"]")]), true), Some(1));
        assert_eq!(find(&texts(&[Some("a\0"), Some("b")]).slice(1, 1), false), None);
    }

    #[test]
    fn nuls_are_replaced_and_counted_by_cell() {
        let (clean, replaced) = replace(&texts(&[Some("a\0b\0"), Some("c"), None]), false);
        assert_eq!(replaced, 1);
        assert_eq!(clean.as_string::<i32>().value(0), "a\u{FFFD}b\u{FFFD}");
        let (clean, replaced) = replace(&texts(&[Some(r#"["\u0000 \\u0000 \\\u0000"]"#)]), true);
        assert_eq!(
            (clean.as_string::<i32>().value(0), replaced),
            ("[\"\u{FFFD} \\\\u0000 \\\\\u{FFFD}\"]", 1)
        );
    }
}
