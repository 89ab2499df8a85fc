//! Destinations at the shared stand-in and at services of a test's own, and what those answer.

use cartage_destinations_api::{ConnectRequest, Settings};
use cartage_destinations_warehouse::bigquery::{self, BigQuery};
use cartage_test_support::bigquery::shared;
use cartage_test_support::{Answer, RestServer};
use serde_json::{Value, json};

pub(crate) const PROJECT: &str = "cartage-test";

/// A destination at the stand-in; `extra` settings win.
pub(crate) fn connect(dataset: &str, extra: &Value) -> BigQuery {
    let mut keys = json!({"project_id": PROJECT});
    keys.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    if keys["url"].is_null() {
        keys["url"] = shared().url().into();
    }
    bigquery::connect(&request(dataset, &keys)).unwrap()
}

pub(crate) fn request(dataset: &str, keys: &Value) -> ConnectRequest {
    let settings = Settings::new(keys.as_object().unwrap().clone());
    ConnectRequest::new("bigquery", "shop", dataset).with_settings(settings)
}

/// A destination at a service of a test's own.
pub(crate) fn connect_to(service: &RestServer, extra: &Value) -> BigQuery {
    let mut keys = json!({"url": service.url(), "project_id": "p", "retry_deadline": 5, "http_timeout": 5});
    keys.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    bigquery::connect(&request("raw", &keys)).unwrap()
}

/// An answer with an error of the service.
pub(crate) fn refusal(status: u16, reason: &str, message: &str) -> Answer {
    let error = json!({"reason": reason, "message": message});
    Answer::json(&json!({"error": {"code": status, "message": message, "errors": [error]}})).status(status)
}

/// A job as the service tells of it; `error` is its reason and message where it failed.
pub(crate) fn job(id: &str, state: &str, error: Option<(&str, &str)>, statistics: &Value) -> Answer {
    let mut status = json!({"state": state});
    if let Some((reason, message)) = error {
        status["errorResult"] = json!({"reason": reason, "message": message});
    }
    let reference = json!({"projectId": "p", "jobId": id, "location": "US"});
    Answer::json(&json!({"jobReference": reference, "status": status, "statistics": statistics}))
}
