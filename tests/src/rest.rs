//! Pipelines over the loopback API whose resources remember where an interrupted run stopped.

use std::fmt::Write as _;

/// Each paginator at the route `numbers`, by the name of its resource.
pub const PAGINATORS: [(&str, &str); 7] = [
    ("offsets", r#"{ type = "offset", limit = 10, total_path = "total" }"#),
    ("pages", r#"{ type = "page_number", total_path = "pages" }"#),
    ("pages_until_empty", r#"{ type = "page_number", total_path = "" }"#),
    ("json_links", r#"{ type = "json_link", next_url_path = "next" }"#),
    ("header_links", r#""header_link""#),
    ("cursors", r#"{ type = "cursor", cursor_path = "cursors.next" }"#),
    ("header_cursors", r#""header_cursor""#),
];

/// A pipeline `test` into `out.duckdb` whose source `api` has one resource for each paginator with `total` rows
/// and the given hints, all of which resume.
pub fn resuming(url: &str, total: usize, delay: usize, hints: &str) -> String {
    let mut text = format!(
        "[pipeline]\nname = \"test\"\ndestination = \"duckdb\"\ndataset_name = \"data\"\n\n\
         [destination.duckdb]\npath = \"out.duckdb\"\n\n\
         [sources.api]\ntype = \"rest_api\"\n\n[sources.api.client]\nbase_url = \"{url}\"\n\n\
         [sources.api.resource_defaults]\nresume = true\n{hints}\n\n"
    );
    for (name, paginator) in PAGINATORS {
        write!(
            text,
            "[[sources.api.resources]]\nname = \"{name}\"\nendpoint = {{ path = \"numbers\", data_selector = \"items\", \
             params = {{ total = {total}, delay = {delay}, limit = 10 }}, paginator = {paginator} }}\n\n"
        )
        .expect("a string takes it");
    }
    text
}
