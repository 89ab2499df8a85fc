//! `pipeline.toml`, with options and variables in front, up to sources that could be extracted.
#![no_main]

use std::path::PathBuf;
use std::sync::Arc;

use cartage_config::{Config, Environment, LoadOptions};
use cartage_fuzz::input::line_of;
use cartage_fuzz::panics::{Contained, watch};
use cartage_runtime::{Random, SeededRandom};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(init: watch(Contained::None), |data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    let (sets, variables) = in_front(text);
    let loaded = Config::load(LoadOptions {
        file: Some(PathBuf::from("no-such-folder/pipeline.toml")),
        text: Some(text.to_owned()),
        sets,
        environment: variables.into_iter().collect::<Environment>(),
        ..LoadOptions::default()
    });
    let Ok(config) = loaded else { return Corpus::Keep };
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
    for source in &config.sources {
        // A client of HTTP reads the certificates of the machine, which takes longer than all else.
        if source.kind != "rest_api" {
            drop(cartage_sources::build(source, &random));
        }
    }
    drop(config.value::<String>("sources.shop.token"));
    for value in config.resolved_values() {
        drop(format!("{value:?}"));
    }
    Corpus::Keep
});

/// The comments in front: `#! set key=value` and `#! env NAME=value`.
fn in_front(text: &str) -> (Vec<String>, Vec<(String, String)>) {
    let (mut sets, mut variables) = (Vec::new(), Vec::new());
    let mut rest = text.as_bytes();
    while let (line, behind) = line_of(rest)
        && let Some(line) = std::str::from_utf8(line).ok().and_then(|line| line.strip_prefix("#! "))
    {
        if let Some(set) = line.strip_prefix("set ") {
            sets.push(set.to_owned());
        } else if let Some((name, value)) = line.strip_prefix("env ").and_then(|line| line.split_once('=')) {
            variables.push((name.to_owned(), value.to_owned()));
        }
        rest = behind;
    }
    (sets, variables)
}
