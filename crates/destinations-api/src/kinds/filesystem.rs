//! Files in a folder or a bucket.

use cartage_schema::ReplaceStrategy;

use super::{Asked, DestinationKind, PlaceSetting, Template, quoted};
use crate::capabilities::{Capabilities, Files, Guarantees, Strategies, Values};
use crate::files::{FileFormat, PageCompression};

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "filesystem",
    summary: "files in a folder, or in a bucket of S3, GCS or Azure",
    capabilities,
    place: Some(PlaceSetting {
        key: "bucket_url",
        schemes: &["s3", "gs", "gcs", "az", "abfs", "abfss", "file"],
        is_secret: false,
    }),
    template: Some(template),
    feature: Some("filesystem"),
    page: Some("destinations/filesystem.md"),
};

fn capabilities() -> Capabilities {
    Capabilities {
        files: Files {
            preferred_format: FileFormat::Jsonl,
            supported_formats: vec![FileFormat::Jsonl, FileFormat::Parquet, FileFormat::Csv],
            files_are_tables: true,
            parquet_compression: PageCompression::Snappy,
            ..Files::default()
        },
        values: Values { wei_precision: (78, 0), max_timestamp_precision: 9, ..Values::default() },
        strategies: Strategies { replace: vec![ReplaceStrategy::TruncateAndInsert], ..Strategies::default() },
        guarantees: Guarantees { transactions: false, enforces_not_null: false, ..Guarantees::default() },
        ..Capabilities::sql("filesystem")
    }
}

fn template(asked: &Asked<'_>) -> Template {
    let place = if asked.place.is_empty() { "lake" } else { asked.place };
    let settings = format!(
        "[destination.filesystem]\nbucket_url = {}  # a folder beside this file, s3://, gs:// or az://\n\
         # loader_file_format = \"parquet\"  # jsonl, parquet, csv\n",
        quoted(place)
    );
    let is_bucket = ["s3://", "gs://", "az://"].iter().any(|scheme| place.starts_with(scheme));
    let secrets = "[destination.filesystem.credentials]  # or what the cloud's own tools have in the environment\n\
                   # s3: aws_access_key_id = \"...\"\n\
                   #     aws_secret_access_key = \"...\"\n\
                   #     region_name = \"...\"\n";
    Template { settings, secrets: is_bucket.then(|| secrets.to_owned()) }
}
