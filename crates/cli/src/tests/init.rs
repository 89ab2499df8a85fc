//! `init`: what is written can be read back, checked and run.

use std::fs;

use cartage_config::{Config, Environment, LoadOptions};
use cartage_destinations_api::kinds::KINDS;

use super::bench::Bench;

fn config(bench: &Bench, file: &str) -> Config {
    let file = Some(bench.path().join(file));
    let environment: Environment = [("HOME", "/nowhere")].into_iter().collect();
    Config::load(LoadOptions { file, environment, ..LoadOptions::default() }).unwrap()
}

#[test]
fn every_template_is_read_back_as_a_pipeline() {
    let sources = [
        "files",
        "rest_api",
        "sql_database",
        "process",
        "python",
        "singer",
        "airbyte",
        "https://api.example.com/v1/orders",
        "in/*.csv",
        "https://10.0.0.1:8080",
        "a.jsonl",
    ];
    let destinations: Vec<_> =
        KINDS.iter().filter(|kind| kind.template.is_some()).map(|kind| kind.name).collect();
    assert!(destinations.len() >= 3, "{destinations:?}");
    for source in sources {
        for destination in &destinations {
            let bench = Bench::empty();
            bench
                .cartage(&["init", source, destination, "--file", "@pipeline.toml", "--name", "shop"])
                .exits(0);
            let text = bench.read("pipeline.toml");
            assert!(!text.contains("{{") && !text.contains("}}"), "{source} {destination}:\n{text}");
            let config = config(&bench, "pipeline.toml");
            assert_eq!(
                (config.pipeline.name.as_str(), config.pipeline.dataset_name.as_str()),
                ("shop", "shop_data")
            );
            let found = config.destination.as_ref().map(|destination| destination.kind.as_str());
            assert_eq!(found, Some(*destination), "{source} {destination}");
            assert_eq!(config.sources.len(), 1, "{source} {destination}");
            let names_its_own = ["python", "singer", "airbyte"].contains(&source);
            assert_eq!(config.sources[0].resources.is_empty(), names_its_own, "{source} {destination}");
        }
    }
}

#[test]
fn the_example_can_be_checked_and_run_as_it_is() {
    let bench = Bench::empty();
    let done = bench
        .cartage(&["init", "files", "filesystem:lake", "--file", "@pipeline.toml", "--name", "test"])
        .exits(0);
    done.prints(&[
        "wrote ./pipeline.toml\nwrote ./data/people.jsonl\n\nnext:\n",
        "  1. cartage source check ./pipeline.toml",
        "  2. cartage run ./pipeline.toml\n",
    ]);
    bench.cartage(&["source", "check", "FILE"]).exits(0).prints(&["people: ok"]);
    let null = [
        "--set",
        "pipeline.destination=null",
        "--set",
        "destination.null.loader_file_format=jsonl",
        "--set",
        "normalize.data_writer.disable_compression=true",
    ];
    for _ in 0..2 {
        bench.cartage(&[&["run", "FILE"], &null[..]].concat()).exits(0);
    }
    let rows = bench.read("data/people.jsonl").lines().count() as u64;
    assert_eq!(bench.count("people"), rows, "a second run replaces");
    assert_eq!(bench.tables(), ["people", "people__languages"]);
}

#[test]
fn names_come_from_the_folder_the_path_and_the_host() {
    for (folder, source, name, source_name, resource) in [
        ("My Shop 2", "in/*.csv", "my_shop_2", "files", "in"),
        ("2024", "Orders 1.jsonl", "p_2024", "files", "orders_1"),
        ("x", "data/people.json.gz", "x", "files", "people"),
        ("x", "s3://bucket/in/Orders-1.csv", "x", "files", "orders_1"),
        ("x", "https://api.github.com/users/", "x", "github", "users"),
        ("x", "https://example.com/v1/Order-Items?page=1", "x", "example", "order_items"),
        ("x", "http://localhost:8080/things", "x", "localhost", "things"),
        ("x", "http://10.1.2.3/things", "x", "api", "things"),
        ("x", "https://example.com", "x", "example", "items"),
    ] {
        let bench = Bench::empty();
        let file = format!("{folder}/pipeline.toml");
        bench.cartage(&["init", source, "duckdb", "--file", &format!("@{file}")]).exits(0);
        let config = config(&bench, &file);
        let found = &config.sources[0];
        assert_eq!((config.pipeline.name.as_str(), found.name.as_str()), (name, source_name), "{source}");
        assert_eq!(found.resources[0].name, resource, "{source}");
    }
}

#[test]
fn a_place_goes_where_the_destination_wants_it() {
    for (destination, holds) in [
        ("duckdb:all.duckdb", "all.duckdb"),
        ("filesystem:out/lake", "out/lake"),
        ("filesystem:s3://bucket/raw", "s3://bucket/raw"),
    ] {
        let bench = Bench::empty();
        bench.cartage(&["init", "files", destination, "--file", "@pipeline.toml"]).exits(0);
        assert!(bench.read("pipeline.toml").contains(&format!("\"{holds}\"")), "{destination}");
    }
}

#[test]
fn credentials_go_into_a_file_that_git_leaves_alone() {
    let bench = Bench::empty();
    let done = bench
        .cartage(&["init", "rest_api", "postgres", "--file", "@pipeline.toml", "--format", "json"])
        .exits(0);
    let report = done.json();
    assert_eq!(
        report["written"],
        serde_json::json!(["./pipeline.toml", "./.cartage/secrets.toml", "./.gitignore"])
    );
    assert!(report["next"][0].as_str().unwrap().contains("fill in .cartage/secrets.toml"), "{report}");
    let secrets = bench.read(".cartage/secrets.toml");
    for holds in [
        "keep this file out of version control",
        "[sources.github.client.auth]",
        "[destination.postgres.credentials]",
    ] {
        assert!(secrets.contains(holds), "{holds}:\n{secrets}");
    }
    assert!(secrets.parse::<toml::Table>().is_ok(), "{secrets}");
    assert_eq!(bench.read(".gitignore"), ".cartage/secrets.toml\n");

    let mine = Bench::empty();
    mine.write(".gitignore", "target\n");
    mine.cartage(&["init", "files", "postgres", "--file", "@pipeline.toml"]).exits(0);
    assert_eq!(mine.read(".gitignore"), "target\n", "a file of the user stays as it is");
}

#[test]
fn a_password_on_the_command_line_is_refused_and_not_repeated() {
    let bench = Bench::empty();
    for kind in KINDS
        .iter()
        .filter(|kind| kind.template.is_some() && kind.place.as_ref().is_some_and(|place| place.is_secret))
    {
        let word = format!("{}:{}://me:swordfish@host/db", kind.name, kind.name);
        let done = bench.cartage(&["init", "files", &word, "--file", "@pipeline.toml"]).exits(2);
        let done = done.says(&["may contain a password", ".cartage/secrets.toml"]);
        assert!(!done.err.contains("swordfish"), "{}", done.err);
    }
    assert_eq!(fs::read_dir(bench.path()).unwrap().count(), 0);
}

#[test]
fn nothing_is_overwritten_and_it_is_all_or_nothing() {
    let bench = Bench::empty();
    bench.write("pipeline.toml", "# mine\n");
    let init = |words: &[&str]| bench.cartage(&[&["init"], words].concat());
    init(&["files", "duckdb", "--file", "@pipeline.toml"])
        .exits(2)
        .says(&["./pipeline.toml already exists", "--file"]);
    assert_eq!(bench.read("pipeline.toml"), "# mine\n");
    assert!(!bench.path().join("data").exists());
    bench.write("other/.cartage/secrets.toml", "# mine\n");
    init(&["rest_api", "duckdb", "--file", "@other/pipeline.toml"])
        .exits(2)
        .says(&["secrets.toml already exists"]);
    assert!(!bench.path().join("other/pipeline.toml").exists());
}

#[test]
fn wrong_words_are_answered_with_the_right_ones() {
    let bench = Bench::empty();
    for (source, destination, words) in [
        ("file", "duckdb", ["\"file\" is not a source", "rest_api, files"]),
        ("files", "oracle", ["no template for the destination \"oracle\"", "duckdb"]),
        ("files", "null", ["no template for the destination \"null\"", "postgres"]),
    ] {
        bench.cartage(&["init", source, destination, "--file", "@pipeline.toml"]).exits(2).says(&words);
    }
    bench.write("blocked", "");
    let done = bench.cartage(&["init", "files", "duckdb", "--file", "@blocked/pipeline.toml", "--name", "x"]);
    done.exits(2).says(&["cannot write", "--file"]);
    assert_eq!(fs::read_dir(bench.path()).unwrap().count(), 1);
}

#[test]
fn a_path_with_quotes_survives_the_file() {
    let bench = Bench::empty();
    bench
        .cartage(&["init", "in \"x\"/a\\b.jsonl", "duckdb", "--file", "@pipeline.toml", "--name", "x"])
        .exits(0);
    let document: toml::Table = bench.read("pipeline.toml").parse().unwrap();
    let source = document["sources"]["files"].as_table().unwrap();
    assert_eq!(source["resources"][0]["path"].as_str(), Some("in \"x\"/a\\b.jsonl"));
}

#[test]
fn addresses_of_databases_are_not_taken_and_secrets_are_for_their_owner() {
    let bench = Bench::empty();
    let address = "postgresql://me:hush@host/db";
    let done = bench.cartage(&["init", address, "duckdb", "--file", "@pipeline.toml"]).exits(2);
    done.says(&["does not belong on the command line", "secrets.toml"]);
    assert!(!bench.path().join("pipeline.toml").exists());
    bench.cartage(&["init", "sql_database", "duckdb", "--file", "@pipeline.toml"]).exits(0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let secrets = fs::metadata(bench.path().join(".cartage/secrets.toml")).unwrap();
        assert_eq!(secrets.permissions().mode() & 0o777, 0o600);
    }
}
