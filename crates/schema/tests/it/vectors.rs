//! Reading vectors.

use std::path::PathBuf;

use serde_json::Value;

/// The folder with the vectors.
pub(crate) fn folder() -> PathBuf {
    match std::env::var_os("CARTAGE_SCHEMA_VECTORS") {
        Some(folder) => folder.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/schema"),
    }
}

/// The rows of one file of vectors.
pub(crate) fn rows(name: &str) -> Vec<Value> {
    let path = folder().join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Collects what differs, so that a run shows everything at once.
#[derive(Default)]
pub(crate) struct Differences(Vec<String>);

impl Differences {
    pub(crate) fn check<T: PartialEq + std::fmt::Debug>(
        &mut self,
        input: &dyn std::fmt::Debug,
        ours: &T,
        dlts: &T,
    ) {
        if ours != dlts {
            self.0.push(format!("{input:?}: ours {ours:?}, dlt's {dlts:?}"));
        }
    }
}

impl Drop for Differences {
    fn drop(&mut self) {
        if !self.0.is_empty() && !std::thread::panicking() {
            let shown = self.0.iter().take(40).map(|line| format!("\n  {line}")).collect::<Vec<_>>().concat();
            panic!("{} differences{shown}", self.0.len());
        }
    }
}
