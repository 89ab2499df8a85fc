//! JSON lines and JSON documents, plain, gzip or zstd: read, extracted and normalized.
#![no_main]

use std::sync::OnceLock;

use cartage_fuzz::input::Input;
use cartage_fuzz::panics::{Contained, watch};
use cartage_fuzz::stages::Stages;
use libfuzzer_sys::{Corpus, fuzz_target};

static STAGES: OnceLock<Stages> = OnceLock::new();

fuzz_target!(init: watch(Contained::None), |data: &[u8]| -> Corpus {
    let Some(input) = Input::parse(data) else { return Corpus::Reject };
    STAGES.get_or_init(Stages::new).run("rows.jsonl", input, 8);
    Corpus::Keep
});
