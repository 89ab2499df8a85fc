//! The beginning of a session, its tokens, and its end.

use std::fmt;

use cartage_destinations_api::Secret;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::failure::Failure;
use super::http::{Http, Request};
use super::protocol::{LoginAnswer, SessionInfo};

/// The service knows clients by their names, and answers some statements (`PUT`) and forms of results to known ones
/// only. This is the driver whose protocol is spoken here; the program names itself as its application.
const CLIENT_ID: &str = "Go";
const CLIENT_VERSION: &str = "1.17.0";
const RENEW: &str = "RENEW";

/// What proves who logs in.
pub(crate) enum Identity {
    Password(Secret),
    /// The name of the authenticator, and the token for it.
    Token(&'static str, Secret),
}

/// Who logs in, and into what.
pub(crate) struct LoginRequest<'a> {
    pub(crate) account: &'a str,
    pub(crate) user: &'a str,
    pub(crate) identity: &'a Identity,
    pub(crate) database: &'a str,
    pub(crate) warehouse: Option<&'a str>,
    pub(crate) role: Option<&'a str>,
    pub(crate) application: &'a str,
    pub(crate) parameters: Map<String, Value>,
}

/// The tokens of a session.
#[derive(Clone)]
pub(crate) struct Tokens {
    /// Goes with each request.
    pub(crate) session: String,
    /// Renews the other one; absent at services whose sessions do not expire.
    pub(crate) master: Option<String>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

/// Logs in. Sent again where the answer is lost: a session that nobody uses ends by itself.
pub(crate) async fn log_in(
    http: &Http,
    login: &LoginRequest<'_>,
) -> Result<(Tokens, SessionInfo, String), Failure> {
    let named =
        [("databaseName", Some(login.database)), ("warehouse", login.warehouse), ("roleName", login.role)];
    let query = named.into_iter().filter_map(|(key, value)| Some((key, value?.to_owned())));
    let query = query.chain([("requestId", id())]);
    let path = format!("/session/v1/login-request?{}", encoded(query));
    let mut data = json!({
        "CLIENT_APP_ID": CLIENT_ID,
        "CLIENT_APP_VERSION": CLIENT_VERSION,
        "ACCOUNT_NAME": login.account,
        "LOGIN_NAME": login.user,
        "SESSION_PARAMETERS": login.parameters,
        "CLIENT_ENVIRONMENT": {"APPLICATION": login.application, "OS": std::env::consts::OS},
    });
    match login.identity {
        Identity::Password(password) => data["PASSWORD"] = password.expose().into(),
        Identity::Token(authenticator, token) => {
            data["AUTHENTICATOR"] = (*authenticator).into();
            data["TOKEN"] = token.expose().into();
        }
    }
    let body = json!({ "data": data });
    let answer: LoginAnswer = http.send(&Request::post(path, &body)).await?.into_data()?;
    let session = answer.token.ok_or_else(|| Failure::Unexpected {
        status: 200,
        message: "the answer to the login has no token".to_owned(),
    })?;
    let tokens = Tokens { session, master: answer.master_token };
    Ok((tokens, answer.session_info, answer.server_version.unwrap_or_default()))
}

/// Gets a new token for a session whose token has expired.
pub(crate) async fn renew(http: &Http, tokens: &Tokens) -> Result<Tokens, Failure> {
    let expired =
        || Failure::Refused { code: "390112".to_owned(), message: "the session has expired".to_owned() };
    let master = tokens.master.as_deref().ok_or_else(expired)?;
    let body = json!({"oldSessionToken": tokens.session, "requestType": RENEW});
    let path = format!("/session/token-request?requestId={}", id());
    let request = Request::post(path, &body).with_token(master);
    let answer: LoginAnswer = http.send(&request).await?.into_data()?;
    let session = answer.session_token.ok_or_else(expired)?;
    Ok(Tokens { session, master: answer.master_token.or_else(|| tokens.master.clone()) })
}

/// Asks for a sign of life, which also keeps the session.
pub(crate) async fn heartbeat(http: &Http, tokens: &Tokens) -> Result<(), Failure> {
    let body = json!({});
    let path = format!("/session/heartbeat?requestId={}", id());
    let answer = http.send::<Value>(&Request::post(path, &body).with_token(&tokens.session)).await?;
    if answer.success {
        return Ok(());
    }
    answer.into_data().map(drop)
}

/// Ends a session; what is open in it is undone.
pub(crate) async fn close(http: &Http, tokens: &Tokens) -> Result<(), Failure> {
    let body = json!({});
    let path = format!("/session?delete=true&requestId={}", id());
    http.send::<Value>(&Request::post(path, &body).with_token(&tokens.session)).await.map(drop)
}

/// An id for a request.
pub(super) fn id() -> String {
    Uuid::new_v4().to_string()
}

/// The query of an address.
pub(super) fn encoded<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let url = reqwest::Url::parse_with_params("http://any", pairs);
    url.ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default()
}
