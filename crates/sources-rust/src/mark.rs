//! Rows that say themselves to which table they go, and what is said about it: `dlt.mark`.

use std::fmt::{self, Debug};
use std::sync::Arc;

use cartage_source_api::{JsonPage, Page, Route, RouteScope, SourceError};
use indexmap::IndexMap;
use serde::Serialize;

use crate::error::BoxError;
use crate::hints::{self, Hints};
use crate::page::{IntoPages, Outbox};
use crate::resource::ResourceBuilder;

type Fill = Box<dyn FnOnce(&mut Outbox) -> Result<(), SourceError> + Send>;

/// Rows with a mark. Resources whose pages are of this type may mix rows of any kind.
pub struct Marked {
    rows: u64,
    parts: Vec<Part>,
}

struct Part {
    table: Option<String>,
    hints: Option<Hints>,
    fill: Fill,
}

/// Rows for the table of the resource, beside others that have a mark.
pub fn unmarked(page: impl IntoPages + 'static) -> Marked {
    Marked::one(page, None, None)
}

/// Rows for another table, with the hints of the resource (or those that the table got by [`with_hints`]).
pub fn with_table_name(page: impl IntoPages + 'static, table: &str) -> Marked {
    Marked::one(page, Some(table.to_owned()), None)
}

/// Rows that bring hints. Laid over the hints of the resource, they are those of a table of their own if they say
/// its `table_name`: a table variant. Else they change the hints of the resource, from these rows on.
pub fn with_hints(page: impl IntoPages + 'static, hints: Hints) -> Marked {
    let table = hints.name_of_table();
    Marked::one(page, table, Some(hints))
}

impl Marked {
    fn one(page: impl IntoPages + 'static, table: Option<String>, hints: Option<Hints>) -> Self {
        let rows = page.row_count();
        Self { rows, parts: vec![Part { table, hints, fill: Box::new(move |out| page.into_pages(out)) }] }
    }

    /// Both, these first.
    #[must_use]
    pub fn and(mut self, later: Self) -> Self {
        self.rows += later.rows;
        self.parts.extend(later.parts);
        self
    }
}

impl Debug for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables: Vec<_> = self.parts.iter().map(|part| &part.table).collect();
        f.debug_struct("Marked").field("rows", &self.rows).field("tables", &tables).finish_non_exhaustive()
    }
}

impl IntoPages for Marked {
    const ROUTE_SCOPE: RouteScope = RouteScope::OtherHints;

    fn row_count(&self) -> u64 {
        self.rows
    }

    fn into_pages(self, out: &mut Outbox) -> Result<(), SourceError> {
        for Part { table, hints, fill } in self.parts {
            let resource = Arc::clone(out.resource());
            let hints = hints.map(|hints| hints::parse(&resource, hints.into_map())).transpose()?;
            let is_own = table.is_none() && hints.is_none();
            out.along((!is_own).then(|| Arc::new(Route { table, hints })), fill)?;
        }
        Ok(())
    }
}

impl<T: Serialize + Send + 'static> ResourceBuilder<Vec<T>> {
    /// Sends each row to a table that the row itself names. All tables have the hints of the resource.
    pub fn table_name_by(
        self,
        name: impl Fn(&T) -> String + Send + Sync + 'static,
    ) -> ResourceBuilder<Marked> {
        let mut marked = self.each_page(move |page| by_key(page, &name, |table| (Some(table), None)));
        marked.spec.route_scope = Some(RouteScope::OtherTables);
        marked
    }

    /// Says hints for each row by the row itself, with the name of its table among them. They are laid over those
    /// of the resource.
    pub fn hints_by(self, f: impl Fn(&T) -> Hints + Send + Sync + 'static) -> ResourceBuilder<Marked> {
        let hints_of = move |row: &T| {
            let hints = f(row);
            serde_json::Value::Object(hints.into_map()).to_string()
        };
        self.each_page(move |page| {
            by_key(page, &hints_of, |text| {
                let hints = Hints::from_text(&text);
                (hints.name_of_table(), Some(hints))
            })
        })
    }
}

/// Sorts the rows of a page by a key; rows of one key keep their order, keys that of their first rows.
fn by_key<T: Serialize>(
    page: Vec<T>,
    key: &impl Fn(&T) -> String,
    mark: impl Fn(String) -> (Option<String>, Option<Hints>),
) -> Result<Marked, BoxError> {
    let mut sorted: IndexMap<String, Vec<T>> = IndexMap::new();
    for row in page {
        sorted.entry(key(&row)).or_default().push(row);
    }
    let mut parts = Vec::with_capacity(sorted.len());
    let mut total = 0;
    for (key, rows) in sorted {
        let (table, hints) = mark(key);
        let page = JsonPage::from_rows(rows)?;
        total += page.rows();
        let fill: Fill = Box::new(move |out| {
            out.push(Page::Json(page));
            Ok(())
        });
        parts.push(Part { table, hints, fill });
    }
    Ok(Marked { rows: total, parts })
}
