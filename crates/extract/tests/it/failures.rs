//! When something fails nothing is published, and the error says what it was.

use std::error::Error;

use cartage_extract::ExtractError;
use cartage_source_api::{JsonPage, Page, Pages, Producer, SourceError};
use serde_json::json;

use crate::support::{Pipeline, numbered, resource, values};

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// Gives a page and then does something else.
struct Then<F>(u32, F);

impl<F: FnMut() -> Result<Option<Page>, SourceError> + Send> Producer for Then<F> {
    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        self.0 += 1;
        if self.0 < 3 {
            return JsonPage::from_rows([json!({"id": 1})]).map(|page| Some(Page::Json(page)));
        }
        (self.1)()
    }
}

#[test]
fn an_error_of_a_producer_names_source_and_resource_and_leaves_nothing() {
    let mut pipeline = Pipeline::new();
    let bad = resource("bad", json!({}), Then(0, || Err(SourceError::Config("no such thing".to_owned()))));
    let error = pipeline.run(vec![numbered("good", 50, 10, 10_000), bad]).unwrap_err();
    assert_eq!(chain(&error), "source `shop`, resource `bad`: cannot extract: no such thing");
    assert_eq!(pipeline.packages(), 0);
    assert!(pipeline.is_staging_empty());
}

#[test]
fn a_panic_of_a_producer_is_an_error_of_its_resource() {
    let mut pipeline = Pipeline::new();
    let bad = resource("bad", json!({}), Then(0, || panic!("index {} out of range", 7)));
    let error = pipeline.run(vec![bad]).unwrap_err();
    assert!(
        chain(&error).contains("resource `bad`: cannot extract: the producer panicked: index 7 out of range")
    );
    assert!(pipeline.is_staging_empty());
}

#[test]
fn a_stop_publishes_nothing() {
    let mut pipeline = Pipeline::new();
    let cancel = pipeline.runtime.cancel.clone();
    let endless = Pages(std::iter::repeat_with(move || {
        cancel.cancel();
        JsonPage::from_rows([json!(1)]).map(Page::Json)
    }));
    let error = pipeline.run(vec![resource("endless", json!({}), endless)]).unwrap_err();
    assert!(matches!(error, ExtractError::Cancelled));
    assert_eq!(pipeline.packages(), 0);
    assert!(pipeline.is_staging_empty());
}

#[test]
fn names_of_resources_are_checked_against_the_known_ones() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.resources = Some(vec!["order".to_owned()]);
    let error = pipeline.run(vec![values("orders", json!({}), vec![])]).unwrap_err();
    assert_eq!(error.to_string(), "source `shop` has no resource `order`; it has orders");
    pipeline.settings.resources = None;
    let twice = vec![values("orders", json!({}), vec![]), values("orders", json!({}), vec![])];
    assert!(matches!(pipeline.run(twice), Err(ExtractError::DuplicateResource { .. })));
}

#[test]
fn hints_that_contradict_each_other_name_the_resource() {
    let mut pipeline = Pipeline::new();
    let merge = json!({"write_disposition": {"disposition": "merge", "strategy": "sideways"}});
    let error = pipeline.run(vec![values("orders", merge, vec![vec![json!(1)]])]).unwrap_err();
    assert!(
        chain(&error).starts_with("source `shop`, resource `orders`: its hints cannot be used"),
        "{error}"
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let mut pipeline = Pipeline::new();
    let staging = pipeline.temp.store.dir().join("packages/staging");
    std::fs::remove_dir(&staging).unwrap();
    std::fs::write(&staging, "in the way").unwrap();
    let error = pipeline.run(vec![values("orders", json!({}), vec![vec![json!(1)]])]).unwrap_err();
    assert!(chain(&error).contains("packages/staging"), "{}", chain(&error));
    assert_eq!(pipeline.packages(), 0);
}
