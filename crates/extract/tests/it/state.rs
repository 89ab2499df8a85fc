//! What producers remember: it goes with the pages that were taken, never ahead of them.

use cartage_source_api::{OpenContext, Page, Producer, SourceError, StateChange, StateOf};
use serde_json::{Value, json};

use crate::support::{Endpoint, Pipeline, resource};

fn of_resource(pipeline: &Pipeline, key: &str) -> Value {
    let state = pipeline.state.resource_state("shop", "r");
    state.and_then(|state| state.get(key)).cloned().unwrap_or_default()
}

#[test]
fn a_producer_remembers_what_its_taken_pages_say_and_goes_on_from_there() {
    let mut pipeline = Pipeline::new();
    let endpoint = || resource("r", json!({}), Endpoint::new(5, 2));
    pipeline.settings.limit.rows = Some(3);
    let report = pipeline.run(vec![endpoint()]).unwrap();
    let taken: Vec<String> = (0..4).map(|n| Endpoint::row(n).to_string()).collect();
    assert_eq!(pipeline.package(&report).rows("r"), taken, "a page that moves a position is not cut");
    let is_resumable = pipeline.package(&report).0.manifest().resources[0].resumable;
    assert!(!is_resumable, "a run that its limit ended is done: one that repeats it must not read on");
    assert_eq!(of_resource(&pipeline, "page"), 2, "pages that were read ahead do not count");
    assert_eq!(pipeline.state.source_state("shop").unwrap()["seen"], 2);

    pipeline.settings.limit.rows = None;
    let report = pipeline.run(vec![endpoint()]).unwrap();
    let rest: Vec<String> = (4..10).map(|n| Endpoint::row(n).to_string()).collect();
    assert_eq!(pipeline.package(&report).rows("r"), rest);
    assert_eq!(of_resource(&pipeline, "page"), Value::Null, "the end forgets the position");
    assert_eq!(pipeline.state.source_state("shop").unwrap()["seen"], 5);
}

/// Changes the state when it is opened, and has no pages.
struct Opens;

impl Producer for Opens {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        assert_eq!(context.state_of("other").unwrap()["x"], 1);
        assert_eq!(context.source_state()["y"], 2);
        assert_eq!(context.resource, "r");
        Ok(None)
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        Ok(None)
    }

    fn take_state_change(&mut self) -> StateChange {
        StateChange::default().set(StateOf::OtherResource("other".to_owned()), "x", 3)
    }
}

#[test]
fn a_producer_sees_the_state_of_its_source_and_changes_that_of_other_resources() {
    let mut pipeline = Pipeline::new();
    pipeline.state.resource_state_mut("shop", "other").insert("x".to_owned(), json!(1));
    pipeline.state.source_state_mut("shop").insert("y".to_owned(), json!(2));
    let report = pipeline.run(vec![resource("r", json!({}), Opens)]).unwrap();
    assert!(report.state_extracted);
    assert_eq!(pipeline.state.resource_state("shop", "other").unwrap()["x"], 3);
}
