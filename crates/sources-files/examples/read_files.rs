//! Reads files as a resource of `type = "files"` does and says how long it took and how much memory it needed:
//! `read_files PATH.. [key=value..]`, where the keys are those of `credentials`.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use cartage_runtime::{CancelToken, OnBadRow};
use cartage_source_api::{OpenContext, Producer};
use cartage_sources_files::{FilesConfig, FilesProducer};
use serde_json::{Map, Value, json};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let (mut paths, mut keys) = (Vec::new(), Map::new());
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            Some((key, value)) if !argument.contains("://") || key == "endpoint_url" => {
                keys.insert(key.to_owned(), value.into());
            }
            _ => paths.push(argument),
        }
    }
    let config: FilesConfig = serde_json::from_value(json!({"path": paths}))?;
    let producer = FilesProducer::new(config, Path::new("."), OnBadRow::Fail)?;
    let mut producer = producer.with_credentials(serde_json::from_value(Value::Object(keys))?);
    let start = Instant::now();
    let mut context = OpenContext::new(256 << 20, CancelToken::default());
    context.small_page_bytes = 1 << 18;
    let total = producer.open(&context)?;
    let found = start.elapsed();
    let (mut rows, mut bytes) = (0, 0);
    while let Some(page) = producer.next_page()? {
        rows += page.rows();
        bytes += page.size();
    }
    let inputs = producer.inputs().len();
    let took = start.elapsed();
    writeln!(
        std::io::stdout(),
        "{inputs} inputs, {total:?} bytes stored, {bytes} bytes of {rows} rows; found after {found:.2?}, read after \
         {took:.2?}; {}",
        peak().unwrap_or_default()
    )?;
    Ok(())
}

/// The most memory that the process had, as Linux counts it.
fn peak() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.split_whitespace().collect::<Vec<_>>().join(" "))
}
