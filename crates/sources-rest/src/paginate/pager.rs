//! The progress of a walk through pages.

use std::collections::HashSet;

use cartage_row_readers::JsonPath;
use indexmap::IndexMap;
use reqwest::Url;
use reqwest::header::HeaderMap;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::detect::{CURSOR_PARAM, PAGE_PARAM};
use super::links::link;
use super::position::At;
use crate::config::{Cursor, Paginator, Range, Target};
use crate::request::Request;
use crate::template::is_address;

/// Answers with the same rows, one after the other, at which the walk counts as endless.
const SAME_ANSWERS: u32 = 3;

/// What a paginator looks at.
pub(crate) struct Seen<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// The address that was asked, for relative links.
    pub(crate) url: &'a Url,
    /// The body, as far as it holds no rows or is small.
    pub(crate) body: &'a [u8],
    /// Whether the body has its rows.
    pub(crate) is_whole: bool,
    /// Rows of the answer; not known to paginators that do not need them.
    pub(crate) rows: u64,
}

/// A paginator on its way.
#[derive(Debug)]
pub(crate) struct Pager {
    paginator: Paginator,
    /// The value of the request that is answered next.
    current: i64,
    /// Where a range ends, as far as it is known.
    end: Option<i64>,
    /// References with the answers that they gave.
    visited: HashSet<(u64, u64)>,
    last_body: u64,
    same_bodies: u32,
    /// What is answered next.
    at: At,
    /// The parameter with credentials that requests get: links may bring it, too.
    key_param: Option<String>,
}

impl Pager {
    pub(crate) fn new(paginator: Paginator, key_param: Option<String>) -> Self {
        let current = if let Paginator::Range(range) = &paginator { range.initial } else { 0 };
        Self {
            paginator,
            current,
            end: None,
            visited: HashSet::new(),
            last_body: 0,
            same_bodies: 0,
            at: At::Start,
            key_param,
        }
    }

    /// What is answered next.
    pub(crate) fn at(&self) -> &At {
        &self.at
    }

    /// Goes on where an earlier walk stopped. False if that is not a position of this paginator.
    pub(crate) fn resume(&mut self, at: At, request: &mut Request) -> bool {
        match (&self.paginator, &at) {
            (_, At::Start | At::End) => {}
            (Paginator::Range(_), At::Number(number)) => self.current = *number,
            (Paginator::Auto, At::Number(number)) => {
                request.params.insert(PAGE_PARAM.to_owned(), (*number).into());
            }
            (Paginator::HeaderLink { .. } | Paginator::JsonLink { .. } | Paginator::Auto, At::Link(link)) => {
                let Ok(url) = Url::parse(link) else { return false };
                request.url = url;
                request.params = IndexMap::new();
            }
            (Paginator::Cursor(cursor), At::Cursor(value)) => set(&cursor.target, value.clone(), request),
            (Paginator::HeaderCursor { param, .. }, At::Cursor(value)) => {
                request.params.insert(param.clone(), value.clone());
            }
            (Paginator::Auto, At::Cursor(value)) => {
                request.params.insert(CURSOR_PARAM.to_owned(), value.clone());
            }
            _ => return false,
        }
        self.at = at;
        true
    }

    /// Whether the first answer must show which paginator is meant.
    pub(crate) fn is_undecided(&self) -> bool {
        matches!(self.paginator, Paginator::Auto)
    }

    /// Goes on as another paginator, whose first request was sent without knowing it.
    pub(crate) fn decide(&mut self, paginator: Paginator) {
        let at = std::mem::take(&mut self.at);
        *self = Self::new(paginator, self.key_param.take());
        if let (Paginator::Range(_), At::Number(number)) = (&self.paginator, &at) {
            self.current = *number;
        }
        self.at = at;
    }

    /// Whether [`Seen::rows`] matters.
    pub(crate) fn needs_rows(&self) -> bool {
        match &self.paginator {
            Paginator::Range(range) => range.stop_after_empty_page,
            Paginator::Cursor(cursor) => cursor.stop_after_empty_page,
            _ => false,
        }
    }

    /// Makes a request the first one.
    pub(crate) fn begin(&self, request: &mut Request) {
        if let Paginator::Range(range) = &self.paginator {
            set_range(range, self.current, request);
        }
    }

    /// The request that is `ahead` pages after the one that is answered next, if it is sure or likely to come.
    pub(crate) fn ahead(&self, request: &Request, ahead: usize) -> Option<Request> {
        let Paginator::Range(range) = &self.paginator else { return None };
        let value = i64::try_from(ahead).ok()?.checked_mul(range.step)?.checked_add(self.current)?;
        let is_behind = |end: Option<i64>| end.is_some_and(|end| value >= end);
        if is_behind(range.maximum) || is_behind(self.end) || range.total.is_some() && self.end.is_none() {
            return None;
        }
        let mut next = request.clone();
        set_range(range, value, &mut next);
        Some(next)
    }

    /// Learns from an answer. True if there is another page; then `request` asks for it.
    pub(crate) fn advance(&mut self, seen: &Seen<'_>, request: &mut Request) -> Result<bool, String> {
        let goes_on = self.turn(seen, request)?;
        if !goes_on {
            self.at = At::End;
        }
        Ok(goes_on)
    }

    fn turn(&mut self, seen: &Seen<'_>, request: &mut Request) -> Result<bool, String> {
        match self.paginator.clone() {
            Paginator::SinglePage | Paginator::Auto => Ok(false),
            Paginator::HeaderLink { rel } => match link(seen.headers, &rel) {
                Some(next) => self.follow(&next, seen, request),
                None => Ok(false),
            },
            Paginator::JsonLink { path } => match value_at(&path, seen.body) {
                None | Some(Value::Null) => Ok(false),
                Some(Value::String(next)) if next.is_empty() => Ok(false),
                Some(Value::String(next)) => self.follow(&next, seen, request),
                Some(other) => {
                    Err(format!("the link to the next page is {other}, not a text; check `next_url_path`"))
                }
            },
            Paginator::HeaderCursor { header, param } => {
                let Some(next) = seen.headers.get(&header).and_then(|value| value.to_str().ok()) else {
                    return Ok(false);
                };
                self.check_progress(next, seen)?;
                self.at = At::Cursor(next.into());
                request.params.insert(param, next.into());
                Ok(true)
            }
            Paginator::Cursor(cursor) => self.follow_cursor(&cursor, seen, request),
            Paginator::Range(range) => self.step(&range, seen, request),
        }
    }

    fn follow(&mut self, next: &str, seen: &Seen<'_>, request: &mut Request) -> Result<bool, String> {
        self.check_progress(next, seen)?;
        let url = if is_address(next) { Url::parse(next) } else { seen.url.join(next) };
        let url = url.ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        request.url = url.ok_or("the link to the next page is not a URL")?;
        if let Some(param) = &self.key_param {
            leave_out(param, &mut request.url);
        }
        request.params = IndexMap::new();
        self.at = At::Link(request.url.to_string());
        Ok(true)
    }

    fn follow_cursor(
        &mut self,
        cursor: &Cursor,
        seen: &Seen<'_>,
        request: &mut Request,
    ) -> Result<bool, String> {
        let next = value_at(&cursor.path, seen.body).filter(is_truthy);
        if cursor.stop_after_empty_page && seen.rows == 0 {
            return Ok(false);
        }
        let has_more = cursor.has_more.as_ref().map(|path| has_more(path, seen.body)).transpose()?;
        let (Some(next), true) = (next, has_more.unwrap_or(true)) else { return Ok(false) };
        self.check_progress(&next.to_string(), seen)?;
        self.at = At::Cursor(next.clone());
        set(&cursor.target, next, request);
        Ok(true)
    }

    fn step(&mut self, range: &Range, seen: &Seen<'_>, request: &mut Request) -> Result<bool, String> {
        if range.stop_after_empty_page && seen.rows == 0 {
            return Ok(false);
        }
        if let Some((path, text)) = &range.total {
            self.end = Some(total(path, text, seen.body)?.saturating_add(range.base));
        }
        self.current = self.current.saturating_add(range.step);
        let is_behind = |end: Option<i64>| end.is_some_and(|end| self.current >= end);
        let is_over = is_behind(self.end) || is_behind(range.maximum);
        let has_more = range.has_more.as_ref().map(|path| has_more(path, seen.body)).transpose()?;
        if is_over || has_more == Some(false) {
            return Ok(false);
        }
        if self.end.is_none() && range.maximum.is_none() {
            self.check_change(seen)?;
        }
        self.at = At::Number(self.current);
        set_range(range, self.current, request);
        Ok(true)
    }

    /// Fails if a reference leads where it has led before.
    fn check_progress(&mut self, reference: &str, seen: &Seen<'_>) -> Result<(), String> {
        if !seen.is_whole || self.visited.insert((xxh3_64(reference.as_bytes()), xxh3_64(seen.body))) {
            return Ok(());
        }
        Err("the API gives the same page again and would do so forever: its reference to the next page leads back; \
             check `paginator`, or set stop_after_empty_page or maximum values"
            .to_owned())
    }

    /// Fails if the API ignores the number of the page.
    fn check_change(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        if !seen.is_whole {
            return Ok(());
        }
        let hash = xxh3_64(seen.body);
        self.same_bodies = if hash == self.last_body { self.same_bodies + 1 } else { 1 };
        self.last_body = hash;
        if self.same_bodies < SAME_ANSWERS {
            return Ok(());
        }
        Err(format!(
            "the API gave the same page {SAME_ANSWERS} times and would do so forever: it ignores the parameter of the \
             paginator; check its name"
        ))
    }
}

fn set_range(range: &Range, value: i64, request: &mut Request) {
    set(&range.target, value.into(), request);
    if let Some((target, limit)) = &range.limit {
        set(target, (*limit).into(), request);
    }
}

/// Takes a parameter out of an address.
fn leave_out(param: &str, url: &mut Url) {
    if !url.query_pairs().any(|(name, _)| name == param) {
        return;
    }
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != param)
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
}

fn set(target: &Target, value: Value, request: &mut Request) {
    match target {
        Target::Param(name) => {
            request.params.insert(name.clone(), value);
        }
        Target::Body(path) => request.set_in_body(path, value),
    }
}

fn value_at(path: &JsonPath, body: &[u8]) -> Option<Value> {
    serde_json::from_slice(path.find_text(body)?).ok()
}

/// As Python sees it: neither empty nor zero nor false.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(boolean) => *boolean,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn total(path: &JsonPath, text: &str, body: &[u8]) -> Result<i64, String> {
    let found = value_at(path, body).filter(|value| !value.is_null()).ok_or_else(|| {
        format!("the answer has no total at `{text}`; set `total_path`, or `total_path = \"\"` to go on until a page is empty")
    })?;
    let number = match &found {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|number| number as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| format!("the total at `{text}` is {found}, not a whole number; check `total_path`"))
}

fn has_more(path: &JsonPath, body: &[u8]) -> Result<bool, String> {
    let wrong = |what: &str| format!("`has_more_path` leads to {what}, not to true or false; check it");
    match value_at(path, body) {
        Some(Value::Bool(boolean)) => Ok(boolean),
        Some(Value::String(text)) => match text.to_lowercase().as_str() {
            "yes" | "true" | "t" | "y" | "1" => Ok(true),
            "no" | "false" | "f" | "n" | "0" => Ok(false),
            _ => Err(wrong(&format!("\"{text}\""))),
        },
        Some(Value::Null) | None => Err(wrong("nothing")),
        Some(other) => Err(wrong(&other.to_string())),
    }
}
