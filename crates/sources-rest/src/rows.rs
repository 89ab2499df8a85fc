//! From the body of an answer to pages of rows.

use std::sync::Arc;

use cartage_row_readers::{DocumentReader, Selector};
use cartage_source_api::{JsonPage, SourceError};
use serde::de::IgnoredAny;

use crate::endpoint::Step;
use crate::http::of_document;

/// What is done to all rows of one walk through pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finish<'a> {
    /// Fields of the parent, see [`crate::endpoint::Parent::suffix`].
    pub(crate) suffix: &'a [u8],
    pub(crate) steps: &'a [Step],
}

/// The rows of a whole body.
#[derive(Debug)]
pub(crate) struct Split {
    pub(crate) pages: Vec<JsonPage>,
    /// Rows before any step.
    pub(crate) rows: u64,
    /// Whether the selector led to anything.
    pub(crate) has_matched: bool,
}

/// Refuses a body that is not JSON.
pub(crate) fn check(body: &[u8], content_type: Option<&str>) -> Result<(), String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => Ok(()),
        // Several documents, one a line, are understood as well.
        Err(error) if error.to_string().starts_with("trailing characters") => Ok(()),
        Err(error) => {
            let what = if error.is_eof() { format!("it ends early ({error})") } else { error.to_string() };
            Err(of_document(body, content_type, &what))
        }
    }
}

/// Cuts a whole body into rows.
pub(crate) fn split(
    body: &[u8],
    source: &Arc<str>,
    selector: &Selector,
    max_row_bytes: usize,
) -> Result<Split, SourceError> {
    let mut reader = DocumentReader::new(body, source, selector.clone(), max_row_bytes).lenient();
    let mut split = Split { pages: Vec::new(), rows: 0, has_matched: false };
    while let Some(page) = reader.next_page()? {
        split.rows += page.rows();
        split.pages.push(page);
    }
    split.has_matched = reader.has_matched();
    if split.pages.is_empty() {
        // An answer without rows is not nothing: the resource has been there.
        split.pages.push(JsonPage::default());
    }
    Ok(split)
}

/// A page without its first rows.
pub(crate) fn without_first(count: u64, page: JsonPage) -> JsonPage {
    if count == 0 {
        return page;
    }
    let Some(origin) = page.origins().first() else { return JsonPage::default() };
    let (source, first) = (Arc::clone(&origin.source), origin.first_line);
    let mut rest = JsonPage::default();
    let rows = page.text().split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
    for (line, row) in (first..).zip(rows).skip(count as usize) {
        rest.push_row(&source, line, row);
    }
    rest
}

impl Finish<'_> {
    /// Adds fields of the parent and takes the steps.
    pub(crate) fn apply(&self, page: JsonPage, source: &Arc<str>) -> Result<JsonPage, SourceError> {
        if self.suffix.is_empty() && self.steps.is_empty() {
            return Ok(page);
        }
        let mut out = JsonPage::default();
        let first = page.origins().first().map_or(1, |origin| origin.first_line);
        let name =
            page.origins().first().map_or_else(|| Arc::clone(source), |origin| Arc::clone(&origin.source));
        let rows = page.text().split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
        for (number, row) in (first..).zip(rows) {
            let failed = |reason| SourceError::Unusable { input: format!("{source} row {number}"), reason };
            let row = self.with_parent(row).map_err(failed)?;
            for made in self.stepped(row).map_err(failed)? {
                out.push_row(&name, number, &made);
            }
        }
        Ok(out)
    }

    fn with_parent(&self, row: &[u8]) -> Result<Vec<u8>, String> {
        let mut row = row.to_vec();
        if self.suffix.is_empty() {
            return Ok(row);
        }
        if row.pop() != Some(b'}') {
            return Err("`include_from_parent` needs rows that are objects".to_owned());
        }
        let is_empty = row.trim_ascii_end() == b"{";
        row.extend_from_slice(if is_empty { &self.suffix[1..] } else { self.suffix });
        row.push(b'}');
        Ok(row)
    }

    fn stepped(&self, row: Vec<u8>) -> Result<Vec<Vec<u8>>, String> {
        let mut rows = vec![row];
        for step in self.steps {
            let mut next = Vec::with_capacity(rows.len());
            for row in rows {
                match step {
                    Step::Filter(expression) => {
                        if expression.holds(&row)? {
                            next.push(row);
                        }
                    }
                    Step::Map(expression) => {
                        next.extend(expression.outputs(&row)?.into_iter().take(1).map(String::into_bytes));
                    }
                    Step::YieldMap(expression) => {
                        next.extend(expression.outputs(&row)?.into_iter().map(String::into_bytes));
                    }
                }
            }
            rows = next;
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Expression;

    #[test]
    fn fields_of_the_parent_and_steps_make_new_rows() {
        let source: Arc<str> = "GET x".into();
        let body = br#"{"d": [{"id": 1}, {}, {"id": 3, "l": [7, 8]}]}"#;
        let split = split(body, &source, &"d".parse().unwrap(), 1000).unwrap();
        assert_eq!((split.rows, split.has_matched), (3, true));
        let steps = [
            Step::Filter(Expression::compile(".id != 1").unwrap()),
            Step::YieldMap(Expression::compile("(.l[]? | {l: .}), {p: ._p_x}").unwrap()),
        ];
        let finish = Finish { suffix: br#","_p_x":9"#, steps: &steps };
        let page = finish.apply(split.pages.into_iter().next().unwrap(), &source).unwrap();
        assert_eq!(page.text(), b"{\"p\":9}\n{\"l\":7}\n{\"l\":8}\n{\"p\":9}\n");
        assert_eq!(page.origins()[0].first_line, 2);
    }

    #[test]
    fn what_is_no_json_is_said_plainly() {
        let reason = |body: &[u8]| check(body, Some("text/html")).unwrap_err();
        assert!(reason(b"<!doctype html><p>Log in").contains("HTML, not JSON"));
        assert!(reason(b"").contains("empty"));
        assert!(reason(br#"{"a": [1, 2"#).contains("ends early"));
        assert!(reason(br#"{"a": tru}"#).contains("not JSON"));
        assert!(check(b"\xef\xbb\xbf[1]", None).is_ok());
        assert!(check(b"{}\n{}", None).is_ok());
    }
}
