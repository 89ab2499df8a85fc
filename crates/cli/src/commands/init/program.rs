//! Programs as the source of a new pipeline file.

use super::template::filled;
use super::{Draft, Part};

/// The types of programs.
pub(super) const TYPES: [&str; 4] = ["process", "python", "singer", "airbyte"];

/// A template of one of the types, with files that make it run where none has to be installed.
pub(super) fn part(kind: &str) -> Option<Part> {
    let draft = |path: &str, text: &str| vec![Draft { path: path.into(), text: text.to_owned() }];
    let (source, template, secrets, files) = match kind {
        "process" => ("rows", include_str!("process.toml"), None, draft("rows.py", include_str!("rows.py"))),
        "python" => ("shop", include_str!("python.toml"), None, draft("shop.py", include_str!("shop.py"))),
        "singer" => ("tap", include_str!("singer.toml"), Some("password"), Vec::new()),
        "airbyte" => ("faker", include_str!("airbyte.toml"), Some("api_key"), Vec::new()),
        _ => return None,
    };
    let secrets = secrets.map(|key| format!("[sources.{source}.config]\n# {key} = \"...\"\n"));
    Some(Part { text: filled(template, &[("source", source)]), secrets, files })
}
