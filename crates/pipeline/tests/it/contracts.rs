//! Contracts of a run: what is refused, what is left out, what is kept, and which contract counts.

use std::fs;

use cartage_package_store::Folder;
use cartage_pipeline::{Kind, RunReport};
use serde_json::Value;

use crate::bench::{Bench, done, resource, says};

/// A pipeline whose table `items` has `id`, `a` and a nested table, with new rows and this contract.
fn grown(contract: &str, rows: &str) -> Bench {
    let bench = Bench::items("", "{\"id\": 1, \"a\": 1, \"kids\": [{\"k\": 1}]}\n");
    bench.run();
    bench.write("items.jsonl", rows);
    bench.pipeline(&resource("items", contract));
    bench
}

/// Lines in the quarantine of the newest package in a folder.
fn kept(bench: &Bench, folder: Folder) -> Vec<Value> {
    let name = bench.packages(folder).pop().unwrap();
    let quarantine = bench.data().join("packages").join(folder.as_str()).join(name).join("quarantine");
    let files = fs::read_dir(quarantine).into_iter().flatten().map(|entry| entry.unwrap().path());
    let texts: Vec<String> = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    texts.iter().flat_map(|text| text.lines()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn discarded(report: &RunReport) -> Vec<String> {
    let told = report.discarded.iter().map(|one| {
        let column = one.column.as_deref().unwrap_or("-");
        format!("{}.{column} {} rows {} values", one.table, one.rows, one.values)
    });
    told.collect()
}

#[test]
fn what_is_frozen_is_named_with_row_example_and_the_words_that_allow_it() {
    let new_column = "{\"id\": 2}\n\n{\"id\": 3, \"color\": \"red\"}\n";
    for (contract, rows, words) in [
        (
            "schema_contract = \"freeze\"",
            new_column,
            vec![
                "column `color` (text) of table `items` is new",
                "items.jsonl, line 3",
                "\"red\"",
                "columns = \"evolve\"",
            ],
        ),
        ("schema_contract = { columns = \"freeze\" }", new_column, vec!["column `color`"]),
        (
            "schema_contract = { data_type = \"freeze\" }",
            "{\"id\": 2, \"a\": \"many\"}\n",
            vec!["column `a` of table `items` is bigint, but the value is text"],
        ),
        (
            "schema_contract = { tables = \"freeze\" }",
            "{\"id\": 2, \"new\": [{\"n\": 7}]}\n",
            vec!["table `items__new` is new", "{\"n\":7}"],
        ),
    ] {
        let bench = grown(contract, rows);
        says(&bench.run_fails(), Kind::Contract, &words);
        assert_eq!(
            (bench.folders(), bench.count("items")),
            ([1, 0, 1, 0], 1),
            "{contract}: the package waits"
        );
    }
}

#[test]
fn a_package_that_waits_goes_on_under_the_contract_of_now() {
    let rows = "{\"id\": 2, \"color\": \"red\"}\n{\"id\": 3}\n";
    for (contract, ids, columns) in [
        ("schema_contract = { columns = \"evolve\" }", vec!["1", "2", "3"], vec!["a", "color", "id"]),
        ("schema_contract = { columns = \"discard_row\" }", vec!["1", "3"], vec!["a", "id"]),
        ("schema_contract = { columns = \"discard_value\" }", vec!["1", "2", "3"], vec!["a", "id"]),
        ("schema_contract = \"evolve\"", vec!["1", "2", "3"], vec!["a", "color", "id"]),
    ] {
        let bench = grown("schema_contract = \"freeze\"", rows);
        bench.extract();
        assert_eq!(bench.project().normalize().unwrap_err().kind(), Kind::Contract);
        bench.pipeline(&resource("items", contract));
        bench.normalize();
        bench.load();
        assert_eq!(bench.values("items", "id"), ids, "{contract}");
        assert_eq!(bench.columns("items"), columns, "{contract}");
    }
}

#[test]
fn a_new_table_under_frozen_tables_is_refused_before_anything_is_published() {
    let bench = grown("", "{\"id\": 2}\n");
    bench.write("other.jsonl", "{\"o\": 5}\n");
    bench.pipeline(&format!("schema_contract = {{ tables = \"freeze\" }}\n{}", resource("other", "")));
    says(&bench.run_fails(), Kind::Contract, &["resource `other`: table `other` is new", "{\"o\": 5}"]);
    assert_eq!(bench.folders(), [0, 0, 1, 0]);
}

#[test]
fn discarded_rows_and_values_are_counted_and_kept_with_line_and_reason() {
    let rows = "{\"id\": 2, \"b\": {\"x\": 1}, \"kids\": [{\"k\": 2, \"z\": \"p\"}, {\"k\": 3}]}\n\
                {\"id\": 3, \"a\": \"text\"}\n{\"id\": 4, \"new\": [1, 2]}\n";
    let contract = "schema_contract = { tables = \"discard_row\", columns = \"discard_value\", data_type = \"discard_row\" }\n\
                    quarantine = true\n";
    let bench = grown("", rows);
    bench.pipeline(&format!("{contract}{}", resource("items", "")));
    let report = bench.run();
    assert_eq!(
        discarded(&report),
        [
            "items.a 1 rows 0 values",
            "items.b__x 0 rows 1 values",
            "items__kids.z 0 rows 1 values",
            "items__new.- 2 rows 0 values"
        ]
    );
    assert_eq!((bench.values("items", "id").len(), bench.count("items__kids")), (3, 3));
    let kept = kept(&bench, Folder::Loaded);
    let of = |line: u64, key: &str, text: &str| {
        let found = kept.iter().find(|kept| kept["line"] == line && kept[key] == text);
        let found = found.unwrap_or_else(|| panic!("{line} {key} {text} is not in {kept:#?}"));
        assert!(found["source"].as_str().unwrap().contains("items.jsonl"), "{found}");
        found["reason"].as_str().unwrap().to_owned()
    };
    assert!(of(1, "value", "1").contains("columns: discard_value"));
    assert!(of(1, "value", "\"p\"").contains("`items__kids`"));
    assert!(of(2, "row", "{\"id\": 3, \"a\": \"text\"}").contains("data_type: discard_row"));
    assert!(of(3, "row", "2").contains("tables: discard_row"));
    assert_eq!(kept.len(), 5);
    assert!(bench.traces().last().unwrap()["report"]["discarded"].to_string().contains("discard_value"));
}

#[test]
fn the_rows_of_a_table_that_is_not_let_in_are_kept_by_extract() {
    let bench = Bench::items(
        "schema_contract = { tables = \"discard_row\" }\nquarantine = true",
        "{\"id\": 1}\n{\"id\": 2}\n",
    );
    let report = bench.run();
    assert_eq!(discarded(&report), ["items.- 2 rows 0 values"]);
    assert_eq!(bench.tables(), Vec::<String>::new());
    let kept = kept(&bench, Folder::Loaded);
    assert_eq!((kept.len(), &kept[1]["row"], &kept[1]["line"]), (2, &"{\"id\": 2}".into(), &2.into()));
}

#[test]
fn without_quarantine_nothing_is_kept_and_the_summary_tells() {
    for (entity, rows, told) in [
        (
            "columns",
            "{\"id\": 2, \"b\": 1}\n",
            "contract: 1 values discarded: new column items.b (columns = discard_value)",
        ),
        (
            "data_type",
            "{\"id\": 2, \"a\": \"x\"}\n",
            "contract: 1 values discarded: other types in items.a (data_type = discard_value)",
        ),
    ] {
        let bench = grown(&format!("schema_contract = {{ {entity} = \"discard_value\" }}"), rows);
        let report = bench.run();
        assert!(report.to_string().contains(told), "{report}");
        assert!(kept(&bench, Folder::Loaded).is_empty());
        assert_eq!(bench.values("items", "id"), ["1", "2"]);
    }
}

#[test]
fn the_run_comes_before_the_source_and_the_source_before_nothing() {
    let rows = "{\"id\": 2, \"b\": 1}\n";
    for (run, source, own, columns) in [
        ("", "", "", 3),
        ("", "schema_contract = { columns = \"discard_value\" }\n", "", 2),
        ("", "schema_contract = { columns = \"discard_value\" }\n", "schema_contract = \"evolve\"", 3),
        ("{columns=\"discard_value\"}", "", "schema_contract = \"evolve\"", 2),
        ("\"evolve\"", "schema_contract = { columns = \"discard_value\" }\n", "", 3),
    ] {
        let mut bench = grown("", rows);
        bench.pipeline(&format!("{source}{}", resource("items", own)));
        if !run.is_empty() {
            bench = bench.set(&format!("pipeline.schema_contract={run}"));
        }
        bench.run();
        assert_eq!(bench.columns("items").len(), columns, "run {run:?}, source {source:?}, resource {own:?}");
    }
}

#[test]
fn a_contract_that_makes_no_sense_names_its_place() {
    for (place, source, set) in [
        ("sources.test.items.schema_contract", resource("items", "schema_contract = \"freez\""), None),
        (
            "sources.test.schema_contract",
            format!("schema_contract = {{ colums = \"freeze\" }}\n{}", resource("items", "")),
            None,
        ),
        ("pipeline.schema_contract", resource("items", ""), Some("pipeline.schema_contract=frozen")),
    ] {
        let mut bench = Bench::new(&source);
        bench.write("items.jsonl", "{\"id\": 1}\n");
        bench.sets.extend(set.map(str::to_owned));
        says(&bench.run_fails(), Kind::Usage, &[place, "for example schema_contract ="]);
        assert_eq!(bench.folders(), [0, 0, 0, 0], "{place}");
    }
}

#[test]
fn a_broken_contract_can_be_given_up() {
    let bench = grown("schema_contract = \"freeze\"", "{\"id\": 2, \"color\": \"red\"}\n");
    bench.run_fails();
    done(bench.project().abort());
    bench.write("items.jsonl", "{\"id\": 4}\n");
    bench.run();
    assert_eq!(
        (bench.values("items", "id"), bench.columns("items").len()),
        (vec!["1".to_owned(), "4".to_owned()], 2)
    );
}
