//! Names and texts as MySQL has them, whatever the mode of the session is.

use std::fmt::Write as _;

/// A name as SQL has it, whatever it holds.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// The bytes of a text, in digits: whether backslashes mean something is a setting of the session.
pub(super) fn bytes(text: &str) -> String {
    let mut sql = String::with_capacity(2 * text.len() + 3);
    sql.push_str("X'");
    for byte in text.bytes() {
        // Writing to a text does not fail.
        let _ = write!(sql, "{byte:02X}");
    }
    sql.push('\'');
    sql
}

/// A text as SQL has it, whatever it holds.
pub(super) fn text(text: &str) -> String {
    format!("_utf8mb4 {}", bytes(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_or_text_ends_it() {
        assert_eq!(quoted("a`b"), "`a``b`");
        assert_eq!(text("'\\é"), "_utf8mb4 X'275CC3A9'");
    }
}
