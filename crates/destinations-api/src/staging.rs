//! Names of what is in flight, so that no two loads ever touch the same table.
//!
//! dlt keeps one staging dataset beside each dataset (`%s_staging`) and one table in it for each
//! table; two pipelines that load the same table at once mix their rows there. Here the staging
//! dataset keeps its name, but each load has tables of its own in it, called `<table>__<tag>`, where
//! the tag is a hash of pipeline, load id and table. They are made once per load, recorded in the
//! ledger and dropped by the commit. Where a load is abandoned, the next load of the same pipeline
//! drops them when it takes over.

use xxhash_rust::xxh3::xxh3_64;

use crate::connect::CommonSettings;
use crate::error::{Error, Result};
use crate::load_key::LoadKey;

/// Default name of the staging dataset; `%s` stands for the dataset.
pub const DEFAULT_LAYOUT: &str = "%s_staging";

/// Name of the staging dataset of `dataset`. A layout without `%s` is a name of its own.
pub fn dataset_name(layout: &str, dataset: &str) -> String {
    layout.replacen("%s", dataset, 1)
}

/// Name of the staging dataset of `dataset` as the settings have it.
///
/// # Errors
/// Invalid if the dataset has no name, or both have the same, however the destination compares names.
pub fn dataset_of(settings: &CommonSettings, dataset: &str) -> Result<String> {
    if dataset.trim().is_empty() {
        return Err(Error::invalid("the dataset has no name").with_remedy("set 'dataset_name' in [pipeline]"));
    }
    let layout = settings.staging_dataset_name_layout.as_deref().unwrap_or(DEFAULT_LAYOUT);
    let staging = dataset_name(layout, dataset);
    if staging.to_lowercase() == dataset.to_lowercase() {
        return Err(Error::invalid("the staging dataset must not be the dataset itself")
            .with_remedy("set 'staging_dataset_name_layout' to something like %s_staging"));
    }
    Ok(staging)
}

/// Name of the staged twin of `table` for one load, at most `max_length` bytes long.
pub fn table_name(table: &str, load: &LoadKey, max_length: usize) -> String {
    let tag = format!("{:016x}", xxh3_64(format!("{}\0{}\0{table}", load.pipeline, load.load_id).as_bytes()));
    let room = max_length.saturating_sub(tag.len() + 2);
    format!("{}__{tag}", &table[..table.floor_char_boundary(room)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pipeline: &str, load_id: &str) -> LoadKey {
        LoadKey { pipeline: pipeline.to_owned(), schema: "shop".to_owned(), load_id: load_id.to_owned() }
    }

    #[test]
    fn pipelines_loads_and_tables_never_share_a_staged_table() {
        let names = [
            table_name("items", &load("a", "1.5"), 63),
            table_name("items", &load("b", "1.5"), 63),
            table_name("items", &load("a", "1.6"), 63),
            table_name(&"items".repeat(20), &load("a", "1.5"), 63),
            table_name(&format!("{}x", "items".repeat(20)), &load("a", "1.5"), 63),
            table_name(&"\u{20AC}".repeat(30), &load("a", "1.5"), 63),
        ];
        for (i, name) in names.iter().enumerate() {
            assert!(name.len() <= 63, "{name}");
            assert!(!names[..i].contains(name), "{name}");
        }
        assert_eq!(names[0], table_name("items", &load("a", "1.5"), 63));
    }
}
