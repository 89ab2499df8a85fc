//! `type = "rest_api"`.

use std::sync::Arc;

use cartage_config::{ConfigError, Section, SourceSettings};
use cartage_runtime::{OnBadRow, Random};
use cartage_source_api::{Producer, Resource, Resume};
use cartage_sources_rest::{AuthTable, ClientTable, ConfigIssue, ResourceTable, RestSource, parents_first};

use crate::shared::split_hints;

/// Keys of the source's table that belong to this type. Credentials may be there, as dlt looks for them.
pub(crate) const KEYS: &[&str] = &[
    "client",
    "resource_defaults",
    "token",
    "api_key",
    "username",
    "password",
    "access_token",
    "access_token_url",
    "client_id",
    "client_secret",
];

pub(crate) fn resources(
    settings: &SourceSettings,
    _: OnBadRow,
    random: &Arc<dyn Random>,
) -> Result<Vec<Resource>, ConfigError> {
    let source = &settings.section;
    let client = source.table_at("client").ok_or_else(|| {
        source.invalid("client", "a rest_api source needs a table `client` with `base_url`")
    })?;
    let table: ClientTable = client.parse()?;
    let credentials: AuthTable = source.only(&KEYS[2..]).parse()?;
    let rest = RestSource::new(table, credentials, source.base_dir(), Arc::clone(random))
        .map_err(|fault| placed(&client, &fault))?;
    let defaults = source.table_at("resource_defaults").map(|table| table.spell_out("endpoint", "path"));
    let names: Vec<&str> = settings.resources.iter().map(|resource| resource.name.as_str()).collect();
    let mut resources = Vec::new();
    for resource in &settings.resources {
        let section = resource.section.spell_out("endpoint", "path");
        let section = defaults.iter().fold(section, |section, defaults| section.over(defaults, is_merged));
        resources.push(one(&rest, &resource.name, &section, &names)?);
    }
    parents_first(resources, |resource| &resource.name, |resource| resource.parent.as_deref())
        .map_err(|reason| source.invalid("resources", reason))
}

fn one(rest: &RestSource, name: &str, section: &Section, names: &[&str]) -> Result<Resource, ConfigError> {
    let (mut hints, own) = split_hints(section)?;
    let table: ResourceTable = own.parse()?;
    let built = rest.resource(name, table, names).map_err(|fault| placed(section, &fault))?;
    if let Some(incremental) = built.incremental {
        let found = serde_json::from_value(incremental);
        hints.incremental =
            Some(found.map_err(|error| section.invalid("endpoint", format!("`incremental`: {error}")))?);
    }
    if hints.incremental.is_some() && built.producer.resume() > Resume::Never {
        return Err(section.invalid(
            "resume",
            "a resource with a cursor continues after its cursor; set `resume = false` here",
        ));
    }
    Ok(Resource {
        parent: built.parent,
        selected: built.selected,
        ..Resource::new(name, hints, Box::new(built.producer))
    })
}

/// Tables of a resource that are laid over those of `resource_defaults` key by key.
fn is_merged(path: &str) -> bool {
    matches!(path, "endpoint" | "endpoint.params" | "endpoint.json" | "columns")
        || path.starts_with("columns.")
}

/// A fault with the place of its key, as far as the table at the top is concerned.
fn placed(section: &Section, fault: &ConfigIssue) -> ConfigError {
    let top = fault.key.split('.').next().unwrap_or_default();
    match fault.key.strip_prefix(top).and_then(|rest| rest.strip_prefix('.')) {
        Some(rest) => section.invalid(top, format!("`{rest}`: {}", fault.reason)),
        None => section.invalid(top, &fault.reason),
    }
}
