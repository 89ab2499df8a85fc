//! Resources that work on the pages of another one.

use cartage_extract::NextItemMode;
use cartage_source_api::{JsonPage, Page, Producer, Resource, SourceError};
use serde_json::{Value, json};

use crate::support::{Pipeline, hints, numbered};

/// Gives each row of its parent twice, one page a row.
#[derive(Default)]
struct Twice(Vec<Value>);

impl Producer for Twice {
    fn take_parent_page(&mut self, page: &Page) -> Result<(), SourceError> {
        let Page::Json(page) = page else { return Ok(()) };
        assert!(self.0.is_empty(), "the page before is done with");
        let rows = page.text().split_inclusive(|byte| *byte == b'\n');
        self.0 = rows.rev().map(|row| serde_json::from_slice(row).unwrap()).collect();
        Ok(())
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        let Some(row) = self.0.pop() else { return Ok(None) };
        JsonPage::from_rows([&row, &row]).map(Page::Json).map(Some)
    }
}

fn twice(name: &str, parent: &str) -> Resource {
    let parent = Some(parent.to_owned());
    Resource { parent, ..Resource::new(name, hints(json!({})), Box::new(Twice::default())) }
}

#[test]
fn children_see_every_row_of_their_parent_in_order_whatever_the_mode() {
    for mode in [NextItemMode::RoundRobin, NextItemMode::Fifo] {
        let mut pipeline = Pipeline::new();
        pipeline.settings.next_item_mode = mode;
        let report = pipeline
            .run(vec![numbered("a", 3, 4, 10), twice("b", "a"), numbered("z", 2, 1, 10), twice("c", "b")])
            .unwrap();
        let rows = |table: &str| report.tables[table];
        assert_eq!((rows("a"), rows("b"), rows("c"), rows("z")), (12, 24, 48, 2), "{mode:?}");
    }
}

#[test]
fn a_parent_that_is_not_asked_for_runs_but_leaves_nothing() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.resources = Some(vec!["b".to_owned()]);
    let report = pipeline.run(vec![numbered("a", 3, 4, 10), twice("b", "a")]).unwrap();
    assert_eq!(report.tables.keys().collect::<Vec<_>>(), ["b"]);
    assert_eq!(report.tables["b"], 24);
    assert_eq!(report.resources.len(), 1);
}

#[test]
fn a_limit_of_pages_counts_the_pages_of_the_parent() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.limit.pages = Some(1);
    let report = pipeline.run(vec![numbered("a", 3, 4, 10), twice("b", "a")]).unwrap();
    assert_eq!((report.tables["a"], report.tables["b"]), (4, 8));
}
