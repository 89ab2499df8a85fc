//! The settings below `[destination.<name>]`: parsed and checked, nothing opened.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use cartage_destinations_api::{CommonSettings, ConnectRequest, Error, Result, database_file, staging};
use serde::Deserialize;

/// Keys of this destination beside those that name its file and those that all destinations share.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    memory_limit: Option<String>,
    threads: Option<NonZeroUsize>,
}

/// Where the database is and how it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The database file; `None` is a database in memory, for tests.
    pub path: Option<PathBuf>,
    /// Schema that rows are loaded into.
    pub dataset: String,
    /// Schema for what is in flight.
    pub staging_dataset: String,
    /// DuckDB's `memory_limit`, such as `4GB`; its share of `runtime.memory_limit` where absent.
    pub memory_limit: Option<String>,
    /// DuckDB's `threads`; all cores where absent.
    pub threads: Option<usize>,
    /// What all destinations share.
    pub common: CommonSettings,
}

impl Config {
    /// Reads the settings of a request.
    ///
    /// # Errors
    /// Invalid naming the key that is unknown or has a value that cannot be.
    pub fn read(request: &ConnectRequest) -> Result<Self> {
        let (common, rest) = CommonSettings::split(&request.settings)?;
        let (named, rest) = database_file::split(&rest)?;
        let Keys { memory_limit, threads } = rest.parse()?;
        let dataset = request.dataset_name.clone();
        let staging_dataset = staging::dataset_of(&common, &dataset)?;
        Ok(Self {
            path: database_path(request, named)?,
            dataset,
            staging_dataset,
            memory_limit: memory_limit.or_else(|| request.memory_limit.map(|bytes| format!("{bytes}B"))),
            threads: threads.map(NonZeroUsize::get),
            common,
        })
    }

    /// How many jobs run beside each other. DuckDB uses all its threads for one insert already; more
    /// inserts take more memory and are not faster. Small tables do not keep many threads busy, though.
    pub(crate) fn parallel_jobs(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        (self.threads.unwrap_or_else(cores) / 2).max(1)
    }
}

fn database_path(request: &ConnectRequest, named: Option<String>) -> Result<Option<PathBuf>> {
    let file =
        named.map_or_else(|| format!("{}.duckdb", request.pipeline_name), |text| without_scheme(&text));
    if file == ":memory:" {
        return Ok(None);
    }
    let path = request.base_dir.join(file);
    if path.to_string_lossy().contains('?') {
        // DuckDB takes what follows for parameters, and puts its log into another folder.
        return Err(Error::invalid(format!(
            "DuckDB cannot have its file at {}, because of the question mark",
            path.display()
        ))
        .with_remedy("name a file with `path` in `[destination.duckdb]` whose folders have none"));
    }
    Ok(Some(path))
}

/// dlt writes `duckdb:///relative` and `duckdb:////absolute`.
fn without_scheme(text: &str) -> String {
    text.strip_prefix("duckdb:///").or_else(|| text.strip_prefix("duckdb:")).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use cartage_destinations_api::Settings;
    use serde_json::{Value, json};

    use super::*;

    fn read(settings: &Value) -> Result<Config> {
        let settings = Settings::new(settings.as_object().unwrap().clone());
        Config::read(
            &ConnectRequest::new("duckdb", "shop", "my_data").with_settings(settings).in_folder("/base"),
        )
    }

    #[test]
    fn the_file_is_named_after_the_pipeline_and_lies_beside_its_settings() {
        let config = read(&json!({})).unwrap();
        assert_eq!(config.path, Some(PathBuf::from("/base/shop.duckdb")));
        assert_eq!(
            (config.dataset.as_str(), config.staging_dataset.as_str()),
            ("my_data", "my_data_staging")
        );
    }

    #[test]
    fn all_spellings_of_the_file_are_understood() {
        for settings in [
            json!({"path": "a/b.duckdb"}),
            json!({"database": "a/b.duckdb"}),
            json!({"credentials": "duckdb:///a/b.duckdb"}),
            json!({"credentials": {"database": "a/b.duckdb"}}),
            json!({"path": "a/b.duckdb", "database": "a/b.duckdb"}),
        ] {
            assert_eq!(read(&settings).unwrap().path, Some(PathBuf::from("/base/a/b.duckdb")), "{settings}");
        }
        assert_eq!(
            read(&json!({"credentials": "duckdb:////x.db"})).unwrap().path,
            Some(PathBuf::from("/x.db"))
        );
        assert_eq!(read(&json!({"path": ":memory:"})).unwrap().path, None);
        assert!(read(&json!({"path": "a", "database": "b"})).is_err());
        let question = read(&json!({"path": "what?/b.duckdb"})).unwrap_err();
        assert!(question.remedy().unwrap().contains("`path`"), "{question}");
    }

    #[test]
    fn a_whole_example_reads_back_and_a_misspelt_key_is_named() {
        let config = read(&json!({
            "path": "shop.duckdb", "memory_limit": "2GB", "threads": 4, "create_indexes": true,
            "replace_strategy": "insert-from-staging", "naming_convention": "direct", "loader_file_format": "parquet",
            "max_identifier_length": 63, "max_column_identifier_length": 63, "staging_dataset_name_layout": "tmp_%s",
        }))
        .unwrap();
        assert_eq!((config.threads, config.memory_limit.as_deref()), (Some(4), Some("2GB")));
        assert_eq!(config.staging_dataset, "tmp_my_data");
        assert_eq!(read(&json!({"treads": 4})).unwrap_err().remedy(), Some("did you mean 'threads'?"));
        assert!(read(&json!({"staging_dataset_name_layout": "%s"})).is_err());
    }
}
