//! Pipelines in Rust: the examples of the crate `cartage`, as processes of their own.

use cartage_test_support::RestServer;
use cartage_tests::binaries::{example, workspace};
use cartage_tests::harness::{Bench, Done};
use serde_json::Value;

fn github(bench: &Bench, server: &RestServer) -> Done {
    let mut command = bench.program(&example("github"), [""; 0]);
    // As a user would say it: the environment, and a file with secrets beside it.
    command.env("SOURCES__GITHUB__BASE_URL", server.url());
    Done::of(&command.output().expect("the example starts")).exits_with(0)
}

fn number(bench: &Bench, sql: &str) -> i64 {
    let database = duckdb::Connection::open(bench.path().join("github.duckdb")).expect("a database");
    database.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

#[test]
fn the_github_example_loads_what_changed_and_merges_it() {
    let (bench, server) = (Bench::new(), RestServer::start());
    bench.write(".cartage/secrets.toml", "[sources.github]\naccess_token = \"t0ken\"\n");
    let first = github(&bench, &server);
    assert!(first.stdout.contains("issues"), "{}", first.stdout);
    let count = |table: &str| number(&bench, &format!("SELECT count(*) FROM raw.{table}"));
    assert_eq!((count("issues"), count("pulls"), count("stargazers")), (25, 12, 30));
    assert_eq!(count("issues__labels"), 50);

    let second = github(&bench, &server);
    assert_eq!((count("issues"), count("pulls"), count("stargazers")), (25, 12, 30));
    // The cursor let nothing pass that is known; the replaced table came again.
    let has_rows_of = |table: &str| second.stdout.lines().any(|line| line.starts_with(table));
    assert!(has_rows_of("stargazers") && !has_rows_of("pulls"), "{}", second.stdout);
    let asked = server.seen();
    let since: Vec<_> = asked.iter().filter_map(|seen| seen.param("since").map(str::to_owned)).collect();
    assert!(since.contains(&"2024-05-26T10:00:00Z".to_owned()), "{since:?}");
    assert!(asked.iter().all(|seen| seen.header("authorization") == Some("Bearer t0ken")));
}

#[test]
fn the_binary_finds_what_a_pipeline_of_rust_has_left() {
    let bench = Bench::new();
    assert_eq!(bench.example("hello").exits_with(0).stderr, "");
    bench.write(
        "pipeline.toml",
        "[pipeline]\nname = \"chess\"\ndataset_name = \"raw\"\ndestination = \"duckdb\"\n\
         [destination.duckdb]\npath = \"chess.duckdb\"\n",
    );
    let status = bench.cartage(&["--format", "json", "status"]).exits_with(0);
    let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!(status["pipeline"], "chess");
    assert_eq!(status["schemas"][0]["name"], "chess");
    let listed = bench.cartage(&["package", "list"]).exits_with(0);
    assert!(listed.stdout.contains("loaded"), "{}", listed.stdout);
}

#[test]
fn the_environment_and_its_files_configure_a_pipeline_of_rust() {
    let bench = Bench::new();
    bench.write(".cartage/config.toml", "[pipeline]\ndataset_name = \"not_this\"\n[load]\nworkers = 0\n");
    let done = bench.example("hello");
    // What is wrong is wrong wherever it is, and what the program says wins over the rest.
    assert_ne!(done.code, Some(0));
    assert!(done.stderr.contains("config.toml"), "{}", done.stderr);
    bench.write(".cartage/config.toml", "[pipeline]\ndataset_name = \"not_this\"\n[load]\nworkers = 3\n");
    bench.example("hello").exits_with(0);
    let database = duckdb::Connection::open(bench.path().join("chess.duckdb")).expect("a database");
    let count: i64 =
        database.query_row("SELECT count(*) FROM raw.squares", [], |row| row.get(0)).expect("a table");
    assert_eq!(count, 64);
}

#[test]
fn the_readme_shows_the_github_example_as_it_is() {
    let read = |path: &str| std::fs::read_to_string(workspace().join(path)).expect("a file");
    let (readme, program) = (read("README.md"), read("crates/cartage/examples/github.rs"));
    let shown = readme.split("```rust\nfn github(").nth(1).expect("the README has it");
    let function = shown.split("\n}\n").next().expect("it ends");
    assert!(program.contains(&format!("fn github({function}\n}}\n")), "README.md and github.rs differ");
}
