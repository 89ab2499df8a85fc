//! Layouts: where the files of a table lie below the dataset, with dlt's placeholders.

use std::collections::BTreeMap;

use cartage_destinations_api::{Error, Result};
use chrono::{DateTime, Utc};

use crate::date_tokens;

/// The layout of datasets that set none, as in dlt.
pub(crate) const DEFAULT_LAYOUT: &str = "{table_name}/{load_id}.{file_id}.{ext}";

/// What stands for the things themselves rather than for a part of a date.
const NAMES: &[&str] = &[
    "schema_name",
    "table_name",
    "load_id",
    "file_id",
    "ext",
    "curr_date",
    "timestamp",
    "timestamp_ms",
    "load_package_timestamp",
    "load_package_timestamp_ms",
];

/// A layout that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    text: String,
    parts: Vec<Part>,
    extra: BTreeMap<String, String>,
    /// Stands for the time of the package in parts of dates.
    moment: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Placeholder(String),
}

/// What a file is called after.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileParts<'a> {
    pub(crate) schema: &'a str,
    pub(crate) table: &'a str,
    pub(crate) load_id: &'a str,
    pub(crate) file_id: &'a str,
    pub(crate) extension: &'a str,
    /// When the package was begun, in microseconds since 1970.
    pub(crate) created_micros: i64,
}

impl Layout {
    /// Checks a layout.
    ///
    /// # Errors
    /// Invalid, naming the placeholder that is unknown or missing, or why the files of a table could not be told
    /// from those of others.
    pub(crate) fn new(
        text: &str,
        extra: BTreeMap<String, String>,
        moment: Option<DateTime<Utc>>,
    ) -> Result<Self> {
        let refuse = |what: String, remedy: &str| Error::invalid(what).with_remedy(remedy.to_owned());
        let mut parts = parse(text)?;
        let known =
            |name: &str| NAMES.contains(&name) || date_tokens::is_token(name) || extra.contains_key(name);
        for part in &parts {
            if let Part::Placeholder(name) = part
                && !known(name)
            {
                return Err(refuse(
                    format!("layout '{text}' has an unknown placeholder {{{name}}}"),
                    "use one of dlt's placeholders, or give it a value in 'extra_placeholders'",
                ));
            }
        }
        if !parts.iter().any(|part| part.is("ext")) {
            parts.push(Part::Literal(".".to_owned()));
            parts.push(Part::Placeholder("ext".to_owned()));
        }
        let Some(at) = parts.iter().position(|part| part.is("table_name")) else {
            return Err(refuse(
                format!("layout '{text}' does not hold {{table_name}}"),
                "begin it with {table_name}/",
            ));
        };
        let stranger =
            parts[..at].iter().any(|part| matches!(part, Part::Placeholder(name) if name != "schema_name"));
        if stranger {
            return Err(refuse(
                format!("layout '{text}' has a placeholder other than {{schema_name}} before {{table_name}}"),
                "put it behind {table_name}, so that the files of a table have a common beginning",
            ));
        }
        if !matches!(parts.get(at + 1), Some(Part::Literal(_))) {
            return Err(refuse(
                format!("layout '{text}' has nothing that ends {{table_name}}"),
                "put a / behind {table_name}",
            ));
        }
        Ok(Self { text: text.to_owned(), parts, extra, moment })
    }

    /// The name of a file below the dataset.
    ///
    /// # Errors
    /// Invalid if a value would leave the folder of the dataset.
    pub(crate) fn path(&self, file: &FileParts<'_>) -> Result<String> {
        let path: String = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => text.clone(),
                Part::Placeholder(name) => self.value(name, file),
            })
            .collect();
        let stays = path.split(['/', '\\']).all(|step| !matches!(step, "" | "." | ".."));
        if stays {
            return Ok(path);
        }
        Err(Error::invalid(format!("layout '{}' makes the file name '{path}'", self.text))
            .with_remedy("leave empty steps and dots out of layout and placeholders"))
    }

    fn value(&self, name: &str, file: &FileParts<'_>) -> String {
        let created = date_tokens::of_micros(file.created_micros);
        let moment = self.moment.unwrap_or(created);
        match name {
            "schema_name" => file.schema.to_owned(),
            "table_name" => file.table.to_owned(),
            "load_id" => file.load_id.to_owned(),
            "file_id" => file.file_id.to_owned(),
            "ext" => file.extension.to_owned(),
            "curr_date" => moment.format("%Y-%m-%d").to_string(),
            "timestamp" => moment.timestamp().to_string(),
            "timestamp_ms" => moment.timestamp_millis().to_string(),
            "load_package_timestamp" => created.timestamp().to_string(),
            "load_package_timestamp_ms" => created.timestamp_millis().to_string(),
            _ => match date_tokens::token(name, moment) {
                Some(text) => text,
                None => self.extra.get(name).cloned().unwrap_or_default(),
            },
        }
    }

    /// With what the names of all files of a table begin: up to the first character behind its name.
    pub(crate) fn prefix(&self, schema: &str, table: &str) -> String {
        let mut prefix = String::new();
        let mut parts = self.parts.iter();
        for part in parts.by_ref() {
            match part {
                Part::Literal(text) => prefix.push_str(text),
                Part::Placeholder(name) if name == "schema_name" => prefix.push_str(schema),
                Part::Placeholder(_) => {
                    prefix.push_str(table);
                    break;
                }
            }
        }
        if let Some(Part::Literal(text)) = parts.next() {
            prefix.extend(text.chars().next());
        }
        prefix
    }

    /// The character behind the table's name, where table names may hold it too.
    pub(crate) fn unsafe_separator(&self) -> Option<char> {
        self.prefix("", "t").chars().last().filter(|last| last.is_ascii_alphanumeric() || *last == '_')
    }
}

impl Part {
    fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Placeholder(name) if name == wanted)
    }
}

fn parse(text: &str) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, behind)) = rest.split_once('{') {
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        let Some((name, behind)) = behind.split_once('}') else {
            return Err(Error::invalid(format!("layout '{text}' has a {{ without }}")));
        };
        parts.push(Part::Placeholder(name.to_owned()));
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileParts<'_> = FileParts {
        schema: "shop",
        table: "items",
        load_id: "1709438706.012345",
        file_id: "abc",
        extension: "jsonl.gz",
        created_micros: 1_709_438_706_012_345,
    };

    fn path(text: &str) -> String {
        Layout::new(text, BTreeMap::new(), None).unwrap().path(&FILE).unwrap()
    }

    #[test]
    fn the_default_layout_is_that_of_dlt() {
        assert_eq!(path(DEFAULT_LAYOUT), "items/1709438706.012345.abc.jsonl.gz");
    }

    #[test]
    fn every_placeholder_of_dlt_has_dlts_value() {
        // Printed by dlt 1.31.0 (pendulum 3.3.0) for the same moment.
        assert_eq!(
            path(
                "{table_name}/{YYYY}-{YY}-{Y}/{MMMM}-{MMM}-{MM}-{M}/{DD}-{D}-{HH}-{H}-{mm}-{m}-{ss}-{s}/{file_id}"
            ),
            "items/2024-24-2024/march-mar-03-3/03-3-04-4-05-5-06-6/abc.jsonl.gz"
        );
        assert_eq!(
            path(
                "{schema_name}/{table_name}/{dddd}-{ddd}-{dd}-{d}/{SSSS}-{SSS}-{SS}-{S}-{Q}/{file_id}.{ext}"
            ),
            "shop/items/sunday-sun-su-0/0123-012-01-0-1/abc.jsonl.gz"
        );
        assert_eq!(
            path(
                "{table_name}/{curr_date}/{timestamp}/{timestamp_ms}/{load_package_timestamp}/{load_package_timestamp_ms}.{ext}"
            ),
            "items/2024-03-03/1709438706/1709438706012/1709438706/1709438706012.jsonl.gz"
        );
    }

    #[test]
    fn extra_placeholders_and_another_moment_take_part() {
        let extra = BTreeMap::from([("owner".to_owned(), "me".to_owned())]);
        let moment = date_tokens::parse("2020-02-29T00:00:00Z");
        let layout = Layout::new("{table_name}/{owner}/{YYYY}{MM}/{file_id}", extra, moment).unwrap();
        assert_eq!(layout.path(&FILE).unwrap(), "items/me/202002/abc.jsonl.gz");
    }

    #[test]
    fn layouts_that_mix_tables_or_leave_the_folder_are_refused() {
        let refused = |text: &str| Layout::new(text, BTreeMap::new(), None).is_err();
        assert!(refused("{load_id}/{table_name}/{file_id}"));
        assert!(refused("{file_id}.{ext}"));
        assert!(refused("{table_name}{file_id}"));
        assert!(refused("{table_name}/{colour}"));
        let up = Layout::new("{table_name}/../{file_id}", BTreeMap::new(), None).unwrap();
        assert!(up.path(&FILE).is_err());
    }

    #[test]
    fn the_prefix_of_a_table_ends_behind_its_name() {
        let layout = |text: &str| Layout::new(text, BTreeMap::new(), None).unwrap();
        assert_eq!(layout(DEFAULT_LAYOUT).prefix("shop", "items"), "items/");
        assert_eq!(layout("{schema_name}.{table_name}.x").prefix("shop", "items"), "shop.items.");
        assert_eq!(layout("{table_name}_{file_id}").unsafe_separator(), Some('_'));
        assert_eq!(layout(DEFAULT_LAYOUT).unsafe_separator(), None);
    }
}
