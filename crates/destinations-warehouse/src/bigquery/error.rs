//! What the service says went wrong, as kinds: which is worth another attempt, and what people can do.

use cartage_destinations_api::{Error, ErrorKind};
use reqwest::StatusCode;
use serde_json::Value;

/// Longest message of the service that is shown; it may hold a value.
const LONGEST_MESSAGE: usize = 500;

/// Reasons that pass by themselves.
const PASSING: [&str; 9] = [
    "backendError",
    "internalError",
    "jobBackendError",
    "jobInternalError",
    "jobRateLimitExceeded",
    "rateLimitExceeded",
    "stopped",
    "tableUnavailable",
    "timeout",
];
/// What the service says where another transaction has changed the table first.
const CONFLICTS: [&str; 4] = [
    "Transaction is aborted due to concurrent update",
    "Could not serialize access to table",
    "TransactionContext Error",
    "Transaction conflict",
];

/// What went wrong with a request or a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The status of the answer; none of a job that failed, or where there was no answer.
    pub(super) status: Option<StatusCode>,
    /// The service's own word, such as `notFound`.
    pub(super) reason: String,
    /// The service's own sentence.
    pub(super) message: String,
}

impl Fault {
    /// The fault of an answer with this status.
    pub(super) fn of_answer(status: StatusCode, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = &body["error"];
        let first = &error["errors"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let message = match text(&error["message"]) {
            message if message.is_empty() => text(&first["message"]),
            message => message,
        };
        let message = if message.is_empty() { format!("the answer is {status}") } else { message };
        Self { status: Some(status), reason: text(&first["reason"]), message }
    }

    /// The fault of a job, from its `errorResult`, or the first of `errors`.
    pub(super) fn of_job(error: &Value) -> Self {
        let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        Self { status: None, reason: text("reason"), message: text("message") }
    }

    /// Nothing answered.
    pub(super) fn unreachable(message: impl Into<String>) -> Self {
        Self { status: None, reason: "unreachable".to_owned(), message: message.into() }
    }

    /// Whether the same request may succeed if it is sent again.
    pub(super) fn may_pass(&self) -> bool {
        let by_status = self.status.is_some_and(|status| {
            status == StatusCode::TOO_MANY_REQUESTS
                || status == StatusCode::REQUEST_TIMEOUT
                || status.is_server_error()
        });
        by_status || self.reason == "unreachable" || PASSING.contains(&self.reason.as_str())
    }

    /// Whether there is nothing of that name.
    pub(super) fn is_not_found(&self) -> bool {
        self.status == Some(StatusCode::NOT_FOUND)
    }

    /// Whether there is something of that name already.
    pub(super) fn is_duplicate(&self) -> bool {
        self.status == Some(StatusCode::CONFLICT)
    }

    fn is_conflict(&self) -> bool {
        CONFLICTS.iter().any(|text| self.message.contains(text))
    }

    fn kind(&self) -> ErrorKind {
        if self.may_pass() || self.is_conflict() || self.is_session_gone() {
            return ErrorKind::Transient;
        }
        let is_of_settings = self.status == Some(StatusCode::UNAUTHORIZED)
            || ["billingNotEnabled", "accessNotConfigured"].contains(&self.reason.as_str())
            || self.message.contains("Not found: Project")
            || self.message.contains("has not enabled BigQuery");
        if is_of_settings { ErrorKind::Invalid } else { ErrorKind::Terminal }
    }

    fn is_session_gone(&self) -> bool {
        self.message.contains("Invalid input session id") || self.message.contains("session has expired")
    }

    fn remedy(&self) -> Option<&'static str> {
        let says = |text: &str| self.message.contains(text);
        Some(match self.reason.as_str() {
            "unreachable" => "check the network, and 'url' of the destination where it is set",
            _ if self.status == Some(StatusCode::UNAUTHORIZED) => {
                "check the credentials of the destination: the key may be of another account, or deleted"
            }
            "accessNotConfigured" => "enable the BigQuery API in the project of the credentials",
            "accessDenied" | "forbidden" => {
                "give the account the roles BigQuery Data Editor on the datasets (or the project) and BigQuery Job User \
                 on the project; if there is no such dataset, check project_id and the names of datasets"
            }
            "billingNotEnabled" => {
                "link the project to a billing account: the sandbox has neither statements that change rows nor \
                 transactions"
            }
            "billingTierLimitExceeded" | "quotaExceeded" => {
                "wait until the quota is renewed or ask Google for a larger one; fewer and larger files need fewer \
                 jobs: raise file_max_items and file_max_bytes in [normalize.data_writer]"
            }
            "rateLimitExceeded" | "jobRateLimitExceeded" => {
                "lower 'connections' of the destination; the work is retried"
            }
            "resourcesExceeded" => "load smaller files, or partition and cluster the table",
            "responseTooLarge" => "read fewer rows",
            _ if says("was not found in location") => {
                "set 'location' of the destination to that of the dataset, and check its name"
            }
            _ if says("Not found: Project") => "check project_id of the destination and of its credentials",
            _ if says("Not found: Dataset") => "check project_id and the name of the dataset",
            _ if self.is_conflict() => "another load has changed the same table; the work is retried",
            _ if says("Required field") || says("cannot be null") || says("NOT NULL constraint") => {
                "set nullable = true for the column, or clean the data"
            }
            _ if says("too long") || says("exceeds the maximum") || says("maximum length") => {
                "leave the precision of the column out, or clean the data"
            }
            _ if says("out of range") || says("overflow") => {
                "give the column a larger precision, or clean the data"
            }
            _ if says("round-trip") => "BigQuery keeps no such number in JSON: give the column the type text",
            _ if says("JSON") => {
                "the value is not valid JSON: clean the data, or give the column the type text"
            }
            _ if says("column name") || says("Invalid field name") => {
                "use the naming convention snake_case: BigQuery has names of letters, digits and underscores, and few \
                 other characters"
            }
            _ => return None,
        })
    }

    /// As an error of a destination; `doing` is what was tried.
    pub(super) fn error(&self, doing: &str) -> Error {
        let message: String = self.message.replace(['\n', '\r'], " ").chars().take(LONGEST_MESSAGE).collect();
        let reason = if self.reason.is_empty() { String::new() } else { format!(" ({})", self.reason) };
        Error::new(self.kind(), format!("{message}{reason}")).with_known_remedy(self.remedy()).context(doing)
    }
}
