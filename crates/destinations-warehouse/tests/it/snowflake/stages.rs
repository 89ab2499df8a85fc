//! Where files of jobs go: the places behind a stage, with what the service gives for them.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use cartage_destinations_api::{
    Destination, Error, FileFormat, FilePlace, JobFile, JobOutcome, Secret, StagedAccess,
};
use cartage_destinations_sql::testing::write_parquet;
use cartage_destinations_warehouse::snowflake::connect;
use cartage_schema::{Column, DataType};
use cartage_test_support::{Answer, RestServer, Seen};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{LOGIN, request, welcome};
use super::util::plan;

const QUERY: &str = "/queries/v1/query-request";

fn answer(names: &[&str], row: &[&str]) -> Value {
    let columns: Vec<Value> =
        names.iter().map(|name| json!({"name": name, "type": "fixed", "scale": 0})).collect();
    json!({"rowtype": columns, "rowset": [row], "queryResultFormat": "json"})
}

/// A service with a load that is prepared, whose stage is where `stage` says; it is the bucket, too.
fn service(stage: impl Fn(&str) -> Value + Send + Sync + 'static) -> RestServer {
    RestServer::answering(move |seen| {
        let sql = seen.json()["sqlText"].as_str().unwrap_or_default().to_owned();
        let data = match seen.path.as_str() {
            LOGIN => return welcome(),
            QUERY if sql.starts_with("SELECT state") => answer(&["STATE"], &["0"]),
            QUERY if sql.starts_with("UPDATE") => {
                answer(&["number of rows updated", "number of multi-joined rows updated"], &["1", "0"])
            }
            QUERY if sql.starts_with("COPY") => answer(&["rows_parsed", "rows_loaded"], &["3", "3"]),
            QUERY if sql.starts_with("PUT") => stage(&seen.base),
            QUERY | "/session" => json!({}),
            _ => return Answer::text("text/plain", "").status(201).header("etag", "\"1\""),
        };
        Answer::json(&json!({"success": true, "data": data}))
    })
}

/// Loads a file; what became of it, the statements, and the requests to the bucket.
fn load(
    server: &RestServer,
    file: impl FnOnce(JobFile) -> JobFile,
) -> (Result<JobOutcome, Error>, Vec<String>, Vec<Seen>) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("1");
    write_parquet(&path, vec![("c", Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef)]);
    let plan = plan([Column::typed("c", DataType::Bigint, true)]);
    let snowflake = connect(&request(server, &json!({"password": "hush-hush"}))).unwrap();
    let job = file(JobFile::new("1", "items", &path, FileFormat::Parquet));
    let done = snowflake.open_job(&plan, &job).and_then(cartage_destinations_api::Job::run);
    drop(snowflake);
    let seen = server.seen();
    let statements = seen.iter().filter(|seen| seen.path == QUERY);
    let statements = statements.map(|seen| seen.json()["sqlText"].as_str().unwrap().to_owned()).collect();
    let uploads = seen.into_iter().filter(|seen| seen.method == "PUT").collect();
    (done, statements, uploads)
}

fn beginnings(statements: &[String]) -> Vec<&str> {
    statements.iter().map(|sql| sql.split(' ').next().unwrap()).collect()
}

#[test]
fn a_file_is_put_loaded_and_claimed_in_one_transaction() {
    let server = service(|base| {
        json!({"stageInfo": {"locationType": "GCS", "location": "b/f/", "presignedUrl": format!("{base}/signed?s=hush"),
               "creds": {}}, "encryptionMaterial": null})
    });
    let (done, statements, uploads) = load(&server, |job| job);
    assert_eq!(done.unwrap(), JobOutcome::Done { rows: 3 });
    assert_eq!(beginnings(&statements), ["USE", "BEGIN", "SELECT", "PUT", "COPY", "UPDATE", "COMMIT"]);
    assert_eq!((uploads[0].path.as_str(), uploads[0].body.starts_with(b"PAR1")), ("/signed", true));
    assert!(uploads[0].header("authorization").is_none(), "the token of the session is not for buckets");
    let (put, copy) = (&statements[3], &statements[4]);
    let folder =
        put.split_whitespace().find(|word| word.starts_with("@\"RAW_STAGING\".\"_CARTAGE_FILES\"/")).unwrap();
    assert!(copy.contains(&format!("FROM {folder}/1)")), "{copy}");
}

#[test]
fn a_stage_on_s3_gets_the_file_with_its_keys() {
    let server = service(|base| {
        json!({"stageInfo": {"locationType": "S3", "location": "bucket/stages/folder/", "region": "eu-west-1", "endPoint": base,
               "creds": {"AWS_KEY_ID": "key-id", "AWS_SECRET_KEY": "hush", "AWS_TOKEN": "session-of-the-stage"}}})
    });
    let (done, _, uploads) = load(&server, |job| job);
    assert_eq!(done.unwrap(), JobOutcome::Done { rows: 3 });
    assert_eq!(uploads[0].path, "/bucket/stages/folder/1");
    assert_eq!(uploads[0].header("x-amz-security-token"), Some("session-of-the-stage"));
    let signed = uploads[0].header("authorization").unwrap();
    assert!(signed.contains("Credential=key-id/") && signed.contains("/eu-west-1/s3/"), "{signed}");
}

#[test]
fn a_stage_on_azure_gets_the_file_with_its_token() {
    let server = service(|base| {
        json!({"stageInfo": {"locationType": "AZURE", "location": "container/folder/", "storageAccount": "shop", "endPoint": base,
               "creds": {"AZURE_SAS_TOKEN": "?sv=2024&sig=hush"}}})
    });
    let (done, _, uploads) = load(&server, |job| job);
    assert_eq!(done.unwrap(), JobOutcome::Done { rows: 3 });
    assert!(uploads[0].path.ends_with("/container/folder/1"), "{}", uploads[0].path);
    assert_eq!((uploads[0].param("sv"), uploads[0].param("sig")), (Some("2024"), Some("hush")));
}

#[test]
fn a_stage_on_google_gets_the_file_with_its_token() {
    let server = service(|base| {
        json!({"stageInfo": {"locationType": "GCS", "location": "bucket/folder/", "endPoint": base,
               "creds": {"GCS_ACCESS_TOKEN": "token-of-the-stage"}}})
    });
    let (done, _, uploads) = load(&server, |job| job);
    assert_eq!(done.unwrap(), JobOutcome::Done { rows: 3 });
    assert_eq!(uploads[0].path, "/bucket/folder/1");
    assert_eq!(uploads[0].header("authorization"), Some("Bearer token-of-the-stage"));
}

#[test]
fn a_stage_whose_files_the_client_encrypts_is_refused() {
    let server = service(|base| {
        json!({"stageInfo": {"locationType": "S3", "location": "b/f/", "endPoint": base, "creds": {}},
               "encryptionMaterial": [{"queryStageMasterKey": "hush", "queryId": "1", "smkId": 1}]})
    });
    let (done, statements, uploads) = load(&server, |job| job);
    let error = done.unwrap_err();
    assert!(error.remedy().unwrap().contains("SNOWFLAKE_SSE"), "{error:?}");
    assert!(!format!("{error:?}").contains("hush") && uploads.is_empty());
    assert_eq!(beginnings(&statements).last(), Some(&"ROLLBACK"));
}

#[test]
fn a_bucket_that_takes_no_file_is_told_without_its_address_and_undoes_the_job() {
    let server = RestServer::answering(|seen| {
        let sql = seen.json()["sqlText"].as_str().unwrap_or_default().to_owned();
        let data = match seen.path.as_str() {
            LOGIN => return welcome(),
            QUERY if sql.starts_with("SELECT state") => answer(&["STATE"], &["0"]),
            QUERY if sql.starts_with("PUT") => {
                json!({"stageInfo": {"locationType": "GCS", "location": "b/f/",
                "presignedUrl": format!("{}/signed?s=hush", seen.base), "creds": {}}})
            }
            QUERY | "/session" => json!({}),
            _ => return Answer::text("text/plain", "").status(403),
        };
        Answer::json(&json!({"success": true, "data": data}))
    });
    let (done, statements, uploads) = load(&server, |job| job);
    let error = done.unwrap_err();
    assert!(error.to_string().contains("403") && !format!("{error:?}").contains("hush"), "{error:?}");
    assert_eq!((beginnings(&statements).last(), uploads.len()), (Some(&"ROLLBACK"), 1));
}

#[test]
fn a_file_in_a_bucket_is_read_by_the_service_through_a_stage_that_is_made_once() {
    let server = service(|_| json!({}));
    let keys = [("aws_access_key_id", "key-id"), ("aws_secret_access_key", "hush")];
    let keys = keys.map(|(name, value)| (name.to_owned(), Secret::new(value))).into();
    let url = "s3://lake/staging/items/1.parquet".to_owned();
    let (done, statements, uploads) =
        load(&server, |job| job.at(FilePlace::Staged { url, access: StagedAccess::Keys(keys) }));
    assert_eq!(done.unwrap(), JobOutcome::Done { rows: 3 });
    assert!(uploads.is_empty());
    assert_eq!(beginnings(&statements), ["USE", "BEGIN", "SELECT", "CREATE", "COPY", "UPDATE", "COMMIT"]);
    assert!(
        statements[3].starts_with("CREATE OR REPLACE STAGE \"RAW_STAGING\".\"_CARTAGE_BUCKET_"),
        "{}",
        statements[3]
    );
    assert!(
        statements[4].contains("/staging/items/1.parquet)") && !statements[4].contains("PURGE"),
        "{}",
        statements[4]
    );
    let session = |sql: &str| {
        let is_it = |seen: &&Seen| seen.json()["sqlText"].as_str().is_some_and(|text| text.starts_with(sql));
        server.seen_at(QUERY).iter().find(is_it).unwrap().json()["sequenceId"].as_u64()
    };
    // It is the first statement of a session of its own: it would commit the transaction.
    assert_eq!(session("CREATE OR REPLACE STAGE"), Some(1));
}
