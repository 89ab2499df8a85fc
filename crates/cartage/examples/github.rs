//! dlt's GitHub example: issues and pull requests that changed, and all stargazers, of one repository.
//!
//! `SOURCES__GITHUB__ACCESS_TOKEN` (or `.cartage/secrets.toml`) has a token, without which GitHub answers 60 times
//! an hour; `SOURCES__GITHUB__BASE_URL` is another server.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use cartage::{
    BoxError, RestClient, SourceBuilder, To, WriteDisposition, incremental, pipeline, resource, source,
};
use serde_json::json;

fn github(client: &RestClient, repository: &str) -> SourceBuilder {
    let list = |name: &str, path: String| {
        let client = client.clone();
        resource(name, move |run| {
            let since: Option<String> = run.incremental().start_value()?;
            client.paginate(&path, json!({"state": "all", "since": since, "per_page": 100}))
        })
    };
    let updated = || incremental("updated_at").initial_value("2024-01-01T00:00:00Z");
    let issues = list("issues", format!("/repos/{repository}/issues"))
        .incremental(updated())
        .write_disposition(WriteDisposition::Merge)
        .primary_key("id");
    let pulls = list("pulls", format!("/repos/{repository}/pulls"))
        .incremental(updated())
        .write_disposition(WriteDisposition::Merge)
        .primary_key("id");
    let stargazers = list("stargazers", format!("/repos/{repository}/stargazers"))
        .write_disposition(WriteDisposition::Replace);
    source("github").with(issues).with(pulls).with(stargazers)
}

fn main() -> Result<(), BoxError> {
    let pipeline = pipeline("github").destination(To::duckdb("github.duckdb")).dataset("raw").open()?;
    let base: Option<String> = pipeline.find("sources.github.base_url")?;
    let token: Option<String> = pipeline.find("sources.github.access_token")?;
    let client = RestClient::with_token(
        base.as_deref().unwrap_or("https://api.github.com"),
        token.as_deref().unwrap_or_default(),
    )?;
    let report = pipeline.run(github(&client, "dlt-hub/dlt"))?;
    print!("{report}");
    Ok(())
}
