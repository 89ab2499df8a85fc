//! What the command line takes: each command with its arguments, and with wrong ones.

use cartage_destinations_api::KINDS;
use clap::{CommandFactory, Parser};

use crate::args::{Cli, Command, Format, ProgressArg};

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(["cartage"].into_iter().chain(line.split_whitespace()))
}

#[track_caller]
fn refused(line: &str, words: &[&str]) {
    let error = parse(line).expect_err(line);
    assert_eq!(error.exit_code(), 2, "{line}");
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{line}: {word:?} is not in:\n{text}");
    }
}

#[test]
fn every_command_is_consistent_and_has_help() {
    Cli::command().debug_assert();
    let mut open = vec![Cli::command()];
    while let Some(mut command) = open.pop() {
        let help = command.render_long_help().to_string();
        assert!(help.contains("Usage:"), "{help}");
        if command.get_name() != "help" {
            assert!(command.get_about().is_some_and(|about| !about.to_string().is_empty()), "{help}");
        }
        open.extend(command.get_subcommands().cloned());
    }
}

/// The words of a line as a shell takes them.
fn words_of(line: &str) -> Vec<String> {
    let parts = line.split('\'').enumerate();
    parts
        .flat_map(|(nth, part)| match nth % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

#[test]
fn the_examples_of_the_help_are_commands() {
    let mut open = vec![Cli::command()];
    let mut count = 0;
    while let Some(command) = open.pop() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in help.lines().map(str::trim).filter(|line| line.starts_with("cartage ")) {
            Cli::try_parse_from(words_of(line)).unwrap_or_else(|error| panic!("{line}: {error}"));
            count += 1;
        }
        open.extend(command.get_subcommands().cloned());
    }
    assert!(count >= 15, "{count} examples");
}

/// The help of a command, in one line.
fn help_of(path: &[&str]) -> String {
    let mut command = Cli::command();
    for name in path {
        command = command.find_subcommand(name).unwrap_or_else(|| panic!("{path:?}")).clone();
    }
    command.render_long_help().to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn help_that_names_destinations_names_all_that_can() {
    let init = help_of(&["init"]);
    for kind in KINDS.iter().filter(|kind| kind.template.is_some()) {
        assert!(init.contains(&format!("`{}`", kind.name)), "{}: {init}", kind.name);
    }
    let widen = help_of(&["schema", "widen"]).to_lowercase();
    for kind in KINDS.iter().filter(|kind| (kind.capabilities)().tables.widens_columns) {
        assert!(widen.contains(kind.name), "{}: {widen}", kind.name);
    }
}

#[test]
fn each_command_takes_its_arguments() {
    for line in [
        "run",
        "run shop.toml --resource a --resource b --limit 3 --refresh drop_data --extract-again",
        "run --full-refresh",
        "extract shop.toml --resource a --limit 0 --full-refresh",
        "normalize shop.toml",
        "load",
        "init files duckdb --file x/pipeline.toml --name shop",
        "source check shop.toml --resource a --resource b",
        "ingest a.jsonl duckdb:a.duckdb --table t --dataset d --file-format jsonl --write-disposition replace",
        "ingest - duckdb --primary-key a --primary-key b --max-table-nesting 0 --limit 1 --allow-empty --abort",
        "ingest a.csv null --csv-delimiter ; --csv-header a,b --csv-null NA --csv-null - --csv-types text",
        "abort shop.toml",
        "status",
        "package list shop.toml",
        "package show 1.5 --file shop.toml --sql",
        "package verify",
        "schema show shop.toml --schema shop",
        "schema export --as dbml --output x --remove-defaults --remove-processing-hints",
        "schema import schema.yaml --file shop.toml",
        "schema diff --from local --to package:1.5 --schema shop",
        "schema widen items n bigint(16) --schema shop --file shop.toml",
        "plan shop.toml --package 1.5",
        "plan --extract-again --limit 1",
        "state show --resource a --source b",
        "state set sources.a.b 1 shop.toml --source b",
        "state reset --source b",
        "sync --force",
        "destination check shop.toml",
        "destination list",
        "drop a re:^b --yes --state-only --source s --state-paths x --file shop.toml",
        "drop --drop-all --dry-run",
    ] {
        parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn wrong_arguments_are_refused_and_the_text_says_what_is_right() {
    for (line, words) in [
        ("", vec!["Usage: cartage", "Commands:"]),
        ("rnu", vec!["unrecognized subcommand 'rnu'", "--help"]),
        ("statsu", vec!["unrecognized subcommand 'statsu'", "status"]),
        ("plan --package 1.5 --limit 1", vec!["'--package <LOAD_ID>' cannot be used with"]),
        ("run a.toml b.toml", vec!["unexpected argument 'b.toml'"]),
        ("run --limits 3", vec!["'--limits'", "--limit"]),
        ("run --limit -1", vec!["-1"]),
        ("run --limit many", vec!["many", "--limit"]),
        ("run --resource", vec!["--resource <NAME>"]),
        ("run --full-refresh --refresh drop_data", vec!["cannot be used with"]),
        ("run --refresh DropData", vec!["drop_sources, drop_resources, drop_data"]),
        ("extract --extract-again", vec!["--extract-again"]),
        ("normalize --limit 1", vec!["--limit"]),
        ("load --resource a", vec!["--resource"]),
        ("init files", vec!["<DEST>"]),
        ("init", vec!["<SOURCE>", "<DEST>"]),
        ("source", vec!["check"]),
        ("ingest a.jsonl", vec!["<DEST>"]),
        ("ingest a.jsonl null --file-format xml", vec!["jsonl, json, csv, parquet"]),
        ("ingest a.jsonl null --write-disposition upsert", vec!["append, replace, merge"]),
        ("ingest a.jsonl null --incremental-start 3", vec!["--incremental-key"]),
        ("ingest a.csv null --csv-decimal x", vec!["--csv-decimal"]),
        ("ingest a.csv null --csv-types guess", vec!["detect, text"]),
        ("ingest a.csv null --csv-skip-lines few", vec!["few"]),
        ("package", vec!["list", "show", "verify"]),
        ("package show 1 2", vec!["'2'"]),
        ("schema export --as xml", vec!["yaml", "mermaid"]),
        ("schema widen items n", vec!["<TYPE>"]),
        ("schema widen items n number", vec!["number", "bigint"]),
        ("schema import", vec!["<PATH>"]),
        ("state set x", vec!["<VALUE>"]),
        ("state reset --resorce a", vec!["--resource"]),
        ("sync --forced", vec!["--force"]),
        ("drop --drop-al", vec!["--drop-all"]),
        ("destination", vec!["check", "list"]),
        ("status --format yaml", vec!["text, json"]),
        ("status --progress fast", vec!["auto, bars, log, none"]),
        ("status --set", vec!["--set <KEY=VALUE>"]),
    ] {
        let error = parse(line).expect_err(line);
        assert_eq!(error.exit_code(), 2, "{line}");
        let text = error.to_string();
        for word in words {
            assert!(text.contains(word), "{line}: {word:?} is not in:\n{text}");
        }
    }
}

#[test]
fn a_drop_says_either_what_or_all() {
    refused("drop a --yes --dry-run --drop-all x --yes", &["--yes"]);
    assert!(parse("drop").is_ok(), "what is missing is told by the command, which knows the pipeline");
}

#[test]
fn general_options_may_stand_anywhere() {
    for line in [
        "--format json --wait -vv --progress log --set a.b=c status",
        "status --format json --wait -v -v --progress log --set a.b=c",
    ] {
        let global = parse(line).unwrap().global;
        assert_eq!((global.format, global.wait, global.verbose), (Format::Json, true, 2), "{line}");
        assert_eq!(
            (global.progress, global.sets),
            (Some(ProgressArg::Log), vec!["a.b=c".to_owned()]),
            "{line}"
        );
    }
    let global = parse("status").unwrap().global;
    assert_eq!((global.format, global.wait, global.verbose, global.sets.len()), (Format::Text, false, 0, 0));
}

#[test]
fn help_and_version_are_no_errors() {
    for line in ["--help", "--version", "run --help", "help run", "schema widen -h"] {
        assert_eq!(parse(line).expect_err(line).exit_code(), 0, "{line}");
    }
    let version = parse("--version").expect_err("a text").to_string();
    assert_eq!(version.trim(), format!("cartage {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_file_is_pipeline_toml_unless_it_is_named() {
    let file = |line: &str| match parse(line).unwrap().command {
        Command::Status(args) | Command::Abort(args) | Command::Load(args) => args.file,
        Command::Run(args) => args.extract.file.file,
        other => panic!("{other:?}"),
    };
    for command in ["status", "abort", "load", "run"] {
        assert_eq!(file(command).to_str(), Some("pipeline.toml"));
        assert_eq!(file(&format!("{command} x/y.toml")).to_str(), Some("x/y.toml"));
    }
}
