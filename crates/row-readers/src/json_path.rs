//! Paths into the JSON text of a row.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::scan::{self, Malformed, Step};

/// A path into JSON text: a name, or JSONPath of names, positions, `*` and `..`. The first match counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonPath {
    steps: Vec<Step>,
}

impl JsonPath {
    /// A path of one name, whatever characters it has.
    pub fn name(name: &str) -> Self {
        Self { steps: vec![Step::Key(name.to_owned())] }
    }

    /// The name, where the path is only one: the column that columnar rows must have.
    pub fn column(&self) -> Option<&str> {
        match self.steps.as_slice() {
            [Step::Key(name)] => Some(name),
            _ => None,
        }
    }

    /// The names on the way, where it is made of names only: then the value has a column of its own.
    pub fn keys(&self) -> Option<Vec<&str>> {
        let mut keys = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            match step {
                Step::Key(name) => keys.push(name.as_str()),
                _ => return None,
            }
        }
        Some(keys)
    }

    /// The text of the value at the path; `None` where there is none, or the text is not JSON.
    pub fn find_text<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        scan::find(text, &self.steps).ok().flatten()
    }

    /// The text of the value at the path; `Ok(None)` where the row has no such field.
    ///
    /// # Errors
    /// [`Malformed`] if the row is not JSON as far as it was looked at.
    pub fn find<'a>(&self, row: &'a [u8]) -> Result<Option<&'a [u8]>, Malformed> {
        scan::find(row, &self.steps)
    }
}

impl Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return f.write_str("$");
        }
        for (nth, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(key) if key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) => {
                    let is_behind_a_step = nth > 0 && self.steps[nth - 1] != Step::Anywhere;
                    write!(f, "{}{key}", if is_behind_a_step { "." } else { "" })?;
                }
                Step::Key(key) => {
                    let quote = if key.contains('\'') { '"' } else { '\'' };
                    write!(f, "[{quote}{key}{quote}]")?;
                }
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Each => f.write_str("[*]")?,
                Step::Anywhere => f.write_str("..")?,
            }
        }
        Ok(())
    }
}

impl FromStr for JsonPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = |rest: &str, reason: &str| {
            let position = text.chars().count() - rest.chars().count() + 1;
            format!("cannot understand `{text}` at character {position}: {reason}")
        };
        let trimmed = text.trim();
        let mut rest = trimmed.strip_prefix('$').unwrap_or(trimmed);
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix("..") {
                steps.push(Step::Anywhere);
                rest = behind;
            } else {
                rest = rest.strip_prefix('.').unwrap_or(rest);
            }
            let (step, behind) = match rest.strip_prefix('[') {
                Some(inner) => bracket(inner),
                None => name(rest),
            }
            .map_err(|reason| error(rest, reason))?;
            steps.push(step);
            rest = behind;
        }
        if steps.is_empty() { Err(error("", "the path is empty")) } else { Ok(Self { steps }) }
    }
}

fn name(rest: &str) -> Result<(Step, &str), &'static str> {
    if let Some(quote) = rest.chars().next().filter(|first| matches!(first, '\'' | '"')) {
        let (key, behind) = rest[1..].split_once(quote).ok_or("the quote is not closed")?;
        return Ok((Step::Key(key.to_owned()), behind));
    }
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    match &rest[..end] {
        "" => Err("expected a name, as in `updated_at` or `$.meta.updated_at`"),
        "*" => Ok((Step::Each, &rest[end..])),
        name if name.contains(['$', '?', '(', ')', ']', '|', '&']) => {
            Err("filters and unions are not supported; put names with special characters into quotes")
        }
        name => Ok((Step::Key(name.to_owned()), &rest[end..])),
    }
}

/// Reads the contents of brackets; returns the step and the text after the closing bracket.
fn bracket(inner: &str) -> Result<(Step, &str), &'static str> {
    if let Some(quote) = inner.chars().next().filter(|first| matches!(first, '\'' | '"')) {
        let (key, behind) = inner[1..].split_once(quote).ok_or("the quote is not closed")?;
        let behind = behind.strip_prefix(']').ok_or("expected `]` after the quoted name")?;
        return Ok((Step::Key(key.to_owned()), behind));
    }
    let (content, behind) = inner.split_once(']').ok_or("the bracket is not closed")?;
    let step = match content.trim() {
        "*" => Step::Each,
        number => Step::Index(number.parse().map_err(|_| "expected `*`, a position or a quoted name")?),
    };
    Ok((step, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, row: &str) -> Option<String> {
        let path: JsonPath = path.parse().unwrap();
        path.find(row.as_bytes()).unwrap().map(|text| String::from_utf8(text.to_vec()).unwrap())
    }

    #[test]
    fn the_first_match_of_a_path_counts() {
        let row =
            r#"{"a": {"b": 1, "l": [{"x": 0}, {"n": 2}, {"n": 3}]}, "o.dd": 4, "z": {"deep": {"n": 5}}}"#;
        assert_eq!(found("a.b", row).as_deref(), Some("1"));
        assert_eq!(found("$.a.b", row).as_deref(), Some("1"));
        assert_eq!(found("$['o.dd']", row).as_deref(), Some("4"));
        assert_eq!(found("'o.dd'", row).as_deref(), Some("4"));
        assert_eq!(found("a.l[*].n", row).as_deref(), Some("2"));
        assert_eq!(found("a.l[2].n", row).as_deref(), Some("3"));
        assert_eq!(found("a.l[-1].n", row).as_deref(), Some("3"));
        assert_eq!(found("a.*", row).as_deref(), Some("1"));
        assert_eq!(found("z..n", row).as_deref(), Some("5"));
        assert_eq!(found("$..n", row).as_deref(), Some("2"));
        assert_eq!(found("a.c", row), None);
        assert_eq!(found("a.b.c", row), None);
        assert_eq!(found("a.l.n", row), None);
    }

    #[test]
    fn the_last_of_repeated_keys_counts_and_escapes_are_read() {
        assert_eq!(found("n", r#"{"n": 1, "n": 2}"#).as_deref(), Some("2"));
        assert_eq!(found("n", r#"{"\u006e": "a\"}"}"#).as_deref(), Some("\"a\\\"}\""));
    }

    #[test]
    fn rows_that_are_no_json_are_malformed_and_not_without_cursor() {
        let path: JsonPath = "n".parse().unwrap();
        for row in
            [r#"{"n": 1"#, r#"{"n" 1}"#, r#"{"n": }"#, r#"{"n": 1} x"#, r#"{"a": "b, "n": 1}"#, "{n: 1}"]
        {
            assert_eq!(path.find(row.as_bytes()).unwrap_err(), Malformed, "{row}");
        }
        assert!(path.find(b"5").unwrap().is_none());
        assert!(path.find(b"[1]").unwrap().is_none());
    }

    #[test]
    fn paths_that_cannot_be_followed_are_refused_with_their_place() {
        for text in ["", "$", "a[?(@.x)]", "a[1", "a['b", "a.", "a|b"] {
            let error = text.parse::<JsonPath>().unwrap_err();
            assert!(error.contains("at character"), "{error}");
        }
    }
}
