//! The settings below `[destination.<name>]`: parsed and checked, nothing opened.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use cartage_destinations_api::{CommonSettings, ConnectRequest, Error, Result, database_file, staging};
use serde::Deserialize;

/// More than machines have; DuckDB starts as many as it is asked for, before it does anything.
const MOST_THREADS: usize = 1024;

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
    /// The database file.
    pub path: PathBuf,
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
    /// Invalid naming the key that is unknown or has a value that is not allowed.
    pub fn read(request: &ConnectRequest) -> Result<Self> {
        let (common, rest) = CommonSettings::split(&request.settings)?;
        let (named, rest) = database_file::split(&rest)?;
        let Keys { memory_limit, threads } = rest.parse()?;
        if threads.is_some_and(|threads| threads.get() > MOST_THREADS) {
            let reason = format!("DuckDB gets at most {MOST_THREADS} threads");
            return Err(rest.invalid("threads", reason).into());
        }
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

    /// How many jobs run concurrently. DuckDB uses all its threads for one insert already; more
    /// inserts take more memory and are not faster. Small tables do not keep many threads busy, though.
    pub(crate) fn parallel_jobs(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        (self.threads.unwrap_or_else(cores) / 2).max(1)
    }
}

fn database_path(request: &ConnectRequest, named: Option<String>) -> Result<PathBuf> {
    let file = match named {
        None => format!("{}.duckdb", request.pipeline_name),
        Some(text) => without_scheme(&text)?.to_owned(),
    };
    let remedy = |what: &str| {
        format!(
            "name a file with `path` in `[destination.{}]`{what}, such as `path = \"shop.duckdb\"`",
            request.name
        )
    };
    if file == ":memory:" || file.is_empty() {
        return Err(Error::invalid("a database in memory is gone when the load ends").with_remedy(remedy("")));
    }
    // DuckDB takes what follows a question mark for parameters, and puts its log into another folder.
    if file.contains('?') {
        // It may be a token, so it is not quoted.
        return Err(Error::invalid("the name of DuckDB's file has a question mark").with_remedy(remedy("")));
    }
    let path = request.base_dir.join(file);
    if path.to_string_lossy().contains('?') {
        return Err(Error::invalid(format!(
            "DuckDB cannot open a file at {}, because of the question mark",
            path.display()
        ))
        .with_remedy(remedy(" whose folders have none")));
    }
    Ok(path)
}

/// dlt writes `duckdb:///relative` and `duckdb:////absolute`.
fn without_scheme(text: &str) -> Result<&str> {
    let refused = |reason: &str| {
        // The text is not quoted: what is meant for another database has a password in it.
        Error::invalid(reason.to_owned()).with_remedy(
            "write a path, or duckdb:///shop.duckdb, or duckdb:////home/me/shop.duckdb with an absolute path",
        )
    };
    if let Some((scheme, rest)) = text.split_once("://") {
        let path = rest.strip_prefix('/').filter(|_| scheme == "duckdb");
        return path.ok_or_else(|| refused("the address of the database names no DuckDB file"));
    }
    if ["md:", "motherduck:"].iter().any(|scheme| text.starts_with(scheme)) {
        return Err(refused("databases of MotherDuck are not supported, DuckDB files are"));
    }
    Ok(text.strip_prefix("duckdb:").unwrap_or(text))
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
        assert_eq!(config.path, PathBuf::from("/base/shop.duckdb"));
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
            assert_eq!(read(&settings).unwrap().path, PathBuf::from("/base/a/b.duckdb"), "{settings}");
        }
        assert_eq!(read(&json!({"credentials": "duckdb:////x.db"})).unwrap().path, PathBuf::from("/x.db"));
        for text in
            ["postgresql://u:hush@h/d", "duckdb://u:hush@h/d", "md:db?token=hush", "a.db?x=hush", ":memory:"]
        {
            let error = read(&json!({"credentials": text})).unwrap_err();
            assert!(error.remedy().is_some() && !format!("{error:?}").contains("hush"), "{error:?}");
        }
        assert!(read(&json!({"threads": 1_000_000})).unwrap_err().to_string().contains("threads"));
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
