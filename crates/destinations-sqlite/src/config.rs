//! The settings below `[destination.<name>]`: parsed and checked, nothing opened.

use std::path::{Path, PathBuf};

use cartage_destinations_api::{
    CommonSettings, ConnectRequest, Error, NoKeys, Result, database_file, staging,
};

/// The dataset that is the file which the settings name.
const MAIN: &str = "main";

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// What all destinations share.
    pub common: CommonSettings,
    /// The file of the dataset.
    pub path: PathBuf,
    /// Name of the dataset; that of `main` is in the file which the settings name, others in files beside it.
    pub dataset: String,
    /// The dataset that rows in flight are said to be in; their tables are in the same file.
    pub staging_dataset: String,
}

impl Config {
    /// Reads the settings of a request.
    ///
    /// # Errors
    /// Invalid naming the key that is unknown or has a value that it cannot have.
    pub fn read(request: &ConnectRequest) -> Result<Self> {
        let (common, rest) = CommonSettings::split(&request.settings)?;
        let (named, rest) = database_file::split(&rest)?;
        rest.parse::<NoKeys>()?;
        let dataset = request.dataset_name.clone();
        if dataset.contains(['/', '\\', '\0']) {
            return Err(Error::invalid(format!("the dataset '{dataset}' cannot be part of a file name"))
                .with_remedy("set 'dataset_name' in [pipeline] to a plain name"));
        }
        let staging_dataset = staging::dataset_of(&common, &dataset)?;
        let path = dataset_file(&named_file(request, named.as_deref())?, &dataset);
        Ok(Self { common, path, dataset, staging_dataset })
    }
}

/// The file that a dataset has beside the one that the settings name.
fn dataset_file(database: &Path, dataset: &str) -> PathBuf {
    if dataset == MAIN {
        return database.to_owned();
    }
    let mut name = database.file_stem().unwrap_or_default().to_owned();
    name.push(format!("__{dataset}"));
    if let Some(extension) = database.extension() {
        name.push(".");
        name.push(extension);
    }
    database.with_file_name(name)
}

fn named_file(request: &ConnectRequest, named: Option<&str>) -> Result<PathBuf> {
    let file = match named {
        None => format!("{}.db", request.pipeline_name),
        Some(text) => without_scheme(text)?.to_owned(),
    };
    if file == ":memory:" || file.is_empty() {
        return Err(Error::invalid("a database in memory is gone when the load ends")
            .with_remedy("name a file instead, such as shop.sqlite, or sqlite:///shop.sqlite"));
    }
    Ok(request.base_dir.join(file))
}

/// SQLAlchemy writes `sqlite:///relative` and `sqlite:////absolute`, with a driver after a plus where one is chosen.
fn without_scheme(text: &str) -> Result<&str> {
    // The address is not quoted: other drivers have a password in it.
    let Some((scheme, rest)) = text.split_once("://") else { return Ok(text) };
    let is_sqlite = scheme == "sqlite" || scheme.starts_with("sqlite+");
    match rest.strip_prefix('/') {
        Some(path) if is_sqlite && !path.contains('?') => Ok(path),
        _ => Err(Error::invalid("the address of the database names no SQLite file").with_remedy(
            "write sqlite:///shop.sqlite, or sqlite:////home/me/shop.sqlite with an absolute path",
        )),
    }
}

#[cfg(test)]
mod tests {
    use cartage_destinations_api::Settings;
    use serde_json::{Value, json};

    use super::*;

    fn read(settings: &Value, dataset: &str) -> Result<Config> {
        let settings = Settings::new(settings.as_object().unwrap().clone());
        Config::read(
            &ConnectRequest::new("sqlite", "shop", dataset).with_settings(settings).in_folder("/base"),
        )
    }

    #[test]
    fn a_dataset_has_the_file_that_dlt_gives_it() {
        let file = |settings: &Value, dataset| read(settings, dataset).unwrap().path;
        assert_eq!(file(&json!({}), "raw"), PathBuf::from("/base/shop__raw.db"));
        assert_eq!(file(&json!({"path": "a/b.sqlite"}), "main"), PathBuf::from("/base/a/b.sqlite"));
        for settings in [
            json!({"path": "/x/s.v1.sqlite"}),
            json!({"database": "/x/s.v1.sqlite"}),
            json!({"credentials": "sqlite:////x/s.v1.sqlite"}),
            json!({"credentials": "sqlite+pysqlite:////x/s.v1.sqlite"}),
            json!({"credentials": {"drivername": "sqlite", "database": "/x/s.v1.sqlite"}}),
        ] {
            assert_eq!(file(&settings, "raw"), PathBuf::from("/x/s.v1__raw.sqlite"), "{settings}");
        }
        assert_eq!(file(&json!({"path": "plain"}), "raw"), PathBuf::from("/base/plain__raw"));
    }

    #[test]
    fn what_is_no_file_is_refused_with_a_remedy() {
        for settings in [
            json!({"path": ":memory:"}),
            json!({"credentials": "mysql://u:hush@h/d"}),
            json!({"credentials": "sqlite://shop.sqlite"}),
            json!({"credentials": "sqlite:///"}),
            json!({"credentials": "sqlite+pysqlcipher://:hush@/shop.sqlite"}),
            json!({"path": "a", "database": "b"}),
            json!({"pth": "a"}),
        ] {
            let error = read(&settings, "raw").unwrap_err();
            assert!(error.remedy().is_some() && !format!("{error:?}").contains("hush"), "{error:?}");
        }
        assert!(read(&json!({}), "a/b").is_err());
    }
}
