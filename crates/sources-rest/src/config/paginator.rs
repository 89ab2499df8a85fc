//! `paginator`: how the next page is asked for.

use std::fmt::{self, Display};

use cartage_row_readers::JsonPath;
use serde::Deserialize;

use super::either::{FromText, Given};
use super::issue::{ConfigIssue, word};

/// `paginator` as it is written. A text names the type.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PaginatorTable {
    r#type: Option<String>,
    limit: Option<i64>,
    offset: Option<i64>,
    offset_param: Option<String>,
    offset_body_path: Option<String>,
    limit_param: Option<String>,
    limit_body_path: Option<String>,
    maximum_offset: Option<i64>,
    base_page: Option<i64>,
    page: Option<i64>,
    page_param: Option<String>,
    page_body_path: Option<String>,
    maximum_page: Option<i64>,
    total_path: Given<String>,
    has_more_path: Option<String>,
    stop_after_empty_page: Option<bool>,
    links_next_key: Option<String>,
    next_url_path: Option<String>,
    cursor_path: Option<String>,
    cursor_param: Option<String>,
    cursor_body_path: Option<String>,
    cursor_key: Option<String>,
}

impl FromText for PaginatorTable {
    fn from_text(text: &str) -> Self {
        Self { r#type: Some(text.to_owned()), ..Self::default() }
    }
}

/// The table `paginator` once its keys fit its type.
#[derive(Clone, Debug)]
pub(crate) enum Paginator {
    /// The first answer shows which one it is.
    Auto,
    SinglePage,
    HeaderLink {
        rel: String,
    },
    JsonLink {
        path: JsonPath,
    },
    Cursor(Cursor),
    HeaderCursor {
        header: String,
        param: String,
    },
    Range(Range),
}

impl Display for Paginator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::SinglePage => f.write_str("single_page"),
            Self::HeaderLink { rel } => write!(f, "header_link, relation `{rel}`"),
            Self::JsonLink { path } => write!(f, "json_link at `{path}`"),
            Self::Cursor(cursor) => write!(f, "cursor from `{}` into {}", cursor.path, cursor.target),
            Self::HeaderCursor { header, param } => {
                write!(f, "header_cursor from the header `{header}` into the parameter `{param}`")
            }
            Self::Range(range) => {
                let kind = if range.limit.is_some() { "offset" } else { "page_number" };
                write!(f, "{kind} in {}", range.target)?;
                if let Some((_, total)) = &range.total {
                    write!(f, ", total at `{total}`")?;
                }
                range.has_more.as_ref().map_or(Ok(()), |path| write!(f, ", more if `{path}`"))
            }
        }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Param(name) => write!(f, "the parameter `{name}`"),
            Self::Body(path) => write!(f, "`{path}` of the body"),
        }
    }
}

/// A cursor in the body of the answer.
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    pub(crate) path: JsonPath,
    pub(crate) target: Target,
    pub(crate) stop_after_empty_page: bool,
    pub(crate) has_more: Option<JsonPath>,
}

/// A number that grows from page to page.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) target: Target,
    pub(crate) initial: i64,
    pub(crate) step: i64,
    /// The number of the very first page.
    pub(crate) base: i64,
    pub(crate) maximum: Option<i64>,
    pub(crate) total: Option<(JsonPath, String)>,
    pub(crate) has_more: Option<JsonPath>,
    pub(crate) stop_after_empty_page: bool,
    /// The size of a page, which offsets need.
    pub(crate) limit: Option<(Target, i64)>,
}

/// Where a value goes in a request.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Param(String),
    /// Dotted path in the JSON body.
    Body(String),
}

const TYPES: [&str; 9] = [
    "auto",
    "single_page",
    "header_link",
    "json_link",
    "json_response",
    "cursor",
    "header_cursor",
    "offset",
    "page_number",
];

impl PaginatorTable {
    pub(crate) fn check(&self) -> Result<Paginator, ConfigIssue> {
        let kind = word("paginator.type", self.r#type.as_deref().unwrap_or("auto"), &TYPES)?;
        self.check_keys(kind)?;
        Ok(match kind {
            "single_page" => Paginator::SinglePage,
            "header_link" => Paginator::HeaderLink {
                rel: self.links_next_key.clone().unwrap_or_else(|| "next".to_owned()),
            },
            "json_link" | "json_response" => Paginator::JsonLink {
                path: path("next_url_path", self.next_url_path.as_deref().unwrap_or("next"))?,
            },
            "cursor" => Paginator::Cursor(Cursor {
                path: path("cursor_path", self.cursor_path.as_deref().unwrap_or("cursors.next"))?,
                target: target("cursor", self.cursor_param.as_ref(), self.cursor_body_path.as_ref())?,
                stop_after_empty_page: self.stop_after_empty_page.unwrap_or(false),
                has_more: self.has_more()?,
            }),
            "header_cursor" => Paginator::HeaderCursor {
                header: self.cursor_key.clone().unwrap_or_else(|| "next".to_owned()),
                param: self.cursor_param.clone().unwrap_or_else(|| "cursor".to_owned()),
            },
            "offset" => Paginator::Range(self.offset()?),
            "page_number" => Paginator::Range(self.page_number()?),
            _ => Paginator::Auto,
        })
    }

    fn offset(&self) -> Result<Range, ConfigIssue> {
        let limit = self.limit.filter(|limit| *limit > 0);
        let limit = limit.ok_or_else(|| {
            ConfigIssue::new(
                "paginator.limit",
                "an offset paginator needs `limit`, the rows of a page, 1 or more",
            )
        })?;
        self.range(Range {
            target: target("offset", self.offset_param.as_ref(), self.offset_body_path.as_ref())?,
            initial: self.offset.unwrap_or(0),
            step: limit,
            base: 0,
            maximum: self.maximum_offset,
            total: None,
            has_more: None,
            stop_after_empty_page: true,
            limit: Some((target("limit", self.limit_param.as_ref(), self.limit_body_path.as_ref())?, limit)),
        })
    }

    fn page_number(&self) -> Result<Range, ConfigIssue> {
        let base = self.base_page.unwrap_or(0);
        self.range(Range {
            target: target("page", self.page_param.as_ref(), self.page_body_path.as_ref())?,
            initial: self.page.unwrap_or(base),
            step: 1,
            base,
            maximum: self.maximum_page,
            total: None,
            has_more: None,
            stop_after_empty_page: true,
            limit: None,
        })
    }

    /// Adds what tells the end.
    fn range(&self, mut range: Range) -> Result<Range, ConfigIssue> {
        let total = match &self.total_path {
            Given::Absent => Some("total".to_owned()),
            Given::Nothing => None,
            Given::Value(path) => Some(path.clone()),
        };
        range.total = total.map(|text| Ok((path("total_path", &text)?, text))).transpose()?;
        range.has_more = self.has_more()?;
        range.stop_after_empty_page = self.stop_after_empty_page.unwrap_or(true);
        let has_end = range.total.is_some() || range.maximum.is_some() || range.has_more.is_some();
        if !has_end && !range.stop_after_empty_page {
            return Err(ConfigIssue::new(
                "paginator",
                "nothing says where the pages end; set total_path, has_more_path, a maximum, or \
                 stop_after_empty_page = true",
            ));
        }
        Ok(range)
    }

    fn has_more(&self) -> Result<Option<JsonPath>, ConfigIssue> {
        self.has_more_path.as_deref().map(|text| path("has_more_path", text)).transpose()
    }

    /// Keys of other types would do nothing.
    fn check_keys(&self, kind: &str) -> Result<(), ConfigIssue> {
        let offset: &[&str] = &["offset"];
        let page: &[&str] = &["page_number"];
        let ranges: &[&str] = &["offset", "page_number"];
        let cursors: &[&str] = &["cursor", "header_cursor"];
        let keys = [
            ("limit", self.limit.is_some(), offset),
            ("offset", self.offset.is_some(), offset),
            ("offset_param", self.offset_param.is_some(), offset),
            ("offset_body_path", self.offset_body_path.is_some(), offset),
            ("limit_param", self.limit_param.is_some(), offset),
            ("limit_body_path", self.limit_body_path.is_some(), offset),
            ("maximum_offset", self.maximum_offset.is_some(), offset),
            ("base_page", self.base_page.is_some(), page),
            ("page", self.page.is_some(), page),
            ("page_param", self.page_param.is_some(), page),
            ("page_body_path", self.page_body_path.is_some(), page),
            ("maximum_page", self.maximum_page.is_some(), page),
            ("total_path", !matches!(self.total_path, Given::Absent), ranges),
            ("has_more_path", self.has_more_path.is_some(), &["offset", "page_number", "cursor"]),
            (
                "stop_after_empty_page",
                self.stop_after_empty_page.is_some(),
                &["offset", "page_number", "cursor"],
            ),
            ("links_next_key", self.links_next_key.is_some(), &["header_link"]),
            ("next_url_path", self.next_url_path.is_some(), &["json_link", "json_response"]),
            ("cursor_path", self.cursor_path.is_some(), &["cursor"]),
            ("cursor_param", self.cursor_param.is_some(), cursors),
            ("cursor_body_path", self.cursor_body_path.is_some(), &["cursor"]),
            ("cursor_key", self.cursor_key.is_some(), &["header_cursor"]),
        ];
        match keys.iter().find(|(_, is_set, of)| *is_set && !of.contains(&kind)) {
            Some((key, _, of)) => Err(ConfigIssue::new(
                "paginator",
                format!("`{key}` belongs to {}, not to {kind}", of.join(" and ")),
            )),
            None => Ok(()),
        }
    }
}

fn path(key: &str, text: &str) -> Result<JsonPath, ConfigIssue> {
    text.parse().map_err(|reason: String| ConfigIssue::new(format!("paginator.{key}"), reason))
}

/// A parameter or a place in the body; the parameter `word` where neither is given.
fn target(word: &str, param: Option<&String>, body: Option<&String>) -> Result<Target, ConfigIssue> {
    match (param, body) {
        (None, None) => Ok(Target::Param(word.to_owned())),
        (Some(param), None) => Ok(Target::Param(param.clone())),
        (None, Some(body)) => Ok(Target::Body(body.clone())),
        (Some(_), Some(_)) => {
            Err(ConfigIssue::new("paginator", format!("give `{word}_param` or `{word}_body_path`, not both")))
        }
    }
}
