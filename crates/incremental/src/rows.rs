//! Filtering pages of JSON rows.

use std::collections::HashSet;
use std::ops::Range;

use cartage_row_readers::{JsonPath, Malformed};
use cartage_source_api::{HashChange, JsonPage};
use memchr::memchr;

use crate::error::CursorError;
use crate::hash::{self, HashForm};
use crate::settings::{CursorSettings, OnMissing, RowKey};
use crate::value::{CursorValue, NoCursor};
use crate::window::{NotComparable, Place, Window};

/// Rows at the last value, by which the next run knows them again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Hashes that the earlier run stored, for rows at the start.
    pub(crate) at_start: HashSet<String>,
    /// Form of the hashes in `at_start`.
    pub(crate) start_form: HashForm,
    /// Form of the hashes of this run; the current one as soon as the last value moves.
    pub(crate) form: HashForm,
}

impl Known {
    pub(crate) fn new(hashes: HashSet<String>) -> Self {
        let form = HashForm::of(&hashes);
        Self { at_start: hashes, start_form: form, form }
    }
}

/// Goes through the rows of one page.
pub(crate) struct RowFilter<'a> {
    pub(crate) settings: &'a CursorSettings,
    pub(crate) window: &'a mut Window,
    pub(crate) known: &'a mut Known,
}

/// A problem and the row that has it, counted from 0.
pub(crate) type RowProblem = (u64, CursorError);

/// What a filter did to a page.
#[derive(Debug)]
pub(crate) struct Filtered {
    pub(crate) hashes: HashChange,
    /// Rows that the range left out.
    pub(crate) left_out: u64,
}

impl RowFilter<'_> {
    /// Drops the rows that are not wanted, and those after the first `room` that are.
    pub(crate) fn filter(mut self, page: &mut JsonPage, room: u64) -> Result<Filtered, RowProblem> {
        let mut kept: Vec<Kept> = Vec::new();
        let mut collected: Vec<Range<usize>> = Vec::new();
        let mut change = HashChange::default();
        let (mut rows, mut left_out, mut start, mut row) = (0, 0, 0, 0);
        let deduplicates = self.settings.deduplicates();
        while rows < room && start < page.text().len() {
            let text = page.text();
            let end = memchr(b'\n', &text[start..]).map_or(text.len(), |length| start + length);
            let verdict = self.judge(&text[start..end]).map_err(|error| (row, error))?;
            if verdict == Verdict::Drop {
                left_out += 1;
            } else {
                rows += 1;
                Kept::push(&mut kept, row, start..(end + 1).min(text.len()));
            }
            match verdict {
                Verdict::NewLast => {
                    change.reset = true;
                    self.known.form = HashForm::Current;
                    collected.clear();
                }
                Verdict::AtLast => {}
                Verdict::Keep | Verdict::Drop => {
                    (start, row) = (end + 1, row + 1);
                    continue;
                }
            }
            if deduplicates {
                collected.push(start..end);
            }
            (start, row) = (end + 1, row + 1);
        }
        for range in collected {
            let hash = hash::of_row(&page.text()[range.clone()], &self.settings.key, self.known.form);
            change.added.push(hash.map_err(|error| (row_at(page, range.start), error))?);
        }
        page.retain(&kept.into_iter().map(|kept| (kept.rows, kept.text)).collect::<Vec<_>>());
        Ok(Filtered { hashes: change, left_out })
    }

    fn judge(&mut self, row: &[u8]) -> Result<Verdict, CursorError> {
        let value = match value_at(&self.settings.path, row) {
            Ok(Some(value)) => value,
            Ok(None) if row.trim_ascii() == b"null" => return Ok(Verdict::Drop),
            Ok(None) => return self.missing(|path| CursorError::Missing { path }),
            Err(NoCursor::Null) => return self.missing(|path| CursorError::Null { path }),
            Err(NoCursor::Nested(kind)) => {
                return Err(CursorError::NoScalar {
                    path: self.settings.name.clone(),
                    kind: kind.to_owned(),
                });
            }
            // Normalize names what is wrong with such a row, or puts it into quarantine.
            Err(NoCursor::Malformed) => return Ok(Verdict::Keep),
        };
        let place = self.window.place(&value);
        match place.map_err(|problem| not_comparable(self.settings, &value, &problem))? {
            Place::Outside => Ok(Verdict::Drop),
            Place::NewLast => Ok(Verdict::NewLast),
            Place::Inside { at_start, at_last } => {
                if at_start && self.settings.deduplicates() && self.is_known(row)? {
                    self.window.drop_known();
                    return Ok(Verdict::Drop);
                }
                Ok(if at_last { Verdict::AtLast } else { Verdict::Keep })
            }
        }
    }

    fn missing(&self, error: impl FnOnce(String) -> CursorError) -> Result<Verdict, CursorError> {
        match self.settings.on_missing {
            OnMissing::Raise => Err(error(self.settings.name.clone())),
            OnMissing::Include => Ok(Verdict::Keep),
            OnMissing::Exclude => Ok(Verdict::Drop),
        }
    }

    fn is_known(&self, row: &[u8]) -> Result<bool, CursorError> {
        if self.known.at_start.is_empty() && self.settings.key == RowKey::WholeRow {
            return Ok(false);
        }
        let hash = hash::of_row(row, &self.settings.key, self.known.start_form)?;
        Ok(self.known.at_start.contains(&hash))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Drop,
    Keep,
    NewLast,
    AtLast,
}

/// Rows that follow one another and stay.
struct Kept {
    rows: Range<u64>,
    text: Range<usize>,
}

impl Kept {
    fn push(kept: &mut Vec<Self>, row: u64, text: Range<usize>) {
        match kept.last_mut() {
            Some(last) if last.rows.end == row => {
                last.rows.end += 1;
                last.text.end = text.end;
            }
            _ => kept.push(Self { rows: row..row + 1, text }),
        }
    }
}

/// The value at the path; `Ok(None)` where the row has no such field.
fn value_at<'a>(path: &JsonPath, row: &'a [u8]) -> Result<Option<CursorValue<'a>>, NoCursor> {
    match path.find(row) {
        Ok(Some(text)) => CursorValue::from_json_text(text).map(Some),
        Ok(None) => Ok(None),
        Err(Malformed) => Err(NoCursor::Malformed),
    }
}

fn row_at(page: &JsonPage, start: usize) -> u64 {
    memchr::memchr_iter(b'\n', &page.text()[..start]).count() as u64
}

pub(crate) fn not_comparable(
    settings: &CursorSettings,
    value: &CursorValue<'_>,
    problem: &NotComparable,
) -> CursorError {
    match problem {
        NotComparable::With { other_name, other } => CursorError::NotComparable {
            path: settings.name.clone(),
            found: value.to_string(),
            other_name,
            other: other.to_string(),
        },
        NotComparable::Stranger { name, stranger } => CursorError::Stranger {
            path: settings.name.clone(),
            name,
            found: stranger.value.clone(),
            wanted: stranger.wanted,
            because: stranger.because.clone(),
        },
    }
}
