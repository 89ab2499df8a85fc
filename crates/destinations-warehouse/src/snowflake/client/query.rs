//! Statements with their parameters.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use cartage_destinations_api::{Param, Statement};
use cartage_runtime::CancelToken;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::http::{Http, JSON, Repeat, Request};
use super::login::{Tokens, id, renew};
use super::protocol::{Envelope, QueryAnswer};
use super::rows::Rows;

const EXPIRED: &str = "390112";
/// The statement goes on, and so does a statement that was submitted to go on alone.
const IN_PROGRESS: [&str; 2] = ["333333", "333334"];
/// What the service holds a question back for at most, where it does not answer at once.
const QUICK: Duration = Duration::from_secs(1);

/// The answer to a statement.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) rows: Rows,
}

/// The statements of one session.
#[derive(Debug)]
pub(crate) struct Queries {
    http: Http,
    tokens: RefCell<Tokens>,
    cancel: CancelToken,
    sent: RefCell<u64>,
}

impl Queries {
    pub(crate) fn new(http: Http, tokens: Tokens, cancel: CancelToken) -> Self {
        Self { http, tokens: RefCell::new(tokens), cancel, sent: RefCell::new(0) }
    }

    pub(crate) fn http(&self) -> &Http {
        &self.http
    }

    /// The tokens of now.
    pub(crate) fn tokens(&self) -> Tokens {
        self.tokens.borrow().clone()
    }

    /// Runs a statement to its end.
    pub(crate) async fn run(&self, statement: &Statement) -> Result<Answer, Failure> {
        let answer: QueryAnswer = self.ask(statement).await?;
        Ok(Answer { rows: Rows::read(&self.http, answer).await? })
    }

    /// Runs a statement whose answer has a form of its own.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, statement: &Statement) -> Result<T, Failure> {
        let request = id();
        let mut answer = self.submit(statement, &request).await?;
        if answer.code.as_deref() == Some(EXPIRED) {
            // It was turned away, so it may be sent again.
            self.renew().await?;
            answer = self.submit(statement, &request).await?;
        }
        while answer.code.as_deref().is_some_and(|code| IN_PROGRESS.contains(&code)) {
            answer = self.wait(answer, &request).await?;
        }
        let data = answer.into_data()?;
        serde_json::from_value(data)
            .map_err(|cause| Failure::Unexpected { status: 200, message: cause.to_string() })
    }

    async fn renew(&self) -> Result<(), Failure> {
        let tokens = renew(&self.http, &self.tokens()).await?;
        *self.tokens.borrow_mut() = tokens;
        Ok(())
    }

    async fn submit(&self, statement: &Statement, request: &str) -> Result<Envelope<Value>, Failure> {
        let nth = {
            let mut sent = self.sent.borrow_mut();
            *sent += 1;
            *sent
        };
        let mut body =
            json!({"sqlText": statement.sql, "asyncExec": false, "sequenceId": nth, "isInternal": false});
        if !statement.params.is_empty() {
            body["bindings"] = bindings(&statement.params).into();
        }
        let tokens = self.tokens();
        let path = format!("/queries/v1/query-request?requestId={request}&request_guid={}", id());
        let mut request = Request {
            repeat: Repeat::Never,
            counts_attempts: true,
            ..Request::post(path, &body).with_token(&tokens.session)
        };
        if statement.sql.starts_with("PUT ") {
            request.accept = JSON;
        }
        self.http.send(&request).await
    }

    /// Asks again for the result of a statement that goes on.
    async fn wait(&self, answer: Envelope<Value>, request: &str) -> Result<Envelope<Value>, Failure> {
        let nowhere = || Failure::Unexpected {
            status: 200,
            message: "the answer does not say where the result will be".to_owned(),
        };
        let url = answer
            .data
            .as_ref()
            .and_then(|data| data["getResultUrl"].as_str())
            .ok_or_else(nowhere)?
            .to_owned();
        if self.cancel.is_cancelled() {
            self.abort(request).await;
            return Err(Failure::Stopped);
        }
        let asked = Instant::now();
        let tokens = self.tokens();
        let mut next: Envelope<Value> =
            self.http.send(&Request::get(&url).with_token(&tokens.session)).await?;
        if next.code.as_deref() == Some(EXPIRED) {
            self.renew().await?;
            return Ok(answer);
        }
        let goes_on = next.code.as_deref().is_some_and(|code| IN_PROGRESS.contains(&code));
        if goes_on && next.data.as_ref().is_none_or(|data| data["getResultUrl"].is_null()) {
            next.data = answer.data;
        }
        if goes_on && asked.elapsed() < QUICK {
            tokio::time::sleep(QUICK).await;
        }
        Ok(next)
    }

    /// Ends a statement that nobody waits for any more.
    async fn abort(&self, request: &str) {
        let tokens = self.tokens();
        let body = json!({"requestId": request});
        let path = format!("/queries/v1/abort-request?requestId={}", id());
        if let Err(failure) =
            self.http.send::<Value>(&Request::post(path, &body).with_token(&tokens.session)).await
        {
            tracing::debug!(?failure, "a statement could not be ended; it ends with its session");
        }
    }
}

/// Parameters by their numbers, as texts with types.
fn bindings(params: &[Param]) -> Map<String, Value> {
    let binding = |param: &Param| match param {
        Param::Text(text) => json!({"type": "TEXT", "value": text}),
        Param::Int(number) => json!({"type": "FIXED", "value": number.to_string()}),
        // Nanoseconds since 1970, and the minutes of the zone with a day added.
        Param::Timestamp(micros) => json!({"type": "TIMESTAMP_TZ", "value": format!("{micros}000 1440")}),
        _ => json!({"type": "TEXT", "value": null}),
    };
    params.iter().zip(1..).map(|(param, nth)| (nth.to_string(), binding(param))).collect()
}
