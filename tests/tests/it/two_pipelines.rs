//! Two pipelines that merge into the same tables at the same time.

use std::fmt::Write as _;

use cartage_tests::site::{Site, Target};

const ROUNDS: usize = 4;

fn merged_at_once(target: Target) {
    let site = Site::new(target);
    let mut rows = String::new();
    for id in 0..1000 {
        let _ = writeln!(rows, r#"{{"id": {id}, "list": [1, 2]}}"#);
    }
    site.bench.write("items.jsonl", rows);
    site.pipeline(
        "[[sources.test.resources]]\nname = \"items\"\npath = \"items.jsonl\"\nwrite_disposition = \"merge\"\n\
         primary_key = \"id\"\n",
    );
    let file = std::fs::read_to_string(site.bench.path().join("pipeline.toml")).expect("the pipeline file");
    site.bench.write("other.toml", file.replace("name = \"test\"", "name = \"other\""));
    // Which of them makes the tables is not what this is about.
    site.cartage(&["run"]).exits_with(0);
    for round in 0..ROUNDS {
        let mut both = [site.start(&["run"]), site.start(&["run", "other.toml"])];
        for run in &mut both {
            assert!(run.wait().expect("a child ends").success(), "{target:?}, round {round}");
        }
        let database = site.look();
        let count = |sql: &str| -> i64 { database.query_row(sql, [], |row| row.get(0)).expect("a number") };
        assert_eq!(count("SELECT count(*) FROM data.items"), 1000, "{target:?}, round {round}");
        assert_eq!(count("SELECT count(*) FROM data.items__list"), 2000, "{target:?}, round {round}");
    }
}

#[test]
fn two_pipelines_that_merge_into_postgres_at_once_leave_each_key_once() {
    merged_at_once(Target::Postgres);
}

#[test]
fn two_pipelines_that_merge_into_mariadb_at_once_leave_each_key_once() {
    merged_at_once(Target::MariaDb);
}

#[test]
fn two_pipelines_that_merge_into_sqlite_at_once_leave_each_key_once() {
    merged_at_once(Target::Sqlite);
}
