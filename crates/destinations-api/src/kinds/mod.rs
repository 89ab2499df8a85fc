//! The destinations that there are, one file each: what is known about them without a driver.
//!
//! Everything that lists destinations reads [`KINDS`]: types in settings, places on the command line, templates of new
//! pipelines, the table in the documentation. A new destination is a new file here, and its connector in the crate
//! `cartage-destinations`.

mod bigquery;
mod clickhouse;
mod duckdb;
mod filesystem;
mod function;
mod mariadb;
mod mysql;
mod null;
mod postgres;
mod process;
mod snowflake;
mod sqlite;

use crate::capabilities::Capabilities;

/// What is known about the destinations of one type.
#[derive(Debug)]
#[non_exhaustive]
pub struct DestinationKind {
    /// The type, as in `type = "duckdb"`.
    pub name: &'static str,
    /// What it is, in a few words.
    pub summary: &'static str,
    /// What it can do with default settings.
    pub capabilities: fn() -> Capabilities,
    /// How a place is given on the command line; none where there is no place.
    pub place: Option<PlaceSetting>,
    /// What a new pipeline file says of it; none where a new pipeline cannot have it.
    pub template: Option<fn(&Asked<'_>) -> Template>,
    /// The cargo feature that compiles it in; none where it always is.
    pub feature: Option<&'static str>,
    /// Its page, below `docs`, where it has one.
    pub page: Option<&'static str>,
}

/// The place of a destination in one text.
#[derive(Debug)]
#[non_exhaustive]
pub struct PlaceSetting {
    /// The setting that takes it.
    pub key: &'static str,
    /// What addresses of it begin with, before `://`.
    pub schemes: &'static [&'static str],
    /// Whether it may hold a password, which must be in no file of the project and on no command line.
    pub is_secret: bool,
}

/// What a new pipeline asks of a template.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The place, empty where none was given.
    pub place: &'a str,
    /// The name of the pipeline.
    pub pipeline: &'a str,
}

/// Text for the files of a new pipeline, in TOML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Lines for `pipeline.toml`.
    pub settings: String,
    /// Lines for `secrets.toml`; `None` where there is nothing to keep secret.
    pub secrets: Option<String>,
}

/// All of them, by name.
pub const KINDS: &[&DestinationKind] = &[
    &bigquery::KIND,
    &clickhouse::KIND,
    &duckdb::KIND,
    &filesystem::KIND,
    &function::KIND,
    &mariadb::KIND,
    &mysql::KIND,
    &null::KIND,
    &postgres::KIND,
    &process::KIND,
    &snowflake::KIND,
    &sqlite::KIND,
];

/// The kind of this name.
pub fn find(name: &str) -> Option<&'static DestinationKind> {
    KINDS.iter().copied().find(|kind| kind.name == name)
}

impl Capabilities {
    /// What the destinations of `destination_type` can do with default settings; `None` for an unknown type.
    pub fn of(destination_type: &str) -> Option<Self> {
        find(destination_type).map(|kind| (kind.capabilities)())
    }
}

/// The kind whose addresses begin with this scheme, such as `s3` or `postgresql`.
pub fn find_by_scheme(scheme: &str) -> Option<&'static DestinationKind> {
    KINDS
        .iter()
        .copied()
        .find(|kind| kind.place.as_ref().is_some_and(|place| place.schemes.contains(&scheme)))
}

/// All names, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

/// What the user can do whose type is none of `known`: take the one that is spelled most like it, or
/// another one.
pub fn remedy_of_unknown(name: &str, known: impl IntoIterator<Item = &'static str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let all = format!("use one of {}", known.join(", "));
    match cartage_config::nearest(name, known) {
        Some(nearest) => format!("did you mean '{nearest}'? If not, {all}"),
        None => all,
    }
}

/// The section of a destination that is a file, which the place names or else the pipeline.
fn file_template(kind: &str, extension: &str, asked: &Asked<'_>) -> Template {
    let path = if asked.place.is_empty() {
        format!("{}.{extension}", asked.pipeline)
    } else {
        asked.place.to_owned()
    };
    let settings = format!("[destination.{kind}]\npath = {}  # relative to this file\n", quoted(&path));
    Template { settings, secrets: None }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_type_has_consistent_capabilities() {
        for name in names() {
            let known = Capabilities::of(name).unwrap();
            assert_eq!(known.destination, name);
            assert!(known.files.supported_formats.contains(&known.files.preferred_format), "{name}");
            assert!(known.values.timestamp_precision <= known.values.max_timestamp_precision, "{name}");
            assert!(!known.strategies.replace.is_empty(), "{name}");
        }
        assert_eq!(Capabilities::of("nowhere"), None);
    }

    #[test]
    fn a_type_with_a_typo_has_the_nearest_one_as_remedy() {
        let remedy = |name: &str| remedy_of_unknown(name, names());
        assert!(remedy("postgress").starts_with("did you mean 'postgres'? If not, use one of bigquery,"));
        assert!(remedy("DuckDb").starts_with("did you mean 'duckdb'?"));
        assert!(remedy("oracle").starts_with("use one of bigquery, clickhouse,"), "{}", remedy("oracle"));
    }

    #[test]
    fn kinds_are_sorted_and_an_address_belongs_to_one_of_them() {
        assert!(KINDS.is_sorted_by(|a, b| a.name < b.name));
        let schemes = KINDS.iter().filter_map(|kind| kind.place.as_ref()).flat_map(|place| place.schemes);
        let mut schemes: Vec<_> = schemes.collect();
        schemes.sort_unstable();
        let before = schemes.len();
        schemes.dedup();
        assert_eq!(schemes.len(), before);
        assert_eq!(find_by_scheme("s3").unwrap().name, "filesystem");
    }

    #[test]
    fn a_template_names_the_place_and_survives_quotes() {
        let template = find("sqlite").unwrap().template.unwrap();
        let plain = template(&Asked { place: "", pipeline: "shop" });
        assert_eq!(plain.settings, "[destination.sqlite]\npath = \"shop.sqlite\"  # relative to this file\n");
        let odd = template(&Asked { place: "a\\b\"c", pipeline: "shop" });
        assert!(odd.settings.contains(r#""a\\b\"c""#), "{}", odd.settings);
    }
}
