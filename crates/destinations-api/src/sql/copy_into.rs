//! How a warehouse is told to read a file from a staging bucket by itself.
//!
//! For whoever adds a destination with a bucket in front of it. The forms are those of the manuals of the
//! warehouses; our tests compare the text, and no warehouse has run it.

use std::fmt;

use super::script::Statement;
use crate::error::{Error, Result};
use crate::files::FileFormat;

/// A warehouse that reads buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warehouse {
    /// `LOAD DATA`.
    BigQuery,
    /// `INSERT` from the table function `s3`.
    ClickHouse,
    /// `COPY INTO`, which passes over files that it has loaded before.
    Databricks,
    /// `COPY`.
    Redshift,
    /// `COPY INTO`.
    Snowflake,
}

/// By what right the warehouse reads the bucket. `Debug` shows no key.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BucketAccess {
    /// It may already.
    Granted,
    /// By something that the warehouse knows by this name: a connection (BigQuery), a named collection
    /// (ClickHouse), a credential (Databricks), the ARN of a role (Redshift), a storage integration (Snowflake).
    Named(String),
    /// By the keys of an S3 user, which become part of the statement.
    Keys {
        /// The id of the access key.
        id: String,
        /// The secret access key.
        secret: String,
    },
}

/// A job file in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedFile<'a> {
    /// Its address: `s3://`, `gs://` and so on.
    pub url: &'a str,
    /// How it is written.
    pub format: FileFormat,
    /// Whether the whole file is compressed with gzip.
    pub is_gzip: bool,
}

/// The statement that adds the rows of `file` to `target`. Names of the table and of its columns, in the order of
/// the file, come quoted as the warehouse wants them.
///
/// # Errors
/// Invalid if the warehouse cannot read such a file, or not by such a right, or if a text has characters that it
/// may take for something else.
pub fn copy_into(
    warehouse: Warehouse,
    target: &str,
    columns: &[String],
    file: &StagedFile<'_>,
    access: &BucketAccess,
) -> Result<Statement> {
    if file.format == FileFormat::Parquet && file.is_gzip {
        return Err(Error::invalid(
            "a Parquet file is packed with gzip as a whole, which no warehouse unpacks",
        )
        .with_remedy("leave compression to the pages inside of the file"));
    }
    let columns = columns.join(", ");
    let url = literal(file.url)?;
    let sql = match warehouse {
        Warehouse::BigQuery => big_query(target, &url, file, access),
        Warehouse::ClickHouse => click_house(target, &columns, &url, file, access),
        Warehouse::Databricks => databricks(target, &url, file, access),
        Warehouse::Redshift => redshift(target, &columns, &url, file, access),
        Warehouse::Snowflake => snowflake(target, &url, file, access),
    }?;
    Ok(Statement::new(format!("copy a staged {} file into {target}", file.format), sql))
}

/// What comes compressed is noticed by its name.
fn big_query(target: &str, url: &str, file: &StagedFile<'_>, access: &BucketAccess) -> Result<String> {
    let format = match file.format {
        FileFormat::Parquet => "'PARQUET', enable_list_inference = true",
        FileFormat::Jsonl => "'JSON'",
        FileFormat::Csv => "'CSV', skip_leading_rows = 1",
    };
    let connection = match access {
        BucketAccess::Granted => String::new(),
        BucketAccess::Named(name) => format!(" WITH CONNECTION `{}`", plain(name)?),
        BucketAccess::Keys { .. } => return Err(no_keys("BigQuery", "the name of a connection")),
    };
    Ok(format!("LOAD DATA INTO {target} FROM FILES (format = {format}, uris = [{url}]){connection}"))
}

fn click_house(
    target: &str,
    columns: &str,
    url: &str,
    file: &StagedFile<'_>,
    access: &BucketAccess,
) -> Result<String> {
    let format = match file.format {
        FileFormat::Parquet => "Parquet",
        FileFormat::Jsonl => "JSONEachRow",
        FileFormat::Csv => "CSVWithNames",
    };
    let compression = if file.is_gzip { "gzip" } else { "none" };
    let source = match access {
        BucketAccess::Granted => format!("{url}, '{format}', 'auto', '{compression}'"),
        BucketAccess::Named(name) => {
            format!(
                "{}, url = {url}, format = '{format}', compression_method = '{compression}'",
                plain(name)?
            )
        }
        BucketAccess::Keys { id, secret } => {
            format!("{url}, {}, {}, '{format}', 'auto', '{compression}'", literal(id)?, literal(secret)?)
        }
    };
    Ok(format!("INSERT INTO {target} ({columns}) SELECT {columns} FROM s3({source})"))
}

fn databricks(target: &str, url: &str, file: &StagedFile<'_>, access: &BucketAccess) -> Result<String> {
    let format = match file.format {
        FileFormat::Parquet => "PARQUET",
        FileFormat::Jsonl => "JSON",
        FileFormat::Csv => "CSV FORMAT_OPTIONS ('header' = 'true')",
    };
    let credential = match access {
        BucketAccess::Granted => String::new(),
        BucketAccess::Named(name) => format!(" WITH (CREDENTIAL `{}`)", plain(name)?),
        BucketAccess::Keys { id, secret } => format!(
            " WITH (CREDENTIAL (AWS_ACCESS_KEY = {}, AWS_SECRET_KEY = {}))",
            literal(id)?,
            literal(secret)?
        ),
    };
    Ok(format!("COPY INTO {target} FROM {url}{credential} FILEFORMAT = {format}"))
}

fn redshift(
    target: &str,
    columns: &str,
    url: &str,
    file: &StagedFile<'_>,
    access: &BucketAccess,
) -> Result<String> {
    let format = match file.format {
        FileFormat::Parquet => "PARQUET",
        FileFormat::Jsonl => "JSON 'auto' TIMEFORMAT 'auto' DATEFORMAT 'auto'",
        FileFormat::Csv => "CSV IGNOREHEADER 1 TIMEFORMAT 'auto' DATEFORMAT 'auto'",
    };
    let gzip = if file.is_gzip { " GZIP" } else { "" };
    let right = match access {
        BucketAccess::Granted => "IAM_ROLE default".to_owned(),
        BucketAccess::Named(role) => format!("IAM_ROLE {}", literal(role)?),
        BucketAccess::Keys { id, secret } => {
            format!("ACCESS_KEY_ID {} SECRET_ACCESS_KEY {}", literal(id)?, literal(secret)?)
        }
    };
    Ok(format!("COPY {target} ({columns}) FROM {url} {right} FORMAT AS {format}{gzip}"))
}

fn snowflake(target: &str, url: &str, file: &StagedFile<'_>, access: &BucketAccess) -> Result<String> {
    let compression = if file.is_gzip { "GZIP" } else { "NONE" };
    let format = match file.format {
        FileFormat::Parquet => "TYPE = PARQUET, USE_LOGICAL_TYPE = TRUE, BINARY_AS_TEXT = FALSE".to_owned(),
        FileFormat::Jsonl => format!("TYPE = JSON, COMPRESSION = {compression}"),
        FileFormat::Csv => format!("TYPE = CSV, PARSE_HEADER = TRUE, COMPRESSION = {compression}"),
    };
    let right = match access {
        BucketAccess::Granted => String::new(),
        BucketAccess::Named(name) => format!(" STORAGE_INTEGRATION = \"{}\"", plain(name)?),
        BucketAccess::Keys { id, secret } => {
            format!(" CREDENTIALS = (AWS_KEY_ID = {}, AWS_SECRET_KEY = {})", literal(id)?, literal(secret)?)
        }
    };
    Ok(format!(
        "COPY INTO {target} FROM {url}{right} FILE_FORMAT = ({format}) MATCH_BY_COLUMN_NAME = CASE_SENSITIVE"
    ))
}

/// A text in quotes. Warehouses differ in what a backslash or a second quote in it means, so neither is let in.
fn literal(text: &str) -> Result<String> {
    plain(text).map(|text| format!("'{text}'"))
}

/// A text that stands for itself in any quotes.
fn plain(text: &str) -> Result<&str> {
    let is_odd = |character: char| character.is_control() || "'\"`\\".contains(character);
    if text.is_empty() || text.contains(is_odd) {
        // It may be a secret, so it is not shown.
        return Err(Error::invalid(
            "an address, name or key of the bucket is empty or has a quote, backslash or line break",
        )
        .with_remedy("choose a place and keys without them"));
    }
    Ok(text)
}

fn no_keys(warehouse: &str, instead: &str) -> Error {
    Error::invalid(format!("{warehouse} reads buckets by no keys of an S3 user"))
        .with_remedy(format!("give {instead} instead"))
}

impl fmt::Debug for BucketAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted => f.write_str("Granted"),
            Self::Named(name) => f.debug_tuple("Named").field(name).finish(),
            Self::Keys { id, .. } => f.debug_struct("Keys").field("id", id).finish_non_exhaustive(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Warehouse; 5] = [
        Warehouse::BigQuery,
        Warehouse::ClickHouse,
        Warehouse::Databricks,
        Warehouse::Redshift,
        Warehouse::Snowflake,
    ];

    fn keys(secret: &str) -> BucketAccess {
        BucketAccess::Keys { id: "AKIA1".to_owned(), secret: secret.to_owned() }
    }

    fn columns(warehouse: Warehouse) -> Vec<String> {
        let quote = if matches!(warehouse, Warehouse::Redshift | Warehouse::Snowflake) { '"' } else { '`' };
        ["id", "_dlt_id"].map(|name| format!("{quote}{name}{quote}")).to_vec()
    }

    fn file(format: FileFormat) -> StagedFile<'static> {
        StagedFile { url: "s3://lake/raw/items/1.5.f00.x", format, is_gzip: format != FileFormat::Parquet }
    }

    #[test]
    fn each_warehouse_is_told_in_its_own_words() {
        let mut all = String::new();
        for warehouse in ALL {
            for access in [BucketAccess::Granted, BucketAccess::Named("lake".to_owned()), keys("s3cr3t")] {
                for format in [FileFormat::Parquet, FileFormat::Jsonl, FileFormat::Csv] {
                    let copy = copy_into(warehouse, "raw.items", &columns(warehouse), &file(format), &access);
                    let text = copy.map_or_else(|error| error.to_string(), |copy| copy.sql);
                    all.push_str(&format!("{warehouse:?} {access:?} {format}\n  {text}\n"));
                }
            }
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn what_could_end_a_text_early_is_refused_and_not_shown() {
        for secret in ["it's", "back\\slash", "two\nlines", ""] {
            let copy = copy_into(
                Warehouse::Snowflake,
                "raw.items",
                &columns(Warehouse::Snowflake),
                &file(FileFormat::Parquet),
                &keys(secret),
            );
            let error = copy.unwrap_err().to_string();
            assert!(secret.is_empty() || !error.contains(secret), "{error}");
        }
    }

    #[test]
    fn a_packed_parquet_file_is_refused() {
        let packed = StagedFile { is_gzip: true, ..file(FileFormat::Parquet) };
        for warehouse in ALL {
            let copy =
                copy_into(warehouse, "raw.items", &columns(warehouse), &packed, &BucketAccess::Granted);
            assert!(copy.unwrap_err().to_string().contains("gzip"));
        }
    }

    #[test]
    fn keys_are_in_no_debug_output() {
        assert!(!format!("{:?}", keys("s3cr3t")).contains("s3cr3t"));
    }
}
