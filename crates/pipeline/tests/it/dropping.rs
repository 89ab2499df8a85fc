//! `drop`: tables, nested tables, schema and state of resources go together, in one load.

use std::cell::Cell;

use cartage_destinations_api::ErrorKind;
use cartage_destinations_null::LoadStep;
use cartage_pipeline::{DropOptions, DropPlan, DropReport, Kind, PipelineError};
use serde_json::Value;

use crate::bench::{Bench, at, done, fails, ids, nothing, resource, says};

const CURSOR: &str = "incremental = { cursor_path = \"id\" }";

/// Two resources with a cursor each; `items` has a nested table.
fn loaded() -> Bench {
    let bench = Bench::new(&(resource("items", CURSOR) + &resource("others", CURSOR)));
    bench.write("items.jsonl", "{\"id\": 1, \"tags\": [1, 2]}\n");
    bench.write("others.jsonl", &ids([1]));
    bench.run();
    bench
}

fn of(resources: &[&str]) -> DropOptions {
    let resources = resources.iter().map(|name| (*name).to_owned()).collect();
    DropOptions { resources, ..DropOptions::default() }
}

fn plan(bench: &Bench, options: &DropOptions) -> Result<DropPlan, PipelineError> {
    bench.with(|project, connector| project.plan_drop(options, connector))
}

fn drop_if(bench: &Bench, options: &DropOptions, agrees: bool) -> Result<DropReport, PipelineError> {
    bench.with(|project, connector| project.drop(options, connector, &mut |_| Ok(agrees)))
}

fn states(bench: &Bench) -> Vec<String> {
    let resources = at(&bench.remembered(), &["resources"]).clone();
    resources.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

#[test]
fn a_plan_says_everything_and_does_nothing_and_the_drop_does_what_it_says() {
    let bench = loaded();
    let planned = done(plan(&bench, &of(&["items"])));
    assert_eq!(planned.tables, ["items__tags", "items"], "children before parents");
    assert_eq!(
        (&planned.resources, &planned.resource_states),
        (&vec!["items".to_owned()], &vec!["items".to_owned()])
    );
    assert_eq!(
        (planned.dataset.as_str(), planned.schema.as_str(), planned.warnings.len()),
        ("data", "test", 0)
    );
    assert_eq!((bench.tables().len(), bench.folders()), (3, [0, 0, 1, 0]));

    let report = done(drop_if(&bench, &of(&["items"]), true));
    assert_eq!(report.plan, planned);
    assert_eq!((bench.tables(), states(&bench)), (vec!["others".to_owned()], vec!["others".to_owned()]));
    let schema = bench.project().schema(None).unwrap();
    assert!(!schema.tables.contains_key("items") && !schema.tables.contains_key("items__tags"));
    assert_eq!(bench.values("_dlt_loads", "load_id").last(), report.load_id.as_ref());
    assert_eq!(bench.count("_dlt_version"), 1, "earlier versions of the schema have tables that are gone");

    bench.run();
    assert_eq!((bench.count("items"), bench.count("items__tags"), bench.count("others")), (1, 2, 1));
}

#[test]
fn which_resources_are_meant_may_be_said_by_name_pattern_or_all() {
    for (options, left) in [
        (of(&["items", "others"]), vec![]),
        (of(&["re:^it"]), vec!["others"]),
        (of(&["re:."]), vec![]),
        (DropOptions { all: true, ..DropOptions::default() }, vec![]),
        (DropOptions { source: Some("Test".to_owned()), ..of(&["others"]) }, vec!["items", "items__tags"]),
    ] {
        let bench = loaded();
        done(drop_if(&bench, &options, true));
        assert_eq!(bench.tables(), left, "{options:?}");
    }
}

#[test]
fn state_only_leaves_the_tables_and_paths_leave_the_rest_of_the_state() {
    let bench = loaded();
    let report = done(drop_if(&bench, &DropOptions { state_only: true, ..of(&["items"]) }, true));
    assert_eq!((report.plan.tables.len(), bench.tables().len()), (0, 3));
    assert_eq!(states(&bench), ["others"]);
    let path =
        |text: &str| DropOptions { state_paths: vec![text.parse().unwrap()], ..DropOptions::default() };
    let missing = done(drop_if(&bench, &path("resources.nobody"), true));
    assert!(missing.plan.warnings[0].contains("nothing at resources.nobody"), "{missing:?}");
    assert_eq!((missing.load_id, states(&bench).len()), (None, 1));
    let report = done(drop_if(&bench, &path("resources.*"), true));
    assert_eq!(report.plan.state_paths, ["resources.others"]);
    assert_eq!((states(&bench).len(), bench.tables().len()), (0, 3));
    bench.run();
    assert_eq!((bench.count("items"), bench.count("others")), (2, 2), "rows without a cursor come again");
}

#[test]
fn nothing_happens_without_consent_and_the_plan_is_what_is_asked_about() {
    let bench = loaded();
    let report = done(drop_if(&bench, &of(&["items"]), false));
    assert_eq!((report.load_id, bench.tables().len(), states(&bench).len()), (None, 3, 2));
    let asked = Cell::new(0);
    let refused = bench.with(|project, connector| {
        project.drop(&of(&["items"]), connector, &mut |plan| {
            asked.set(plan.tables.len());
            Err(PipelineError::Usage { message: "nobody answers".to_owned(), remedy: "say yes".to_owned() })
        })
    });
    says(&fails(refused), Kind::Usage, &["nobody answers", "say yes"]);
    assert_eq!((asked.get(), bench.folders()), (2, [0, 0, 1, 0]));
}

#[test]
fn what_cannot_be_dropped_is_told() {
    let bench = loaded();
    for (options, words) in [
        (DropOptions::default(), vec!["nothing to drop is named", "--drop-all"]),
        (of(&["re:("]), vec!["re: and a pattern"]),
        (
            DropOptions { source: Some("shop".to_owned()), ..of(&["items"]) },
            vec!["no source \"shop\"", "it has test"],
        ),
    ] {
        says(&fails(plan(&bench, &options)), Kind::Usage, &words);
        says(&fails(drop_if(&bench, &options, true)), Kind::Usage, &words);
    }
    let report = done(drop_if(&bench, &of(&["itmes"]), true));
    assert!(report.plan.warnings[0].contains("no tables or state of a resource \"itmes\""), "{report:?}");
    assert!(report.plan.is_empty() && report.load_id.is_none());

    let fresh = Bench::items("", &ids([1]));
    for error in [fails(plan(&fresh, &of(&["items"]))), fails(drop_if(&fresh, &of(&["items"]), true))] {
        says(&error, Kind::Usage, &["pipeline test has loaded nothing yet"]);
    }
    bench.extract();
    bench.write("items.jsonl", &ids([9]));
    bench.extract();
    says(
        &fails(drop_if(&bench, &of(&["items"]), true)),
        Kind::Usage,
        &["cannot drop while package", "pending"],
    );
    says(&fails(plan(&bench, &of(&["items"]))), Kind::Usage, &["cannot drop while package"]);
}

#[test]
fn of_several_sources_one_must_be_named() {
    let bench = Bench::new(&format!(
        "{}[sources.shop]\ntype = \"files\"\n[[sources.shop.resources]]\nname = \"orders\"\npath = \"items.jsonl\"\n",
        resource("items", "")
    ));
    bench.write("items.jsonl", &ids([1]));
    bench.run();
    says(
        &fails(plan(&bench, &of(&["orders"]))),
        Kind::Usage,
        &["several sources", "choose one with --source", "shop", "test"],
    );
    let options = DropOptions { source: Some("shop".to_owned()), ..of(&["orders"]) };
    done(drop_if(&bench, &options, true));
    assert_eq!(bench.tables(), ["items"]);
}

#[test]
fn a_machine_that_knows_nothing_plans_from_the_destination() {
    let other = loaded().machine("other");
    let planned = done(plan(&other, &of(&["items"])));
    assert_eq!(planned.tables, ["items__tags", "items"]);
    assert_eq!(other.project().store.documents().state().unwrap(), None, "planning restores nothing");
    done(drop_if(&other, &of(&["items"]), true));
    assert_eq!(other.tables(), ["others"]);
}

#[test]
fn a_drop_that_is_refused_for_good_is_given_up_and_one_that_may_pass_is_finished_by_the_next_load() {
    for (kind, pending) in [(ErrorKind::Terminal, 0), (ErrorKind::Transient, 1)] {
        let bench = loaded();
        bench.destination.fail(LoadStep::Prepare, kind, 2);
        let error = fails(drop_if(&bench, &of(&["items"]), true));
        says(&error, error.kind(), &["cannot drop tables", "injected"]);
        assert_eq!((bench.tables().len(), states(&bench).len()), (3, 2), "{kind:?}");
        assert_eq!(bench.project().pending().unwrap().len(), pending, "{kind:?}");
        bench.destination.heal();
        bench.load();
        assert_eq!(bench.tables().len(), if pending == 1 { 1 } else { 3 }, "{kind:?}");
    }
    // Behind the drop there is no way back.
    let bench = loaded();
    bench.destination.fail(LoadStep::Commit, ErrorKind::Terminal, 1);
    let error = fails(drop_if(&bench, &of(&["items"]), true));
    says(&error, error.kind(), &["`cartage load` tries it again"]);
    assert_eq!((bench.tables().len(), bench.project().pending().unwrap().len()), (1, 1));
    bench.load();
    assert_eq!(states(&bench), ["others"]);
}

#[test]
fn the_state_of_a_source_without_resources_is_empty_and_not_gone() {
    let bench = loaded();
    done(drop_if(&bench, &DropOptions { all: true, state_only: true, ..DropOptions::default() }, true));
    let resources = at(&bench.remembered(), &["resources"]).clone();
    assert!(resources == nothing() || resources == Value::Null, "{resources}");
}
