//! The source of a new pipeline file.

use std::path::Path;

use cartage_pipeline::PipelineError;
use cartage_sources::is_bucket_path;

use super::template::filled;
use super::{Draft, Part, identifier, program};

/// A public API that takes a personal token.
const EXAMPLE_API: &str = "https://api.github.com/repos/dlt-hub/dlt";

/// `rest_api`, `files`, `sql_database`, a type of programs, the address of an API, or a path of files.
pub(super) fn part(source: &str) -> Result<Part, PipelineError> {
    if let Some(part) = program::part(source) {
        return Ok(part);
    }
    match source {
        "rest_api" => Ok(example_api()),
        "files" => Ok(example_files()),
        "sql_database" => Ok(example_database()),
        address if address.starts_with("http://") || address.starts_with("https://") => Ok(api(address)),
        path if is_bucket_path(path) => Ok(bucket(path)),
        address if address.contains("://") => Err(PipelineError::Usage {
            message:
                "a database's address does not belong on the command line, because it may contain a password"
                    .to_owned(),
            remedy: "write sql_database, and put the address into .cartage/secrets.toml".to_owned(),
        }),
        path if path.contains(['/', '.', '*']) => Ok(files(path)),
        unknown => Err(PipelineError::Usage {
            message: format!("\"{unknown}\" is not a source"),
            remedy: format!(
                "write rest_api, files, sql_database, {}, the address of an API (https://...), or a path of files",
                program::TYPES.join(", ")
            ),
        }),
    }
}

fn example_api() -> Part {
    let token = "SOURCES__GITHUB__CLIENT__AUTH__TOKEN";
    let values = [("source", "github"), ("base_url", EXAMPLE_API), ("TOKEN", token)];
    Part {
        text: filled(include_str!("rest_api.toml"), &values),
        secrets: Some(
            "[sources.github.client.auth]\n\
             # A token of https://github.com/settings/tokens without any scope will do.\n\
             # token = \"...\"\n"
                .to_owned(),
        ),
        files: Vec::new(),
    }
}

fn example_database() -> Part {
    let values = [("source", "shop"), ("CREDENTIALS", "SOURCES__SHOP__CREDENTIALS")];
    Part {
        text: filled(include_str!("sql_database.toml"), &values),
        secrets: Some(
            "[sources.shop]\n# credentials = \"postgresql://reader:<your password>@localhost:5432/shop\"\n"
                .to_owned(),
        ),
        files: Vec::new(),
    }
}

/// The last part of the path is the resource, what precedes it is the base.
fn api(address: &str) -> Part {
    let address = address.trim_end_matches('/');
    let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
    let (base, path) = match rest.rsplit_once('/') {
        Some((base, path)) => (format!("{scheme}://{base}"), path),
        None => (address.to_owned(), "items"),
    };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let source = name_of_host(host);
    let resource = identifier(path.split('?').next().unwrap_or_default());
    let token = format!("SOURCES__{}__CLIENT__AUTH__TOKEN", source.to_uppercase());
    let values = [
        ("source", source.as_str()),
        ("base_url", &base),
        ("path", path),
        ("resource", if resource.is_empty() { "items" } else { &resource }),
        ("TOKEN", &token),
    ];
    Part { text: filled(include_str!("rest_api_of_url.toml"), &values), secrets: None, files: Vec::new() }
}

/// The label that people call a host by: `github` of `api.github.com`.
fn name_of_host(host: &str) -> String {
    let labels: Vec<&str> = host.split('.').collect();
    let is_number = host.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ':' | '[' | ']'));
    let label = match labels.as_slice() {
        _ if is_number => "api",
        [.., label, _] | [label] => label,
        [] => "api",
    };
    let name = identifier(label);
    if name.is_empty() { "api".to_owned() } else { name }
}

fn example_files() -> Part {
    let rows = include_str!("people.jsonl").to_owned();
    Part { files: vec![Draft { path: "data/people.jsonl".into(), text: rows }], ..files("data/people.jsonl") }
}

fn files(path: &str) -> Part {
    let name =
        Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut resource = identifier(name.split('.').next().unwrap_or_default());
    if resource.is_empty() {
        let folder = Path::new(path).parent().and_then(Path::file_name).map(|name| name.to_string_lossy());
        resource = identifier(&folder.unwrap_or_default());
    }
    let resource = if resource.is_empty() { "items" } else { &resource };
    let escaped = path.replace('\\', "\\\\").replace('"', "\\\"");
    let values = [("source", "files"), ("resource", resource), ("path", &escaped)];
    Part { text: filled(include_str!("files.toml"), &values), secrets: None, files: Vec::new() }
}

/// The keys of a bucket belong in the secrets.
fn bucket(path: &str) -> Part {
    let keys = "[sources.files.credentials]\n# What is not given comes from the variables of the cloud, or the machine's \
                role.\n# aws_access_key_id = \"...\"\n# aws_secret_access_key = \"...\"\n";
    Part { secrets: Some(keys.to_owned()), ..files(path) }
}
