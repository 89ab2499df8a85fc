//! `ingest`: the pipeline that its arguments stand for, and what becomes of it.

use clap::Parser;
use toml::{Table, Value};

use super::bench::{Bench, Done};
use crate::args::{Cli, Command};
use crate::commands::ingest::pipeline_text;

/// The pipeline file that a line of arguments stands for.
fn pipeline_of(line: &[&str]) -> Table {
    let words = ["cartage", "ingest"].iter().chain(line);
    let Command::Ingest(args) = Cli::try_parse_from(words).unwrap().command else { panic!("{line:?}") };
    pipeline_text(&args).unwrap_or_else(|error| panic!("{line:?}: {error}")).parse().unwrap()
}

fn refused(line: &[&str]) -> (String, String) {
    let words = ["cartage", "ingest"].iter().chain(line);
    let Command::Ingest(args) = Cli::try_parse_from(words).unwrap().command else { panic!("{line:?}") };
    let error = pipeline_text(&args).unwrap_err();
    (error.to_string(), error.hint().unwrap())
}

fn resource(document: &Table) -> &Table {
    document["sources"]["ingest"]["resources"][0].as_table().unwrap()
}

#[test]
fn each_argument_is_a_key_of_a_pipeline_file() {
    let document = pipeline_of(&[
        "data/*.csv.gz",
        "duckdb:out.duckdb",
        "--table",
        "events",
        "--dataset",
        "raw",
        "--file-format",
        "csv",
        "--write-disposition",
        "replace",
        "--primary-key",
        "a",
        "--primary-key",
        "b",
        "--max-table-nesting",
        "2",
        "--allow-empty",
    ]);
    assert_eq!(document["pipeline"]["dataset_name"].as_str(), Some("raw"));
    assert_eq!(document["pipeline"]["destination"].as_str(), Some("duckdb"));
    assert_eq!(document["destination"]["duckdb"]["path"].as_str(), Some("out.duckdb"));
    assert_eq!(document["sources"]["ingest"]["type"].as_str(), Some("files"));
    let expected: Table =
        "name = \"events\"\npath = \"data/*.csv.gz\"\nwrite_disposition = \"replace\"\nformat = \"csv\"\n\
                           primary_key = [\"a\", \"b\"]\nmax_table_nesting = 2\nallow_empty = true\n"
            .parse()
            .unwrap();
    assert_eq!(resource(&document), &expected);
}

#[test]
fn merges_and_cursors_are_those_of_a_pipeline_file() {
    let document = pipeline_of(&[
        "orders.jsonl",
        "null",
        "--write-disposition",
        "merge",
        "--merge-strategy",
        "upsert",
        "--primary-key",
        "id",
        "--merge-key",
        "day",
        "--incremental-key",
        "changed",
        "--incremental-start",
        "-7",
    ]);
    let expected: Table = "name = \"orders\"\npath = \"orders.jsonl\"\n\
                           write_disposition = { disposition = \"merge\", strategy = \"upsert\" }\n\
                           primary_key = [\"id\"]\nmerge_key = [\"day\"]\n\
                           incremental = { cursor_path = \"changed\", initial_value = -7 }\n"
        .parse()
        .unwrap();
    assert_eq!(resource(&document), &expected);
    let start = |value: &str| {
        let line = ["a.csv", "null", "--incremental-key", "at", "--incremental-start", value];
        resource(&pipeline_of(&line))["incremental"]["initial_value"].clone()
    };
    assert_eq!(start("2024-05-01"), Value::String("2024-05-01".to_owned()));
    assert_eq!(start("007"), Value::String("007".to_owned()));
}

#[test]
fn a_merge_without_a_key_is_refused() {
    let (message, remedy) = refused(&["a.jsonl", "null", "--write-disposition", "merge"]);
    assert!(
        message.contains("which rows are the same") && remedy.contains("--primary-key"),
        "{message}: {remedy}"
    );
    let upsert = ["a.jsonl", "null", "--write-disposition", "merge", "--merge-strategy", "upsert"];
    let (message, remedy) = refused(&[&upsert[..], &["--merge-key", "id"]].concat());
    assert!(message.contains("upsert") && remedy.ends_with("--primary-key"), "{message}: {remedy}");
    let (message, _) = refused(&["a.jsonl", "null", "--merge-strategy", "scd2"]);
    assert!(message.contains("--write-disposition append"), "{message}");
    pipeline_of(&["a.jsonl", "null", "--write-disposition", "merge", "--merge-strategy", "scd2"]);
}

#[test]
fn what_is_not_said_is_not_written() {
    let document = pipeline_of(&["events.jsonl", "null"]);
    let expected: Table =
        "name = \"events\"\npath = \"events.jsonl\"\nwrite_disposition = \"append\"\n".parse().unwrap();
    assert_eq!(resource(&document), &expected);
    assert!(document["destination"]["null"].as_table().unwrap().is_empty());
    assert_eq!(document["pipeline"]["dataset_name"].as_str(), Some("main"));
}

#[test]
fn how_csv_is_written_is_a_table_of_its_own() {
    let document = pipeline_of(&[
        "a.csv",
        "null",
        "--csv-delimiter",
        ";",
        "--csv-quote",
        "",
        "--csv-escape",
        "\\",
        "--csv-comment",
        "#",
        "--csv-skip-lines",
        "2",
        "--csv-encoding",
        "utf-16le",
        "--csv-decimal",
        ",",
        "--csv-header",
        "a, b",
        "--csv-null",
        "NA",
        "--csv-null",
        "",
        "--csv-types",
        "text",
        "--csv-name-collisions",
        "fail",
    ]);
    let expected: Table = "delimiter = \";\"\nquote = \"\"\nescape = '\\'\ncomment = \"#\"\nskip_lines = 2\n\
                           encoding = \"utf-16le\"\ndecimal = \",\"\nheader = [\"a\", \"b\"]\nnull_values = [\"NA\", \"\"]\n\
                           types = \"text\"\nname_collisions = \"fail\"\n"
        .parse()
        .unwrap();
    assert_eq!(resource(&document)["csv"].as_table(), Some(&expected));
    let headless = pipeline_of(&["a.csv", "null", "--csv-header", "none"]);
    assert_eq!(resource(&headless)["csv"]["header"], Value::Boolean(false));
}

#[test]
fn the_table_has_the_name_of_the_first_file() {
    for (source, table) in [
        ("events.jsonl", "events"),
        ("/data/2024/events.jsonl.gz", "events"),
        ("events-*.csv", "events"),
        ("in/orders_[0-9].parquet", "orders"),
        ("Orders 2024.csv", "Orders 2024"),
        ("file:///data/events.jsonl", "events"),
    ] {
        let document = pipeline_of(&[source, "null"]);
        assert_eq!(resource(&document)["name"].as_str(), Some(table), "{source}");
    }
    for source in ["*.jsonl", "-", "data/*", ".jsonl"] {
        let (message, remedy) = refused(&[source, "null"]);
        assert!(message.contains("cannot derive a table name from"), "{source}: {message}");
        assert!(remedy.contains("--table"), "{remedy}");
        assert_eq!(resource(&pipeline_of(&[source, "null", "--table", "t"]))["name"].as_str(), Some("t"));
    }
}

#[test]
fn a_pipeline_is_that_of_its_table_place_and_dataset() {
    let name = |line: &[&str]| pipeline_of(line)["pipeline"]["name"].as_str().unwrap().to_owned();
    let one = name(&["a.jsonl", "duckdb:x.duckdb"]);
    assert!(one.starts_with("ingest_a_"), "{one}");
    assert_eq!(one, name(&["a.jsonl", "duckdb:x.duckdb", "--limit", "3"]), "options make no difference");
    let absolute = format!("duckdb:{}", std::path::absolute("x.duckdb").unwrap().display());
    assert_eq!(one, name(&["b/a.jsonl", &absolute]), "nor does the way to the place");
    for other in [
        &["a.jsonl", "duckdb:y.duckdb"][..],
        &["a.jsonl", "filesystem:x.duckdb"],
        &["a.jsonl", "duckdb:x.duckdb", "--dataset", "d"],
        &["a.jsonl", "duckdb:x.duckdb", "--table", "b"],
    ] {
        assert_ne!(one, name(other), "{other:?}");
    }
}

#[test]
fn destinations_that_cannot_be_named_so_are_answered_with_those_that_can() {
    for (destination, message, remedy) in [
        (":x", "names no destination", "TYPE:PLACE"),
        ("oracle:x", "type 'oracle' is not known", "duckdb"),
        ("null:x", "a destination of type null does not take a place", "write null alone"),
    ] {
        let told = refused(&["a.jsonl", destination]);
        assert!(told.0.contains(message) && told.1.contains(remedy), "{destination}: {told:?}");
    }
}

/// Ingests into memory, with the settings of the tests.
fn ingest(bench: &Bench, words: &[&str]) -> Done {
    let sets = [
        "--set=destination.null.loader_file_format=jsonl",
        "--set=normalize.data_writer.disable_compression=true",
    ];
    bench.cartage(&[&["ingest"], words, &sets].concat())
}

#[test]
fn files_are_loaded_with_one_line() {
    let bench = Bench::empty();
    bench.write("in/events-1.jsonl", "{\"id\": 1, \"deep\": {\"list\": [1]}}\n");
    bench.write("in/events-2.jsonl", "{\"id\": 2}\n");
    ingest(&bench, &["@in/events-*.jsonl", "null"]).exits(0).prints(&["events  ", "is loaded"]);
    assert_eq!(
        (bench.count("events"), bench.tables()),
        (2, vec!["events".to_owned(), "events__deep__list".to_owned()])
    );
    ingest(&bench, &["@in/events-2.jsonl", "null", "--table", "events"]).exits(0);
    assert_eq!(bench.count("events"), 3, "an append");
    ingest(&bench, &["@in/events-*.jsonl", "null", "--write-disposition", "replace", "--limit", "1"])
        .exits(0);
    assert_eq!(bench.count("events"), 1);
    ingest(
        &bench,
        &["@in/none-*.jsonl", "null", "--table", "events", "--write-disposition", "replace", "--allow-empty"],
    )
    .exits(0);
    assert_eq!(bench.count("events"), 0, "no files give no rows");
}

#[test]
fn a_second_call_loads_what_is_beyond_the_cursor() {
    let bench = Bench::empty();
    let line = ["@in/n.jsonl", "null", "--incremental-key", "id", "--incremental-start", "2"];
    bench.write("in/n.jsonl", "{\"id\": 1}\n{\"id\": 2}\n{\"id\": 3}\n");
    ingest(&bench, &line).exits(0);
    assert_eq!(bench.count("n"), 2);
    bench.write("in/n.jsonl", "{\"id\": 3}\n{\"id\": 4}\n");
    ingest(&bench, &line).exits(0);
    assert_eq!(bench.count("n"), 3);
}

#[test]
fn csv_is_read_as_it_is_said() {
    let bench = Bench::empty();
    bench.write("sums.csv", "# of May\n1;2,5\n2;NA\n");
    let how = [
        "--csv-delimiter",
        ";",
        "--csv-comment",
        "#",
        "--csv-decimal",
        ",",
        "--csv-header",
        "id,sum",
        "--csv-null",
        "NA",
    ];
    ingest(&bench, &[&["@sums.csv", "null"], &how[..]].concat()).exits(0);
    let mut rows =
        cartage_destinations_api::Destination::reader(&bench.destination).unwrap().rows("sums").unwrap();
    for row in &mut rows {
        row.truncate(2);
    }
    let cell = |text: &str| Some(text.to_owned());
    assert_eq!(rows, [vec![cell("1"), cell("2.5")], vec![cell("2"), None]]);
}

#[test]
fn what_failed_can_be_given_up_with_the_same_line() {
    let bench = Bench::empty();
    bench.write("events.jsonl", "{\"id\": 1\n");
    let failed = ingest(&bench, &["@events.jsonl", "null"]).exits(1);
    let failed = failed.says(&[
        "events.jsonl, line 1",
        "the same command continues with it; with --abort it first drops it",
    ]);
    assert!(!failed.err.contains("cartage abort"), "{}", failed.err);
    bench.write("events.jsonl", "{\"id\": 1}\n");
    ingest(&bench, &["@events.jsonl", "null"]).exits(1).says(&["events.jsonl, line 1"]);
    ingest(&bench, &["@events.jsonl", "null", "--abort"]).exits(0).says(&["is aborted"]);
    assert_eq!(bench.count("events"), 1);
    let report = ingest(&bench, &["@events.jsonl", "null", "--format", "json"]).exits(0).json();
    assert_eq!(report["tables"]["events"], 1);
}

#[test]
fn the_address_of_a_table_is_a_source_of_a_database() {
    let document = pipeline_of(&[
        "postgresql://reader@h/shop?sslmode=require&table=crm.orders",
        "duckdb:out.duckdb",
        "--write-disposition",
        "merge",
        "--incremental-key",
        "updated_at",
    ]);
    let source = document["sources"]["ingest"].as_table().unwrap();
    assert_eq!(source["type"].as_str(), Some("sql_database"));
    assert_eq!(source["credentials"].as_str(), Some("postgresql://reader@h/shop?sslmode=require"));
    assert_eq!(source["schema"].as_str(), Some("crm"));
    let expected: Table = "name = \"orders\"\ntable = \"orders\"\nwrite_disposition = \"merge\"\n\
                           incremental = { cursor_path = \"updated_at\" }\n"
        .parse()
        .unwrap();
    assert_eq!(resource(&document), &expected);
}

#[test]
fn a_query_is_named_and_options_of_files_are_refused_for_databases() {
    let query = "sqlite:///x.db?query=select+1+as+one";
    let document = pipeline_of(&[query, "duckdb:out.duckdb", "--table", "ones"]);
    assert_eq!(resource(&document)["query"].as_str(), Some("select 1 as one"));
    assert_eq!(resource(&document)["name"].as_str(), Some("ones"));
    assert!(refused(&[query, "duckdb:out.duckdb"]).1.contains("--table"));
    for option in [&["--file-format", "csv"][..], &["--allow-empty"], &["--csv-types", "text"]] {
        let line = ["sqlite:///x.db?table=a", "duckdb:out.duckdb"].iter().chain(option).copied();
        let (message, _) = refused(&line.collect::<Vec<_>>());
        assert!(message.contains("files only"), "{message}");
    }
}
