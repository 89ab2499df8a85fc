//! Names and texts as SQLite has them.

use std::fmt::Write as _;

/// A name as SQL has it. A name in double quotes would be a text where no column has it.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text as SQL has it; SQL itself ends at a NUL.
pub(super) fn text(text: &str) -> String {
    if !text.contains('\0') {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut sql = "CAST(X'".to_owned();
    for byte in text.bytes() {
        // Writing to a text does not fail.
        let _ = write!(sql, "{byte:02X}");
    }
    sql + "' AS TEXT)"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_or_text_ends_it() {
        assert_eq!((quoted("a`b"), text("a'b")), ("`a``b`".to_owned(), "'a''b'".to_owned()));
        assert_eq!(text("a\0"), "CAST(X'6100' AS TEXT)");
    }
}
