//! The binaries of one stage: they take the arguments of their command and meet in packages.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const PIPELINE: &str = "[pipeline]\nname = \"test\"\ndestination = \"null\"\n[sources.test]\ntype = \"files\"\n\
                        [[sources.test.resources]]\nname = \"items\"\npath = \"items.jsonl\"\n";

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pipeline.toml"), PIPELINE).unwrap();
    fs::write(folder.path().join("items.jsonl"), "{\"id\": 1}\n{\"id\": 2}\n").unwrap();
    folder
}

fn run(folder: &Path, binary: &str, words: &[&str]) -> Output {
    let mut command = Command::new(binary);
    command.args(words).current_dir(folder).env("CARTAGE_DATA_DIR", folder.join("data")).output().unwrap()
}

fn extract(folder: &Path, words: &[&str]) -> Output {
    run(folder, env!("CARGO_BIN_EXE_cartage-extract"), words)
}

fn normalize(folder: &Path, words: &[&str]) -> Output {
    run(folder, env!("CARGO_BIN_EXE_cartage-normalize"), words)
}

fn packages(folder: &Path, name: &str) -> usize {
    fs::read_dir(folder.join("data/pipelines/test/packages").join(name)).map_or(0, Iterator::count)
}

#[test]
fn one_leaves_a_package_that_the_other_takes() {
    let folder = folder();
    let done = extract(folder.path(), &["--limit", "1", "--format", "json"]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(
        (&report["packages"][0]["state"], &report["stages"][0]["rows"]),
        (&"extracted".into(), &1.into())
    );
    assert_eq!(packages(folder.path(), "extracted"), 1);
    let done = normalize(folder.path(), &["pipeline.toml"]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stdout).contains("is normalized (left by an earlier run)"));
    assert_eq!((packages(folder.path(), "extracted"), packages(folder.path(), "normalized")), (0, 1));
}

#[test]
fn given_clock_and_seed_they_leave_the_same_bytes() {
    let package = || {
        let folder = folder();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cartage-extract"));
        command.current_dir(folder.path()).env("CARTAGE_DATA_DIR", folder.path().join("data"));
        command.env("CARTAGE_CLOCK", "1795163558208462").env("CARTAGE_SEED", "7");
        assert!(command.output().unwrap().status.success());
        let package = folder.path().join("data/pipelines/test/packages/extracted/1795163558.208462");
        fs::read_to_string(package.join("package.json")).unwrap()
    };
    assert_eq!(package(), package());
}

#[test]
fn they_take_the_arguments_of_their_command_and_no_others() {
    let folder = folder();
    for (done, code, words) in [
        (extract(folder.path(), &["--help"]), 0, "Usage: cartage-extract"),
        (normalize(folder.path(), &["--version"]), 0, env!("CARGO_PKG_VERSION")),
        (extract(folder.path(), &["--limt", "1"]), 2, "--limit"),
        (normalize(folder.path(), &["--limit", "1"]), 2, "--limit"),
        (extract(folder.path(), &["other.toml"]), 2, "no pipeline file other.toml"),
        (extract(folder.path(), &["--resource", "itms"]), 2, "the resources are items"),
        (normalize(folder.path(), &["--set", "load.wokers=1"]), 2, "did you mean `workers`"),
    ] {
        let text = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{text}");
        assert!(text.contains(words), "{words:?} is not in:\n{text}");
    }
}

#[test]
fn results_go_to_standard_output_and_everything_else_to_standard_error() {
    let folder = folder();
    let done = extract(folder.path(), &["--format", "json", "--progress", "log", "-v"]);
    assert!(serde_json::from_slice::<serde_json::Value>(&done.stdout).is_ok());
    assert!(String::from_utf8_lossy(&done.stderr).contains("extract: 2 rows"));
    let failed = extract(folder.path(), &["--resource", "x"]);
    assert!(failed.stdout.is_empty() && !failed.stderr.is_empty());
}
