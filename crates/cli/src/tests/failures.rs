//! How errors are reported, and which exit codes they have.

use std::io;

use cartage_pipeline::PipelineError;
use cartage_runtime::contain;

use super::bench::Bench;
use super::captured;
use crate::commands::guarded;
use crate::exit;
use crate::failure::Failure;

fn told(failure: &Failure) -> (u8, String) {
    captured::take();
    (failure.report(), captured::take().1)
}

fn usage(message: &str, remedy: &str) -> PipelineError {
    PipelineError::Usage { message: message.to_owned(), remedy: remedy.to_owned() }
}

#[test]
fn an_error_is_a_line_its_remedy_another_and_the_advice_a_third() {
    let error = || usage("the lamp is out", "light it");
    assert_eq!(
        told(&Failure::from(error())),
        (exit::USAGE, "error: the lamp is out\nhint: light it\n".to_owned())
    );
    let pending = Failure::Pending(error(), "package 1.5 is pending".to_owned());
    let (code, text) = told(&pending);
    assert_eq!(code, exit::USAGE);
    assert_eq!(text, "error: the lamp is out\nhint: light it\nhint: package 1.5 is pending\n");
}

#[test]
fn a_cause_that_repeats_the_message_is_not_told_twice() {
    let change = PipelineError::Change {
        doing: "widen the road".to_owned(),
        pending: false,
        source: Box::new(usage("a tree is in the way", "fell it")),
    };
    let (code, text) = told(&change.into());
    assert_eq!(code, exit::USAGE);
    assert!(text.starts_with("error: cannot widen the road: a tree is in the way\n"), "{text}");
    assert!(text.contains("hint: fell it; nothing was changed"), "{text}");
}

#[test]
fn what_standard_output_refuses_is_a_failure() {
    let (code, text) = told(&io::Error::other("no space left on device").into());
    assert_eq!((code, text.as_str()), (exit::FAILURE, "error: no space left on device\n"));
    let (code, text) = told(&std::fmt::Error.into());
    assert_eq!(code, exit::FAILURE);
    assert!(text.starts_with("error: an error occurred when formatting"), "{text}");
}

#[test]
fn what_was_told_already_is_a_code_only() {
    assert_eq!(told(&Failure::Code(exit::FAILED_JOBS)), (3, String::new()));
}

#[test]
fn a_panic_is_an_error_that_asks_to_be_reported() {
    let failure = guarded(|| panic!("index 7 of 3")).expect_err("a panic");
    let (code, text) = told(&failure);
    assert_eq!(code, exit::FAILURE);
    assert!(text.contains("error: internal error: ") && text.contains("index 7 of 3"), "{text}");
    assert!(text.contains("hint: this is a bug in Cartage; please report it"), "{text}");
    assert!(contain(|| 7).is_ok());
}

#[test]
fn configuration_that_cannot_be_used_is_code_2_for_every_command() {
    for (text, words) in [
        (
            "[pipeline]\nname = \"test\"\ndestinatoin = \"null\"\n",
            vec!["unknown key `pipeline.destinatoin`", "did you mean `destination`"],
        ),
        ("[pipeline]\nname = \n", vec!["./pipeline.toml", "2"]),
        ("[pipeline]\ndestination = \"null\"\n", vec!["`pipeline.name` is missing", "PIPELINE"]),
    ] {
        let bench = Bench::empty();
        bench.write("pipeline.toml", text);
        for command in [
            vec!["run", "FILE"],
            vec!["extract", "FILE"],
            vec!["normalize", "FILE"],
            vec!["load", "FILE"],
            vec!["plan", "FILE"],
            vec!["abort", "FILE"],
            vec!["status", "FILE"],
            vec!["sync", "FILE"],
            vec!["source", "check", "FILE"],
            vec!["destination", "check", "FILE"],
            vec!["package", "list", "FILE"],
            vec!["package", "show", "--file", "FILE"],
            vec!["package", "verify", "--file", "FILE"],
            vec!["schema", "show", "FILE"],
            vec!["schema", "diff", "FILE"],
            vec!["state", "show", "FILE"],
            vec!["state", "reset", "FILE", "--source", "test"],
            vec!["drop", "items", "--file", "FILE", "--yes"],
        ] {
            let done = bench.cartage(&command).exits(2).says(&words);
            assert_eq!(done.out, "", "{command:?}");
        }
    }
}

#[test]
fn a_file_that_is_not_there_is_answered_with_the_way_to_one() {
    let bench = Bench::empty();
    for command in [["run", "FILE"], ["status", "FILE"]] {
        bench.cartage(&command).exits(2).says(&["no pipeline file ./pipeline.toml", "cartage init"]);
    }
}

#[test]
fn a_set_that_is_none_and_one_of_a_key_that_is_none_are_told() {
    let bench = Bench::items("", "");
    bench
        .cartage(&["run", "FILE", "--set", "load.workers"])
        .exits(2)
        .says(&["`--set load.workers`", "a.b.c=value"]);
    let done = bench.cartage(&["run", "FILE", "--set", "load.wokers=3"]).exits(2);
    done.says(&["--set load.wokers", "did you mean `workers`"]);
    let secret = bench.cartage(&["run", "FILE", "--set", "swordfish"]).exits(2);
    assert!(secret.err.contains("a.b.c=value"), "{}", secret.err);
}

#[test]
fn commands_that_only_look_want_a_pipeline_that_ran() {
    let bench = Bench::items("", "{\"id\": 1}\n");
    for command in [
        vec!["status", "FILE"],
        vec!["package", "list", "FILE"],
        vec!["package", "verify", "--file", "FILE"],
        vec!["schema", "show", "FILE"],
        vec!["state", "show", "FILE"],
        vec!["drop", "items", "--file", "FILE", "--dry-run"],
    ] {
        bench.cartage(&command).exits(2).says(&["error: ", "hint: "]);
        assert!(!bench.path().join("data").exists(), "{command:?}: looking makes nothing");
    }
}
