//! `state`: what is shown, set and forgotten, and that a change is a load like any other.

use cartage_destinations_api::{Destination, ErrorKind};
use cartage_destinations_null::LoadStep;
use cartage_pipeline::{Kind, PipelineError, StateEdit, StateScope};
use serde_json::{Value, json};

use crate::bench::{Bench, at, done, fails, ids, nothing, resource, says};

const CURSOR: &str = "incremental = { cursor_path = \"id\" }";
const LAST: &str = "incremental.id.last_value";

fn loaded() -> Bench {
    let bench = Bench::items(CURSOR, &ids([1, 2]));
    bench.run();
    bench
}

fn of(source: Option<&str>, resource: Option<&str>) -> StateScope {
    StateScope { source: source.map(str::to_owned), resource: resource.map(str::to_owned) }
}

fn items() -> StateScope {
    of(None, Some("items"))
}

fn set(bench: &Bench, scope: &StateScope, path: &str, value: Value) -> Result<StateEdit, PipelineError> {
    bench.with(|project, connector| project.set_state(scope, &path.parse().unwrap(), value, connector))
}

fn reset(bench: &Bench, scope: &StateScope) -> Result<StateEdit, PipelineError> {
    bench.with(|project, connector| project.reset_state(scope, connector))
}

fn last(bench: &Bench) -> Value {
    at(&bench.remembered(), &["resources", "items", "incremental", "id", "last_value"]).clone()
}

#[test]
fn a_value_that_is_set_is_loaded_and_the_next_run_starts_there() {
    let bench = loaded();
    let change = done(set(&bench, &items(), LAST, json!(0)));
    let [value] = &change.values[..] else { panic!("{change:?}") };
    assert_eq!((&value.old, &value.new), (&Some(json!(2)), &Some(json!(0))));
    assert_eq!(value.path, "sources.test.resources.items.incremental.id.last_value");
    assert_eq!((change.version, change.load_id.is_some()), (Some(2), true));
    assert_eq!(bench.count("_dlt_pipeline_state"), 2);
    assert_eq!((last(&bench), bench.folders()), (json!(0), [0, 0, 2, 0]));
    bench.run();
    assert_eq!(bench.count("items"), 4, "everything is newer than that");
}

#[test]
fn setting_what_is_there_already_loads_nothing() {
    let bench = loaded();
    let change = done(set(&bench, &items(), LAST, json!(2)));
    assert_eq!((change.load_id, change.version, bench.folders()), (None, Some(1), [0, 0, 1, 0]));
}

#[test]
fn values_are_named_from_the_top_or_below_a_scope_and_may_be_new() {
    for (scope, path, expected) in [
        (of(None, None), "sources.test.page", vec!["page"]),
        (of(Some("test"), None), "page", vec!["page"]),
        (of(Some("Test"), Some("fresh")), "seen.at", vec!["resources", "fresh", "seen", "at"]),
        (items(), "note", vec!["resources", "items", "note"]),
    ] {
        let bench = loaded();
        let change = done(set(&bench, &scope, path, json!([17])));
        assert_eq!(change.values[0].old, None, "{path}");
        assert_eq!(at(&bench.remembered(), &expected), &json!([17]), "{path}");
        assert_eq!(last(&bench), 2, "{path}: the rest stays");
    }
}

#[test]
fn a_text_in_the_place_of_a_time_is_a_time() {
    let hints = "incremental = { cursor_path = \"at\" }\ncolumns = { at = { data_type = \"timestamp\" } }";
    let bench = Bench::items(hints, "{\"at\": \"2024-05-01T00:00:00Z\"}\n");
    bench.run();
    let path = ["resources", "items", "incremental", "at", "last_value"];
    let before = at(&bench.remembered(), &path).as_str().unwrap().to_owned();
    done(set(&bench, &items(), "incremental.at.last_value", json!("2024-04-01T00:00:00Z")));
    let after = at(&bench.remembered(), &path).as_str().unwrap().to_owned();
    assert!(after.ends_with("2024-04-01T00:00:00Z"), "{after}");
    let is_mark = |text: &str| text.chars().next().filter(|first| !first.is_ascii());
    assert_eq!(is_mark(&after), is_mark(&before), "{before} {after}");
}

#[test]
fn what_cannot_be_set_is_refused_with_the_remedy_and_nothing_is_loaded() {
    let bench = loaded();
    for (scope, path, words) in [
        (of(None, Some("other")), LAST, vec!["has no entry for a resource \"other\"", "test.items"]),
        (
            of(None, None),
            "pipeline_name",
            vec!["`pipeline_name` is not a value of a source", "belongs to the pipeline"],
        ),
        (of(None, None), "sources.test", vec!["is not a value of a source", "begin with sources.NAME"]),
        (
            of(None, None),
            "sources.test.resources.items.incremental.id.last_value.x",
            vec!["a number", "cartage state show"],
        ),
    ] {
        says(&fails(set(&bench, &scope, path, json!(1))), Kind::Usage, &words);
    }
    assert_eq!((bench.folders(), last(&bench)), ([0, 0, 1, 0], json!(2)));
}

#[test]
fn a_reset_forgets_a_resource_or_a_source_and_the_rows_come_again() {
    for (scope, left) in [
        (items(), json!({ "resources": {} })),
        (of(Some("test"), Some("items")), json!({ "resources": {} })),
        (of(Some("test"), None), Value::Null),
    ] {
        let bench = loaded();
        let change = done(reset(&bench, &scope));
        assert!(change.values[0].old.is_some() && change.values[0].new.is_none(), "{change:?}");
        let remembered = bench.remembered();
        assert!(remembered == left || remembered == nothing(), "{scope:?}: {remembered}");
        bench.run();
        assert_eq!(bench.values("items", "id"), ["1", "1", "2", "2"], "{scope:?}");
    }
}

#[test]
fn a_reset_of_what_is_not_there_names_what_is() {
    let bench = loaded();
    for (scope, words) in [
        (of(None, None), vec!["neither a source nor a resource is named", "--resource", "test.items"]),
        (of(None, Some("itmes")), vec!["a resource \"itmes\"", "the state has test.items"]),
        (of(Some("shop"), None), vec!["the state has nothing at sources.shop"]),
        (of(Some("test"), Some("x")), vec!["nothing at sources.test.resources.x"]),
    ] {
        says(&fails(reset(&bench, &scope)), Kind::Usage, &words);
    }
    let fresh = Bench::items("", &ids([1]));
    says(&fails(reset(&fresh, &items())), Kind::Usage, &["pipeline test has no state yet"]);
}

#[test]
fn a_resource_of_two_sources_must_be_named_with_its_source() {
    let bench = Bench::new(&format!(
        "{}[sources.shop]\ntype = \"files\"\n[[sources.shop.resources]]\nname = \"items\"\npath = \"items.jsonl\"\n{CURSOR}\n",
        resource("items", CURSOR)
    ));
    bench.write("items.jsonl", &ids([1]));
    bench.run();
    says(
        &fails(reset(&bench, &items())),
        Kind::Usage,
        &["several sources have a resource \"items\"", "--source: test, shop"],
    );
    done(reset(&bench, &of(Some("shop"), Some("items"))));
    assert_eq!(last(&bench), 1, "that of the other source stays");
}

#[test]
fn nothing_is_changed_while_packages_wait() {
    let bench = loaded();
    bench.write("items.jsonl", &ids([3]));
    let pending = bench.extract().packages[0].load_id.clone();
    for error in [fails(set(&bench, &items(), LAST, json!(1))), fails(reset(&bench, &items()))] {
        says(&error, Kind::Usage, &["the state while package", &pending, "`cartage abort`"]);
    }
    bench.run();
    assert_eq!(last(&bench), 3);
}

#[test]
fn what_is_shown_is_the_newest_state_and_where_it_is_from() {
    let bench = Bench::items(CURSOR, &ids([1]));
    let view = bench.project().state(&of(None, None)).unwrap();
    assert_eq!((view.version, view.state), (None, Value::Null));
    bench.run();
    let view = bench.project().state(&of(None, None)).unwrap();
    assert_eq!((view.version, view.pending_package), (Some(1), None));
    assert!(view.state.get("_local").is_none(), "what is local is not part of it: {}", view.state);
    bench.write("items.jsonl", &ids([7]));
    let pending = bench.extract().packages[0].load_id.clone();
    let view = bench.project().state(&items()).unwrap();
    assert_eq!(at(&view.state, &["incremental", "id", "last_value"]), 7);
    assert_eq!((view.pending_package, view.version), (Some(pending), Some(2)));
    says(&fails(bench.project().state(&of(None, Some("x")))), Kind::Usage, &["test.items"]);
}

#[test]
fn a_change_that_the_destination_refuses_is_given_up_and_one_that_it_may_take_waits() {
    for (kind, pending, hint) in [
        (ErrorKind::Terminal, 0, "nothing was changed, and other runs continue"),
        (ErrorKind::Transient, 1, "the change is pending: `cartage load` tries it again"),
        (ErrorKind::Conflict, 1, "`cartage abort` drops it"),
    ] {
        let bench = loaded();
        bench.destination.fail(LoadStep::Commit, kind, 2);
        let error = fails(set(&bench, &items(), LAST, json!(0)));
        says(&error, error.kind(), &["cannot set the state", "injected", hint]);
        assert_eq!(bench.project().pending().unwrap().len(), pending, "{kind:?}");
        assert_eq!(last(&bench), 2, "{kind:?}");
        bench.destination.heal();
        bench.load();
        let expected = if pending == 0 { json!(2) } else { json!(0) };
        assert_eq!(last(&bench), expected, "{kind:?}");
    }
}

#[test]
fn a_change_keeps_a_trace_with_its_package() {
    let bench = loaded();
    let change = done(set(&bench, &items(), LAST, json!(0)));
    let traces = bench.traces();
    let of_change =
        |trace: &&Value| trace["report"]["packages"][0]["load_id"] == change.load_id.clone().unwrap();
    assert_eq!((traces.len(), traces.iter().filter(of_change).count()), (2, 1));
    assert!(bench.destination.state_sync().unwrap().newest_state("test").unwrap().is_some());
}
