//! The server or the network goes away in the middle of a run: the run tries again, or says so and the next one
//! finishes it. Either way the rows are those of an undisturbed run.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

use cartage_test_support::TcpProxy;
use cartage_test_support::postgres::{Server, shared, unique};
use cartage_tests::content::content;
use cartage_tests::harness::{Bench, Done};
use cartage_tests::mirror;
use duckdb::Connection;

const ROWS: usize = 12_000;

/// A merge over a table that is there, with children, and an append, in many jobs.
fn prepared(dataset: &str) -> Bench {
    let bench = Bench::new();
    let rows = |generation: usize| {
        (0..ROWS).fold(String::new(), |mut text, id| {
            let _ =
                writeln!(text, r#"{{"id": {id}, "name": "row {id} {generation}", "tags": ["a", "t{id}"]}}"#);
            text
        })
    };
    bench.write("items.jsonl", rows(1));
    bench.write(
        "pipeline.toml",
        format!(
            "[pipeline]\nname = \"test\"\ndataset_name = \"{dataset}\"\ndestination = \"postgres\"\n\
             [data_writer]\nfile_max_items = 2000\n\n[sources.test]\ntype = \"files\"\n\
             [[sources.test.resources]]\nname = \"items\"\npath = \"items.jsonl\"\nwrite_disposition = \"merge\"\n\
             primary_key = \"id\"\n[[sources.test.resources]]\nname = \"log\"\npath = \"items.jsonl\"\n"
        ),
    );
    bench
}

fn command(bench: &Bench, url: &str) -> Command {
    let mut command = bench.command("cartage", ["run"]);
    command.env("DESTINATION__POSTGRES__CREDENTIALS", url);
    command
}

fn run(bench: &Bench, url: &str) -> Done {
    Done::of(&command(bench, url).output().expect("cartage starts"))
}

/// Fails unless each row came once, twice in the log, and nothing is left in flight.
fn check(database: &Connection, leftovers: &str, when: &str) {
    let found = content(database);
    let counts: Vec<(&str, i64)> = found.iter().map(|(table, (rows, _))| (table.as_str(), *rows)).collect();
    let rows = ROWS as i64;
    let wanted = [("items", rows), ("items__tags", 2 * rows), ("log", rows), ("log__tags", 2 * rows)];
    assert_eq!(counts, wanted, "{when}");
    assert_eq!(leftovers, "0", "nothing is staged any more: {when}");
}

/// Staged tables. An empty ledger may stay where the server went away just behind the commit; the next load of the
/// dataset removes it.
fn leftovers(server: &Server, dataset: &str) -> String {
    server.psql(&format!(
        "SELECT count(*) FROM pg_tables WHERE schemaname = '{dataset}_staging' AND tablename <> '_cartage_ledger'"
    ))
}

#[test]
fn a_server_that_is_restarted_at_any_moment_of_a_run_has_the_rows_of_one_run() {
    let server = Server::private();
    let undisturbed = prepared("whole");
    let begin = Instant::now();
    run(&undisturbed, &server.url()).exits_with(0);
    let whole = begin.elapsed();
    for moment in 1..8 {
        let dataset = format!("moment_{moment}");
        let bench = prepared(&dataset);
        let mut child = command(&bench, &server.url())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("cartage starts");
        sleep(whole * moment / 8);
        server.stop().expect("it stops");
        server.start().expect("it starts again");
        let code = child.wait().expect("a child ends").code();
        if code != Some(0) {
            assert_eq!(code, Some(1), "moment {moment}: it may be tried again");
            run(&bench, &server.url()).exits_with(0);
        }
        let when = format!("restarted after {moment}/8 of {whole:?}, exit code {code:?}");
        check(&mirror::of_server(&server, "postgres", &dataset), &leftovers(&server, &dataset), &when);
    }
}

#[test]
fn connections_that_break_again_and_again_leave_the_rows_of_one_run() {
    let server = shared();
    let proxy = TcpProxy::start(server.state().port, u64::MAX);
    let far = server.url().replace(&format!(":{}/", server.state().port), &format!(":{}/", proxy.port()));
    let mut broken = 0;
    for limit in [300, 2_000, 20_000, 60_000, 150_000, 400_000] {
        let dataset = unique("broken");
        let bench = prepared(&dataset);
        proxy.set_limit(limit);
        let done = run(&bench, &format!("{far}?sslmode=disable"));
        proxy.set_limit(u64::MAX);
        if done.code != Some(0) {
            let done = done.exits_with(1);
            assert!(done.stderr.contains("hint:"), "it says what to do: {}", done.stderr);
            run(&bench, &format!("{far}?sslmode=disable")).exits_with(0);
        }
        let when = format!("connections of {limit} bytes");
        check(&mirror::of_server(&server, "postgres", &dataset), &leftovers(&server, &dataset), &when);
        server.psql(&format!("DROP SCHEMA {dataset} CASCADE"));
        assert!(proxy.broken() > broken, "{when} broke");
        broken = proxy.broken();
    }
}
