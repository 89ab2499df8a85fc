//! Where in a document the rows are.

use std::fmt::{self, Display};
use std::str::FromStr;

use thiserror::Error;

/// A path to the rows of a document: `items`, `data.items`, `$.data[0].rows[*]`, `$['odd key']`.
///
/// It is the part of JSONPath that can be followed while a document streams by: keys, positions and
/// `[*]` (each element of an array or value of an object). The empty path and `$` select the document.
/// An array at the end of the path stands for its elements; after a final `[*]` each match is a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    pub(super) steps: Vec<Step>,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(u64),
    Each,
}

/// A selector that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot understand the selector `{text}` at character {position}: {reason}")]
pub struct SelectorError {
    text: String,
    position: usize,
    reason: &'static str,
}

impl Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let mut rest = text.trim();
        let error = |rest: &str, reason| SelectorError {
            text: text.to_owned(),
            position: text.chars().count() - rest.chars().count() + 1,
            reason,
        };
        rest = rest.strip_prefix('$').unwrap_or(rest);
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (step, behind) = bracket(inner).map_err(|reason| error(rest, reason))?;
                steps.push(step);
                rest = behind;
                continue;
            }
            let key = rest.strip_prefix('.').unwrap_or(rest);
            let end = key.find(['.', '[']).unwrap_or(key.len());
            match &key[..end] {
                "" => return Err(error(rest, "expected a key, as in `data.items` or `$.data[*]`")),
                "*" => steps.push(Step::Each),
                name => steps.push(Step::Key(name.to_owned())),
            }
            rest = &key[end..];
        }
        Ok(Self { steps, text: text.to_owned() })
    }
}

/// Reads the contents of brackets; returns the step and the text after the closing bracket.
fn bracket(inner: &str) -> Result<(Step, &str), &'static str> {
    if let Some(quote) = inner.chars().next().filter(|first| matches!(first, '\'' | '"')) {
        let (key, behind) = inner[1..].split_once(quote).ok_or("the quote is not closed")?;
        let behind = behind.strip_prefix(']').ok_or("expected `]` after the quoted key")?;
        return Ok((Step::Key(key.to_owned()), behind));
    }
    let (content, behind) = inner.split_once(']').ok_or("the bracket is not closed")?;
    let step = match content.trim() {
        "*" => Step::Each,
        number => Step::Index(number.parse().map_err(|_| "expected `*`, a position or a quoted key")?),
    };
    Ok((step, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_path_are_understood() {
        let key = |name: &str| Step::Key(name.to_owned());
        let steps = |text: &str| text.parse::<Selector>().unwrap().steps;
        assert_eq!(steps(""), []);
        assert_eq!(steps("$"), []);
        assert_eq!(steps("data.items"), [key("data"), key("items")]);
        assert_eq!(steps("$.data[*]"), [key("data"), Step::Each]);
        assert_eq!(steps("$.*.rows"), [Step::Each, key("rows")]);
        assert_eq!(steps("$['a.b'][\"c\"][2]"), [key("a.b"), key("c"), Step::Index(2)]);
    }

    #[test]
    fn what_cannot_be_streamed_is_refused_with_its_place() {
        for text in ["$..deep", "a[?(@.x)]", "a[1", "a['b", "a."] {
            let error = text.parse::<Selector>().unwrap_err();
            assert!(error.to_string().contains(&format!("`{text}` at character")), "{error}");
        }
    }
}
