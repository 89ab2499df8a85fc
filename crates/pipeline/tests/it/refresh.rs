//! `--refresh`: what is dropped before the rows are extracted.

use cartage_pipeline::{ExtractOptions, Refresh, RunOptions};
use serde_json::Value;

use crate::bench::{Bench, at, done, ids, resource};

const CURSOR: &str = "incremental = { cursor_path = \"id\" }";

/// Two resources with cursors that were loaded once.
fn loaded() -> Bench {
    let bench = Bench::new(&(resource("items", CURSOR) + &resource("others", CURSOR)));
    bench.write("items.jsonl", "{\"id\": 1, \"old\": 1, \"tags\": [1]}\n{\"id\": 2, \"old\": 1}\n");
    bench.write("others.jsonl", &ids([7]));
    bench.run();
    bench.write("items.jsonl", &ids([2, 3]));
    bench
}

fn with(refresh: Refresh, resources: &[&str]) -> RunOptions {
    let resources = resources.iter().map(|name| (*name).to_owned()).collect();
    RunOptions {
        extract: ExtractOptions { resources, limit: None, refresh: Some(refresh) },
        extract_again: false,
    }
}

fn cursor(bench: &Bench, resource: &str) -> Value {
    at(&bench.remembered(), &["resources", resource, "incremental", "id", "last_value"]).clone()
}

#[test]
fn each_mode_drops_what_it_says_and_the_cursor_starts_from_the_beginning() {
    for (mode, columns, tables) in [
        (Refresh::DropSources, vec!["id"], vec!["items", "others"]),
        (Refresh::DropResources, vec!["id"], vec!["items", "others"]),
        (Refresh::DropData, vec!["id", "old"], vec!["items", "items__tags", "others"]),
    ] {
        let bench = loaded();
        done(bench.try_run(&with(mode, &[])));
        assert_eq!(bench.values("items", "id"), ["2", "3"], "{mode:?}");
        assert_eq!(bench.values("others", "id"), ["7"], "{mode:?}");
        assert_eq!(bench.columns("items"), columns, "{mode:?}");
        assert_eq!(bench.tables(), tables, "{mode:?}");
        assert_eq!(bench.count("items__tags"), 0, "{mode:?}");
        assert_eq!((cursor(&bench, "items"), cursor(&bench, "others")), (3.into(), 7.into()), "{mode:?}");
    }
}

#[test]
fn resources_that_take_no_part_keep_their_rows_unless_the_whole_source_goes() {
    for (mode, others) in [(Refresh::DropSources, 0), (Refresh::DropResources, 1), (Refresh::DropData, 1)] {
        let bench = loaded();
        done(bench.try_run(&with(mode, &["items"])));
        assert_eq!(bench.values("items", "id"), ["2", "3"], "{mode:?}");
        assert_eq!(bench.count("others"), others, "{mode:?}");
        let expected = if others == 0 { Value::Null } else { 7.into() };
        assert_eq!(cursor(&bench, "others"), expected, "{mode:?}");
        bench.run();
        assert_eq!(bench.count("others"), 1, "{mode:?}: the next run brings back what is missing, once");
    }
}

#[test]
fn the_file_may_ask_for_it_and_the_command_line_comes_first() {
    let bench = loaded().set("pipeline.refresh=drop_data");
    bench.run();
    assert_eq!((bench.values("items", "id").len(), bench.columns("items").len()), (2, 2));
    done(bench.try_run(&with(Refresh::DropResources, &[])));
    assert_eq!(bench.columns("items"), ["id"], "the tables were recreated");
}

#[test]
fn a_refresh_waits_in_the_package_and_happens_with_its_load() {
    let bench = loaded();
    done(bench.project().extract(&with(Refresh::DropResources, &["items"]).extract));
    bench.normalize();
    assert_eq!(bench.columns("items"), ["id", "old"], "nothing is dropped yet");
    assert_eq!(cursor(&bench, "items"), 2);
    bench.load();
    assert_eq!((bench.columns("items"), bench.values("items", "id").len()), (vec!["id".to_owned()], 2));
    assert_eq!(cursor(&bench, "items"), 3);
}

#[test]
fn an_aborted_refresh_has_dropped_nothing() {
    let bench = loaded();
    done(bench.project().extract(&with(Refresh::DropSources, &[]).extract));
    done(bench.project().abort());
    assert_eq!((bench.count("items"), bench.columns("items").len()), (2, 2));
    assert_eq!(cursor(&bench, "items"), 2);
    bench.write("items.jsonl", &ids([1, 3]));
    bench.run();
    assert_eq!(bench.values("items", "id"), ["1", "2", "3"]);
}
