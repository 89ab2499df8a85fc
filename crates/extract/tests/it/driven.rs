//! Resources whose rows one producer hands out for all of them, with checkpoints that speak for all.

use std::num::NonZeroU64;
use std::sync::Arc;

use cartage_extract::ExtractReport;
use cartage_source_api::{JsonPage, Page, Producer, Resource, Resume, SourceError, StateChange, StateOf};
use serde_json::{Value, json};

use crate::support::{Pipeline, hints};

/// What the driver hands out.
#[derive(Clone, Copy)]
enum Parcel {
    /// A row of this resource.
    Row(&'static str, u64),
    /// A checkpoint with this number in the state.
    Checkpoint(u64),
}

use Parcel::{Checkpoint, Row};

struct Driver(std::vec::IntoIter<Parcel>);

impl Producer for Driver {
    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        Ok(self.0.next().map(|parcel| Page::Message(Arc::new(parcel))))
    }

    fn has_checkpoints(&self) -> bool {
        true
    }

    fn resume(&self) -> Resume {
        Resume::AtEachPage
    }
}

/// Takes its rows, and the state if it is the first one.
struct Stream {
    name: &'static str,
    carries_state: bool,
    resume: Resume,
    parcel: Option<Parcel>,
    change: StateChange,
}

impl Producer for Stream {
    fn take_parent_page(&mut self, page: &Page) -> Result<(), SourceError> {
        let Page::Message(message) = page else { panic!("the driver has no rows") };
        self.parcel = message.downcast_ref::<Parcel>().copied();
        Ok(())
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        match self.parcel.take() {
            Some(Row(name, id)) if name == self.name => {
                JsonPage::from_rows([json!({"id": id})]).map(Page::Json).map(Some)
            }
            Some(Checkpoint(number)) => {
                self.change = StateChange::default().at_checkpoint();
                if self.carries_state {
                    self.change = std::mem::take(&mut self.change).set(StateOf::Source, "number", number);
                }
                Ok(Some(Page::Message(Arc::new(()))))
            }
            _ => Ok(None),
        }
    }

    fn take_state_change(&mut self) -> StateChange {
        std::mem::take(&mut self.change)
    }

    fn has_checkpoints(&self) -> bool {
        true
    }

    fn resume(&self) -> Resume {
        self.resume
    }
}

fn stream(name: &'static str, of_table: Value, carries_state: bool, resume: Resume) -> Resource {
    let producer = Stream { name, carries_state, resume, parcel: None, change: StateChange::default() };
    let parent = Some("program".to_owned());
    Resource { parent, ..Resource::new(name, hints(of_table), Box::new(producer)) }
}

/// Runs a driver with the resources `a` and `b`. Packages are full with three rows.
fn run(pipeline: &mut Pipeline, a: &Value, b: &Value, resume: Resume) -> ExtractReport {
    pipeline.settings.package.max_rows = NonZeroU64::new(3);
    let driver = Box::new(Driver(PARCELS.to_vec().into_iter()));
    let driver = Resource { selected: false, ..Resource::new("program", hints(json!({})), driver) };
    pipeline
        .run(vec![driver, stream("a", a.clone(), true, resume), stream("b", b.clone(), false, resume)])
        .unwrap()
}

const PARCELS: [Parcel; 12] = [
    Row("a", 1),
    Row("a", 2),
    Row("b", 1),
    Row("b", 2),
    Checkpoint(1),
    Row("b", 3),
    Checkpoint(2),
    Row("b", 4),
    Row("a", 3),
    Row("b", 5),
    Checkpoint(3),
    Row("a", 4),
];

/// For each package the rows of both tables, and the number in its state.
fn packages(pipeline: &Pipeline, report: &ExtractReport) -> Vec<(usize, usize, Value)> {
    let shown = |load_id| {
        let package = pipeline.open(load_id);
        let state = package.0.state_json().unwrap();
        let state: Value = state.map_or(Value::Null, |state| serde_json::from_str(&state).unwrap());
        (package.rows("a").len(), package.rows("b").len(), state["sources"]["shop"]["number"].clone())
    };
    report.packages.iter().map(|package| shown(&package.load_id)).collect()
}

#[test]
fn packages_end_at_checkpoints_with_the_state_there() {
    let mut pipeline = Pipeline::new();
    let report = run(&mut pipeline, &json!({}), &json!({}), Resume::AtEachPage);
    // A package is full with three rows and continues to the next checkpoint.
    assert_eq!(packages(&pipeline, &report), [(2, 2, json!(1)), (1, 3, json!(3)), (1, 0, json!(3))]);
    assert_eq!(report.resources.len(), 2, "the driver is not one of them");
}

#[test]
fn one_that_cannot_be_cut_holds_up_all_of_its_parent() {
    for (a, b) in [
        (json!({}), json!({"write_disposition": "replace"})),
        (json!({"write_disposition": "replace"}), json!({"write_disposition": "merge"})),
    ] {
        let mut pipeline = Pipeline::new();
        let report = run(&mut pipeline, &a, &b, Resume::AtEachPage);
        assert_eq!(packages(&pipeline, &report), [(4, 5, json!(3))], "{a} {b}");
    }
}

#[test]
fn rows_that_may_come_again_are_cut_only_where_they_replace_themselves() {
    let merge = json!({"write_disposition": "merge", "primary_key": "id"});
    for (of_table, expected) in [(merge, 3), (json!({}), 1)] {
        let mut pipeline = Pipeline::new();
        let report = run(&mut pipeline, &of_table, &of_table, Resume::NearEachPage);
        assert_eq!(report.packages.len(), expected, "{of_table}");
    }
}

#[test]
fn a_limit_counts_rows_and_not_messages() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.limit.rows = Some(3);
    let report = run(&mut pipeline, &json!({}), &json!({}), Resume::AtEachPage);
    assert_eq!((report.tables["a"], report.tables["b"]), (3, 3));
    let mut pipeline = Pipeline::new();
    pipeline.settings.limit.pages = Some(2);
    let report = run(&mut pipeline, &json!({}), &json!({}), Resume::AtEachPage);
    assert_eq!((report.tables["a"], report.tables["b"]), (2, 2));
}
