//! Answers of APIs: headers and bodies, selectors, paginators, steps.
#![no_main]

use std::path::Path;
use std::sync::Arc;
use std::sync::OnceLock;

use cartage_fuzz::input::{line_of, parts};
use cartage_fuzz::panics::{Contained, watch};
use cartage_runtime::SeededRandom;
use cartage_sources_rest::{AuthTable, ClientTable, RecordedAnswer, ResourceTable, RestSource};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::{Value, json};

/// What may be done to rows.
const STEPS: [&str; 3] = [
    r#"[{"filter": ".id != 1"}]"#,
    r#"[{"map": "del(.a) | .b = (.b | tostring)"}]"#,
    r#"[{"yield_map": ".[]? // ."}, {"map": "{v: .}"}]"#,
];

static SOURCE: OnceLock<RestSource> = OnceLock::new();

fuzz_target!(init: watch(Contained::None), |data: &[u8]| -> Corpus {
    let parts = parts(data);
    // The first line is the table of a resource, the others are only there to separate answers.
    let Some((table, _)) = parts.first() else { return Corpus::Reject };
    let Some(table) = resource_table(table) else { return Corpus::Reject };
    let Ok(resource) = source().resource("items", table, &["items"]) else { return Corpus::Reject };
    let answers = parts.iter().map(|(_, bytes)| answer(bytes));
    if let Ok(replayed) = resource.producer.replay(answers) {
        let pages = replayed.iter().flat_map(|answer| &answer.pages);
        for page in pages {
            let lines = page.text().iter().filter(|byte| **byte == b'\n').count() as u64;
            assert_eq!(lines, page.rows(), "a row is a line");
        }
    }
    Corpus::Keep
});

/// The table of a resource with one of [`STEPS`], as the key `steps` says.
fn resource_table(text: &str) -> Option<ResourceTable> {
    let mut table: Value = serde_json::from_str(text).ok()?;
    let fields = table.as_object_mut()?;
    // Programs are the user's own, and may well never end.
    fields.shift_remove("processing_steps");
    if let Some(steps) = fields.shift_remove("steps").and_then(|steps| steps.as_u64()) {
        let steps = STEPS.get(steps as usize)?;
        fields.insert("processing_steps".to_owned(), serde_json::from_str(steps).ok()?);
    }
    serde_json::from_value(table).ok()
}

fn source() -> &'static RestSource {
    SOURCE.get_or_init(|| {
        let client = json!({"base_url": "http://api.example/v1/", "session": {"parallel_requests": 2}});
        let client: ClientTable = serde_json::from_value(client).expect("the keys are known");
        RestSource::new(client, AuthTable::default(), Path::new("/"), Arc::new(SeededRandom::new(1)))
            .expect("the values are good")
    })
}

/// Headers, one a line, up to an empty line; the rest is the body.
fn answer(mut bytes: &[u8]) -> RecordedAnswer {
    let mut headers = Vec::new();
    loop {
        let (line, behind) = line_of(bytes);
        bytes = behind;
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { break };
        let name = String::from_utf8_lossy(&line[..colon]).into_owned();
        headers.push((name, line[colon + 1..].trim_ascii().to_vec()));
    }
    RecordedAnswer { headers, body: bytes.to_vec() }
}
