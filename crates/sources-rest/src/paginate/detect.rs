//! `auto`: which selector and which paginator an answer asks for. The rules are dlt's, and the links of standards that
//! it does not know.

use cartage_row_readers::JsonPath;
use indexmap::IndexMap;
use reqwest::header::HeaderMap;

use super::links::link;
use super::shape::Shape;
use crate::config::{Cursor, Paginator, Range, Target};

/// Names under which APIs put their rows.
const ROW_KEYS: [&str; 11] = [
    "data", "items", "results", "entries", "records", "rows", "entities", "payload", "content", "objects",
    "values",
];

/// The parameters of paginators that were found.
pub(super) const PAGE_PARAM: &str = "page";
pub(super) const CURSOR_PARAM: &str = "cursor";

/// Most keys on the way to a list of rows.
const MAX_DEPTH: usize = 3;

/// The path to the rows: the first list with a usual name, else the first list, else the answer itself.
pub(crate) fn detect_selector(shape: &Shape) -> String {
    let mut lists = Vec::new();
    if let Shape::Object(entries) = shape {
        find_lists(entries, &mut Vec::new(), &mut lists);
    }
    let usual = lists.iter().find(|path| path.last().is_some_and(|key| ROW_KEYS.contains(&key.as_str())));
    usual.or(lists.first()).map_or_else(|| "$".to_owned(), |path| json_path(path))
}

fn find_lists(entries: &IndexMap<String, Shape>, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    for (key, value) in entries {
        path.push(key.clone());
        match value {
            Shape::List => found.push(path.clone()),
            Shape::Object(inner) if path.len() < MAX_DEPTH => find_lists(inner, path, found),
            _ => {}
        }
        path.pop();
    }
}

/// A path that is understood whatever characters its keys have.
fn json_path(keys: &[String]) -> String {
    let is_plain = |key: &str| key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    let mut path = String::new();
    for key in keys {
        if is_plain(key) {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(key);
        } else {
            let quote = if key.contains('\'') { '"' } else { '\'' };
            path.push_str(&format!("[{quote}{key}{quote}]"));
        }
    }
    path
}

/// The paginator that an answer asks for: a link in its headers, a link or a number of pages or a cursor in its
/// body, else none.
pub(crate) fn detect_paginator(headers: &HeaderMap, shape: &Shape) -> Paginator {
    if link(headers, "next").is_some() {
        return Paginator::HeaderLink { rel: "next".to_owned() };
    }
    if let Some((path, _)) = find(shape, &mut Vec::new(), &standard_link)
        && let Ok(path) = json_path(&path).parse()
    {
        return Paginator::JsonLink { path };
    }
    let next = find(shape, &mut Vec::new(), &next_reference);
    let path_of = |keys: &[String]| json_path(keys).parse::<JsonPath>().ok();
    if let Some((path, Shape::Text(reference))) = &next
        && (reference.starts_with("http") || reference.starts_with('/'))
        && let Some(path) = path_of(path)
    {
        return Paginator::JsonLink { path };
    }
    if let Some((path, total)) = find(shape, &mut Vec::new(), &total_pages)
        && is_whole_number(&total)
        && let Some(total) = path_of(&path)
    {
        return Paginator::Range(by_page_number(total, json_path(&path)));
    }
    match next.and_then(|(path, _)| path_of(&path)) {
        Some(path) => Paginator::Cursor(Cursor {
            path,
            target: Target::Param(CURSOR_PARAM.to_owned()),
            stop_after_empty_page: false,
            has_more: None,
        }),
        None => Paginator::SinglePage,
    }
}

fn by_page_number(total: JsonPath, text: String) -> Range {
    Range {
        target: Target::Param(PAGE_PARAM.to_owned()),
        initial: 0,
        step: 1,
        base: 0,
        maximum: None,
        total: Some((total, text)),
        has_more: None,
        stop_after_empty_page: true,
        limit: None,
    }
}

fn is_whole_number(shape: &Shape) -> bool {
    match shape {
        Shape::Number(number) => number.is_some(),
        Shape::Text(text) => text.trim().parse::<i64>().is_ok(),
        _ => false,
    }
}

type Found = (Vec<String>, Shape);

/// The first entry that fits, an object's own before those below it.
fn find(
    shape: &Shape,
    path: &mut Vec<String>,
    fits: &impl Fn(&str, &Shape) -> Option<(Option<String>, Shape)>,
) -> Option<Found> {
    let Shape::Object(entries) = shape else { return None };
    for (key, value) in entries {
        path.push(key.clone());
        if let Some((inner, found)) = fits(key, value) {
            path.extend(inner);
            return Some((path.clone(), found));
        }
        if let Some(found) = find(value, path, fits) {
            return Some(found);
        }
        path.pop();
    }
    None
}

/// Keys that standards have for the link to the next page: OData 4, its forerunners, Hydra. dlt does not know them.
const STANDARD_LINKS: [&str; 5] = ["@odata.nextlink", "odata.nextlink", "@nextlink", "__next", "hydra:next"];

fn standard_link(key: &str, value: &Shape) -> Option<(Option<String>, Shape)> {
    let Shape::Text(link) = value else { return None };
    let fits = !link.is_empty() && STANDARD_LINKS.contains(&key.to_lowercase().as_str());
    fits.then(|| (None, value.clone()))
}

fn next_reference(key: &str, value: &Shape) -> Option<(Option<String>, Shape)> {
    if !key.to_lowercase().starts_with("next") {
        return None;
    }
    match value {
        Shape::Object(inner) => inner.iter().find_map(|(key, value)| {
            let name = key.to_lowercase();
            let fits = (name.starts_with("href") || name.starts_with("url")) && value.is_scalar();
            fits.then(|| (Some(key.clone()), value.clone()))
        }),
        value if value.is_scalar() => Some((None, value.clone())),
        _ => None,
    }
}

fn total_pages(key: &str, value: &Shape) -> Option<(Option<String>, Shape)> {
    let fits =
        matches!(key.to_lowercase().as_str(), "total_pages" | "pages" | "totalpages") && value.is_scalar();
    fits.then(|| (None, value.clone()))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderValue, LINK};

    use super::*;

    fn shape(text: &str) -> Shape {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn rows_are_found_by_usual_names_then_by_order() {
        for (text, path) in [
            (r#"{"meta": {"tags": []}, "data": {"items": [1], "n": 1}}"#, "data.items"),
            (r#"{"odd": [1], "results": [2]}"#, "results"),
            (r#"{"odd": [1], "other": [2]}"#, "odd"),
            (r#"{"a": {"b": {"c": {"items": []}}}}"#, "$"),
            (r#"{"a": {"b c": []}}"#, "a['b c']"),
            ("[1]", "$"),
            (r#"{"id": 1}"#, "$"),
        ] {
            assert_eq!(detect_selector(&shape(text)), path, "{text}");
        }
    }

    #[test]
    fn paginators_are_found_in_the_order_of_certainty() {
        let found = |text: &str| match detect_paginator(&HeaderMap::new(), &shape(text)) {
            Paginator::JsonLink { path } => format!("link {path:?}"),
            Paginator::Range(range) => format!("pages {:?}", range.total.map(|(_, text)| text)),
            Paginator::Cursor(cursor) => format!("cursor {:?}", cursor.path),
            Paginator::SinglePage => "single".to_owned(),
            other => format!("{other:?}"),
        };
        assert!(found(r#"{"links": {"next": {"href": "/x?page=2"}}}"#).starts_with("link"));
        assert!(found(r#"{"nextToken": "abc", "pages": 3}"#).starts_with("pages Some(\"pages\")"));
        assert!(found(r#"{"meta": {"next_cursor": "abc"}}"#).starts_with("cursor"));
        for (text, path) in [
            (r#"{"@odata.nextLink": "users?$skiptoken=2", "value": []}"#, "['@odata.nextLink']"),
            (r#"{"value": [], "odata.nextLink": "https://a.b/users?$skiptoken=2"}"#, "['odata.nextLink']"),
            (r#"{"d": {"results": [], "__next": "https://a.b/x?$skiptoken=2"}}"#, "d.__next"),
            (r#"{"hydra:view": {"hydra:next": "/x?page=2"}}"#, "['hydra:view']['hydra:next']"),
        ] {
            let path: JsonPath = path.parse().unwrap();
            assert_eq!(found(text), format!("link {path:?}"), "{text}");
        }
        assert_eq!(found(r#"{"@odata.nextLink": null, "value": []}"#), "single");
        assert_eq!(found(r#"{"next": null, "has_next": true}"#), "single");
        let headers =
            HeaderMap::from_iter([(LINK, HeaderValue::from_static("<https://a.b/x?page=2>; rel=\"next\""))]);
        assert!(matches!(detect_paginator(&headers, &shape("[]")), Paginator::HeaderLink { .. }));
    }
}
