//! The destination of a new pipeline file.

use cartage_pipeline::PipelineError;

use super::Part;

/// A type, or a type and a place as `ingest` takes them.
pub(super) fn part(destination: &str, name: &str) -> Result<Part, PipelineError> {
    let (kind, place) = destination.split_once(':').unwrap_or((destination, ""));
    let place = place.replace('\\', "\\\\").replace('"', "\\\"");
    match kind {
        "duckdb" => Ok(plain(format!(
            "[destination.duckdb]\npath = \"{}\"  # relative to this file\n",
            or(&place, format!("{name}.duckdb"))
        ))),
        "filesystem" => Ok(filesystem(&or(&place, "lake".to_owned()))),
        "postgres" if place.is_empty() => Ok(postgres()),
        "postgres" => Err(PipelineError::Usage {
            message: "the address of a database may hold a password, which belongs into no command line".to_owned(),
            remedy: "write `postgres`, and fill in .cartage/secrets.toml afterwards".to_owned(),
        }),
        unknown => Err(PipelineError::Usage {
            message: format!("there is no template for the destination \"{unknown}\""),
            remedy: "use duckdb, postgres or filesystem, with a place behind a colon if you like: duckdb:shop.duckdb"
                .to_owned(),
        }),
    }
}

fn or(place: &str, otherwise: String) -> String {
    if place.is_empty() { otherwise } else { place.to_owned() }
}

fn plain(text: String) -> Part {
    Part { text, secrets: None, files: Vec::new() }
}

fn filesystem(place: &str) -> Part {
    let text = format!(
        "[destination.filesystem]\nbucket_url = \"{place}\"  # a folder beside this file, s3://, gs:// or az://\n\
         # loader_file_format = \"parquet\"  # jsonl, parquet, csv\n"
    );
    let is_bucket = ["s3://", "gs://", "az://"].iter().any(|scheme| place.starts_with(scheme));
    let secrets = "[destination.filesystem.credentials]  # or what the cloud's own tools have in the environment\n\
                   # s3: aws_access_key_id = \"...\"\n\
                   #     aws_secret_access_key = \"...\"\n\
                   #     region_name = \"...\"\n";
    Part { secrets: is_bucket.then(|| secrets.to_owned()), ..plain(text) }
}

fn postgres() -> Part {
    let text = "[destination.postgres]\n# host, database, user and password are in .cartage/secrets.toml, or in the environment as\n\
                # DESTINATION__POSTGRES__CREDENTIALS=\"postgresql://user:password@host:5432/database\"\n";
    let secrets = "[destination.postgres.credentials]\n\
                   # host = \"localhost\"\n\
                   # database = \"...\"\n\
                   # username = \"...\"\n\
                   # password = \"...\"\n";
    Part { secrets: Some(secrets.to_owned()), ..plain(text.to_owned()) }
}
