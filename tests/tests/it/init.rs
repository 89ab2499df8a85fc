//! `init`: what it writes runs.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

use cartage_test_support::RestServer;
use cartage_tests::harness::{Bench, Done, tree};

fn read(bench: &Bench, name: &str) -> String {
    fs::read_to_string(bench.path().join(name)).unwrap()
}

/// The commands that `init` says come next.
fn says_next(done: &Done, commands: &[&str]) {
    for command in commands {
        assert!(done.stdout.contains(command), "{command:?} is not in\n{}", done.stdout);
    }
}

#[test]
fn files_run_right_away_into_duckdb_and_folders() {
    for (destination, landed) in [("duckdb", "test.duckdb"), ("filesystem:out/lake", "out/lake")] {
        let bench = Bench::new();
        let done = bench.cartage(&["init", "files", destination, "--name", "test"]).exits_with(0);
        says_next(
            &done,
            &["wrote pipeline.toml", "wrote data/people.jsonl", "cartage source check", "cartage run"],
        );
        bench.cartage(&["source", "check"]).exits_with(0);
        let done = bench.cartage(&["run"]).exits_with(0);
        assert!(
            done.stdout.contains("people") && done.stdout.contains("people__languages"),
            "{}",
            done.stdout
        );
        assert!(bench.path().join(landed).exists(), "{landed}");
        // A second run replaces the rows, as the file says.
        bench.cartage(&["run"]).exits_with(0);
    }
}

#[test]
fn files_of_ones_own_and_the_name_of_the_folder() {
    let bench = Bench::new();
    bench.write("My Shop 2/in/orders-2024.csv", "id,amount\n1,2.5\n");
    let file = "My Shop 2/pipeline.toml";
    let done = bench.cartage(&["init", "in/*.csv", "duckdb:all.duckdb", "--file", file]).exits_with(0);
    says_next(&done, &["cartage run 'My Shop 2/pipeline.toml'"]);
    let text = read(&bench, file);
    assert!(text.contains("name = \"my_shop_2\"") && text.contains("name = \"in\""), "{text}");
    bench.cartage(&["run", file]).exits_with(0);
    assert!(bench.path().join("My Shop 2/all.duckdb").exists());
}

#[test]
fn an_api_runs_after_its_token_was_filled_in() {
    let (bench, server) = (Bench::new(), RestServer::start());
    let done = bench.cartage(&["init", "rest_api", "duckdb:out.duckdb", "--name", "test"]).exits_with(0);
    says_next(&done, &["wrote .cartage/secrets.toml", "fill in .cartage/secrets.toml"]);
    assert_eq!(read(&bench, ".gitignore"), ".cartage/secrets.toml\n");
    let address = format!("sources.github.client.base_url={}/github", server.url());
    let set = ["--set", &address];
    bench.cartage(&[&["run"][..], &set].concat()).exits_with(2).says("token");
    let secrets =
        read(&bench, ".cartage/secrets.toml").replace("# token = \"...\"", "token = \"secret-token\"");
    bench.write(".cartage/secrets.toml", secrets);
    let done = bench.cartage(&[&["source", "check"][..], &set].concat()).exits_with(0);
    assert!(done.stdout.contains("header_link, relation `next` (found)"), "{}", done.stdout);
    for _ in 0..2 {
        bench.cartage(&[&["run"][..], &set].concat()).exits_with(0);
        assert_eq!(bench.number("SELECT count(*) FROM test_data.issues"), 5);
        assert_eq!(bench.number("SELECT count(*) FROM test_data.issue_comments"), 10);
    }
}

#[test]
fn tables_of_a_database_run_after_the_credentials_were_filled_in() {
    let bench = Bench::new();
    bench.cartage(&["init", "sql_database", "duckdb:out.duckdb", "--name", "test"]).exits_with(0);
    bench.cartage(&["run"]).exits_with(2).says("sql_database source needs credentials");
    rusqlite::Connection::open(bench.path().join("shop.db"))
        .and_then(|shop| {
            shop.execute_batch(
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, updated_at DATETIME NOT NULL); \
                 INSERT INTO orders VALUES (1, '2023-01-01 00:00:00'), (2, '2024-05-01 00:00:00')",
            )
        })
        .expect("a file");
    let secrets = read(&bench, ".cartage/secrets.toml");
    let (_, example) = secrets.split_once("# credentials = ").expect("an example");
    let example = example.lines().next().expect("it is a line");
    bench.write(
        ".cartage/secrets.toml",
        secrets.replace(&format!("# credentials = {example}"), "credentials = \"sqlite:///shop.db\""),
    );
    let done = bench.cartage(&["source", "check"]).exits_with(0);
    assert!(done.stdout.contains("orders: ok"), "{}", done.stdout);
    for _ in 0..2 {
        bench.cartage(&["run"]).exits_with(0);
        assert_eq!(
            bench.number("SELECT count(*) FROM test_data.orders"),
            1,
            "one lies before the first value"
        );
    }
}

#[test]
fn an_api_of_ones_own_begins_with_its_address() {
    let (bench, server) = (Bench::new(), RestServer::start());
    let address = format!("{}/json_link", server.url());
    bench.cartage(&["init", &address, "duckdb:out.duckdb", "--name", "test"]).exits_with(0);
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM test_data.json_link"), 25);
}

#[test]
fn postgres_asks_for_credentials_and_takes_none_on_the_command_line() {
    let bench = Bench::new();
    let password = "postgres:postgresql://me:secret-word@host/db";
    let done = bench.cartage(&["init", "files", password]).exits_with(2).says("secrets.toml");
    assert!(!done.stderr.contains("secret-word") && tree(bench.path()).is_empty());
    bench.cartage(&["init", "files", "postgres", "--name", "test"]).exits_with(0);
    assert!(read(&bench, ".cartage/secrets.toml").contains("[destination.postgres.credentials]"));
    bench.cartage(&["source", "check"]).exits_with(0);
    bench.cartage(&["run"]).exits_with(2).says("credentials");
}
