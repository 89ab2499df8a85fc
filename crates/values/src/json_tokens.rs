//! The places of numbers and members in a JSON document, found without parsing it: a parser would round numbers of many
//! digits, or refuse them.

use std::ops::Range;

/// What a document has outside of its texts.
pub(crate) enum JsonToken {
    /// A run of the characters that numbers have, which begins as a number does.
    Number(Range<usize>),
    /// What is between the key and the value of a member.
    Colon,
}

/// The tokens of a document in their order. Where it is not JSON, the parts of it that look like them.
pub(crate) fn json_tokens(document: &str) -> impl Iterator<Item = JsonToken> + '_ {
    let bytes = document.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            at += 1;
            match bytes[start] {
                b'"' => {
                    while at < bytes.len() && bytes[at] != b'"' {
                        at += if bytes[at] == b'\\' { 2 } else { 1 };
                    }
                    at += 1;
                }
                b':' => return Some(JsonToken::Colon),
                b'-' | b'0'..=b'9' => {
                    at += bytes[at..].iter().take_while(|byte| b"0123456789+-.eE".contains(byte)).count();
                    return Some(JsonToken::Number(start..at));
                }
                _ => {}
            }
        }
        None
    })
}

/// The places of the numbers of a JSON document in their order, whether they are valid or not.
pub fn json_numbers(document: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    json_tokens(document).filter_map(|token| match token {
        JsonToken::Number(place) => Some(place),
        JsonToken::Colon => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_texts_are_passed_over() {
        let document = r#"{"1": [-2, 3.5e+7, "4\"5", true], "\\": 06}"#;
        let found: Vec<&str> = json_numbers(document).map(|place| &document[place]).collect();
        assert_eq!(found, ["-2", "3.5e+7", "06"]);
        let colons = json_tokens(document).filter(|token| matches!(token, JsonToken::Colon));
        assert_eq!(colons.count(), 2);
    }

    #[test]
    fn a_document_that_is_cut_ends_where_it_ends() {
        for document in ["", "\"", "\"\\", "-", "1", "\"a\":1"] {
            assert!(json_numbers(document).count() <= 1, "{document}");
        }
    }
}
