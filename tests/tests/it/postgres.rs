//! The binary with PostgreSQL as its destination.

use cartage_test_support::postgres::{Server, shared, unique};
use cartage_tests::harness::{Bench, tree};

const ROWS: &str =
    "{\"id\":1,\"name\":\"a\",\"tags\":[\"x\",\"y\"]}\n{\"id\":2,\"name\":\"b\",\"tags\":[]}\n";

fn pipeline(bench: &Bench, dataset: &str, source: &str) {
    let file = format!(
        "[pipeline]\nname = \"test\"\ndataset_name = \"{dataset}\"\ndestination = \"postgres\"\n\n\
         [sources.test]\ntype = \"files\"\n[[sources.test.resources]]\nname = \"items\"\npath = \"items.jsonl\"\n{source}\n"
    );
    bench.write("pipeline.toml", file);
}

fn run(bench: &Bench, url: &str) -> (bool, String) {
    let mut command = bench.command("cartage", ["run", "pipeline.toml"]);
    command
        .env("DESTINATION__POSTGRES__CREDENTIALS", url)
        .env("RUST_LOG", "debug")
        .env("CARTAGE_LOG", "debug");
    let output = command.output().expect("cartage starts");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn clean(server: &Server, dataset: &str) {
    server.psql(&format!("DROP SCHEMA {dataset} CASCADE"));
}

#[test]
fn rows_are_merged_into_postgres_and_the_password_shows_nowhere() {
    let (server, bench, dataset) = (shared(), Bench::new(), unique("e2e"));
    pipeline(&bench, &dataset, "write_disposition = \"merge\"\nprimary_key = [\"id\"]");
    bench.write("items.jsonl", ROWS);
    let (ok, mut said) = run(&bench, &server.url());
    assert!(ok, "{said}");
    bench.write(
        "items.jsonl",
        "{\"id\":2,\"name\":\"B\",\"tags\":[\"z\"]}\n{\"id\":3,\"name\":\"c\",\"tags\":[]}\n",
    );
    let (ok, more) = run(&bench, &server.url());
    assert!(ok, "{more}");
    said.push_str(&more);
    assert_eq!(server.psql(&format!("SELECT id, name FROM {dataset}.items ORDER BY id")), "1|a\n2|B\n3|c");
    assert_eq!(server.psql(&format!("SELECT value FROM {dataset}.items__tags ORDER BY 1")), "x\ny\nz");
    assert_eq!(server.psql(&format!("SELECT count(*) FROM {dataset}._dlt_loads WHERE status = 0")), "2");
    let staging = format!("SELECT count(*) FROM pg_namespace WHERE nspname = '{dataset}_staging'");
    assert_eq!(server.psql(&staging), "0", "nothing is left of what was in flight");

    let password = &server.state().password;
    let (ok, refused) = run(&bench, &server.url().replace(password.as_str(), "hush-hush"));
    assert!(!ok && refused.contains("check username and password"), "{refused}");
    said.push_str(&refused);
    for secret in [password.as_str(), "hush-hush"] {
        assert!(!said.contains(secret), "{said}");
        for (name, bytes) in tree(&bench.data_dir()) {
            assert!(!String::from_utf8_lossy(&bytes).contains(secret), "{name}");
        }
    }
    clean(&server, &dataset);
}

#[test]
fn a_new_machine_goes_on_from_the_state_in_postgres() {
    let (server, dataset) = (shared(), unique("e2e"));
    let source =
        "write_disposition = \"append\"\nprimary_key = \"id\"\nincremental = { cursor_path = \"id\" }";
    for (rows, expected) in
        [(ROWS, "1\n2"), ("{\"id\":2,\"name\":\"b\"}\n{\"id\":5,\"name\":\"e\"}\n", "1\n2\n5")]
    {
        let machine = Bench::new();
        pipeline(&machine, &dataset, source);
        machine.write("items.jsonl", rows);
        let (ok, said) = run(&machine, &server.url());
        assert!(ok, "{said}");
        let found = server.psql(&format!("SELECT id FROM {dataset}.items ORDER BY id"));
        assert_eq!(found, expected, "each row once, on whatever machine");
    }
    clean(&server, &dataset);
}
