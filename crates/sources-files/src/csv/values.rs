//! Types of CSV columns, and values as JSON.

/// What the values of a column are, as far as its first rows show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only nulls so far.
    #[default]
    Unknown,
    Bool,
    Int,
    Float,
    Text,
}

impl Kind {
    /// The kind of a column that has this value, too.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, kind) | (kind, Self::Unknown) => kind,
            (one, two) if one == two => one,
            (Self::Int | Self::Float, Self::Int | Self::Float) => Self::Float,
            _ => Self::Text,
        }
    }

    /// The kind of one value that is not null.
    ///
    /// Numbers that would not come back as they were written are text: leading zeros and plus signs
    /// belong to codes and telephone numbers, and integers beyond 64 bits are identifiers.
    pub(super) fn of(value: &str) -> Self {
        let value = value.trim_ascii();
        match value.as_bytes() {
            [b'0'..=b'9' | b'-' | b'.', ..] => Self::of_number(value),
            [b't' | b'T' | b'f' | b'F', ..] if bool_of(value).is_some() => Self::Bool,
            _ => Self::Text,
        }
    }

    fn of_number(value: &str) -> Self {
        let digits = value.strip_prefix('-').unwrap_or(value);
        let bytes = digits.as_bytes();
        if matches!(bytes, [b'0', b'0'..=b'9', ..]) {
            return Self::Text;
        }
        if !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit) {
            return if value.parse::<i64>().is_ok() { Self::Int } else { Self::Text };
        }
        let is_numeric =
            bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
        let is_float = is_numeric && value.parse::<f64>().is_ok_and(f64::is_finite);
        if is_float { Self::Float } else { Self::Text }
    }
}

fn bool_of(value: &str) -> Option<bool> {
    match value {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// Appends a value of a column of this kind as JSON. A value that is not of the kind keeps its own type,
/// so that nothing is lost.
pub(super) fn write_value(out: &mut Vec<u8>, value: &str, column: Kind) {
    let kind = if column == Kind::Text { Kind::Text } else { Kind::of(value) };
    let trimmed = value.trim_ascii();
    match kind {
        Kind::Bool => out.extend_from_slice(if bool_of(trimmed) == Some(true) { b"true" } else { b"false" }),
        Kind::Int => {
            out.extend_from_slice(trimmed.as_bytes());
            if column == Kind::Float {
                out.extend_from_slice(b".0");
            }
        }
        Kind::Float => write_float(out, trimmed),
        Kind::Text | Kind::Unknown => write_text(out, value),
    }
}

/// Appends a number with all digits that were written, in the spelling of JSON.
fn write_float(out: &mut Vec<u8>, value: &str) {
    let start = out.len();
    let (sign, digits) = value.strip_prefix('-').map_or(("", value), |digits| ("-", digits));
    out.extend_from_slice(sign.as_bytes());
    if digits.starts_with('.') {
        out.push(b'0');
    }
    let mut before = b' ';
    for byte in digits.bytes() {
        if before == b'.' && !byte.is_ascii_digit() {
            out.push(b'0');
        }
        out.push(byte);
        before = byte;
    }
    if before == b'.' {
        out.push(b'0');
    }
    debug_assert!(serde_json::from_slice::<f64>(&out[start..]).is_ok(), "`{value}` became no JSON");
}

/// Appends a text in quotes.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("writing text to memory cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_back_unchanged_is_a_number() {
        for (value, kind) in [
            ("0", Kind::Int),
            ("-7", Kind::Int),
            (" 42 ", Kind::Int),
            ("9223372036854775807", Kind::Int),
            ("9223372036854775808", Kind::Text),
            ("02139", Kind::Text),
            ("+4917012", Kind::Text),
            ("1.50", Kind::Float),
            (".5", Kind::Float),
            ("1e5", Kind::Float),
            ("1e999", Kind::Text),
            ("-", Kind::Text),
            (".", Kind::Text),
            ("1.2.3", Kind::Text),
            ("2024-01-02", Kind::Text),
            ("nan", Kind::Text),
            ("True", Kind::Bool),
            ("t", Kind::Text),
        ] {
            assert_eq!(Kind::of(value), kind, "{value}");
        }
    }

    #[test]
    fn values_are_json_with_all_their_digits() {
        let json = |value, column| {
            let mut out = Vec::new();
            write_value(&mut out, value, column);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(json("1.50", Kind::Float), "1.50");
        assert_eq!(json("3", Kind::Float), "3.0");
        assert_eq!(json(".5", Kind::Float), "0.5");
        assert_eq!(json("-5.", Kind::Float), "-5.0");
        assert_eq!(json("5.e3", Kind::Float), "5.0e3");
        assert_eq!(json("7", Kind::Text), "\"7\"");
        assert_eq!(json("a\"b", Kind::Int), "\"a\\\"b\"");
    }
}
