//! What a program that runs a pipeline says itself, and what it asks for.

use cartage_config::Secret;
use serde_json::{Value, json};

use crate::Project;

fn given(mut project: Project, given: &[(&str, Value)]) -> Project {
    project.options.given = given.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    project
}

#[test]
fn what_the_program_says_comes_before_everything_else() {
    let project = Project::new("[pipeline]\nname = 'x'\ndataset_name = 'file'\n")
        .env(&[("PIPELINE__DATASET_NAME", "env")])
        .set("pipeline.dataset_name=set");
    let project = given(
        project,
        &[
            ("pipeline.dataset_name", json!("007")),
            ("destination.\"my lake\".path", json!("a.duckdb")),
            ("destination.\"my lake\".type", json!("duckdb")),
            ("pipeline.destination", json!("my lake")),
        ],
    );
    let config = project.config();
    assert_eq!(config.pipeline.dataset_name, "007");
    let destination = config.destination.expect("a destination");
    assert_eq!((destination.name.as_str(), destination.kind.as_str()), ("my lake", "duckdb"));
    let wrong = given(Project::new("[pipeline]\nname = 'x'\n"), &[("load.wokers", json!(3))]);
    let error = wrong.error();
    assert!(error.contains("load.wokers") && error.contains("as the program sets it"), "{error}");
}

#[test]
fn values_are_looked_for_from_special_to_general() {
    let project = Project::new("[pipeline]\nname = 'x'\n")
        .file(".cartage/secrets.toml", "[sources.github]\naccess_token = 's3cret'\n")
        .env(&[("SOURCES__PER_PAGE", "50"), ("SOURCES__GITHUB__OWNERS", "[\"a\", \"b\"]")]);
    let config = project.config();
    let token: Option<Secret> = config.value("sources.github.access_token").expect("a text");
    assert_eq!(token.expect("a token").expose(), "s3cret");
    assert_eq!(config.value::<u32>("sources.github.per_page").expect("a number"), Some(50));
    assert_eq!(
        config.value::<Vec<String>>("sources.github.owners").expect("a list").expect("set"),
        ["a", "b"]
    );
    assert_eq!(config.value::<u32>("sources.github.nothing").expect("nothing"), None);
    let error = project.message(&config.value::<u32>("sources.github.access_token").expect_err("a text"));
    assert!(error.contains("sources.github.access_token") && !error.contains("s3cret"), "{error}");
    // The trace shows that it was asked for, and not what it is.
    let resolved = config.resolved_values();
    let token = resolved.iter().find(|value| value.key == "sources.github.access_token").expect("traced");
    assert_eq!((token.value.as_str(), token.is_secret), ("***", true));
}
