//! Putting credentials on requests, and getting tokens.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cartage_config::Secret;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::shown;
use super::network::HttpSender;
use super::redact::Redactor;
use crate::config::{Auth, ClientCredentials, Location};
use crate::request::form;

/// Credentials, ready for use.
#[derive(Debug)]
pub(crate) struct Authenticator {
    auth: Auth,
    token: Mutex<Option<Token>>,
    redactor: Redactor,
}

#[derive(Debug)]
struct Token {
    text: Secret,
    expires: Option<Instant>,
}

impl Authenticator {
    pub(crate) fn new(auth: Auth, redactor: &Redactor) -> Self {
        let mut token = None;
        match &auth {
            Auth::Bearer(secret) | Auth::ApiKey { key: secret, .. } => redactor.hide(secret),
            Auth::Basic { username, password } => {
                redactor.hide(password);
                redactor.hide(&Secret::new(basic(username, password)));
            }
            Auth::OAuth2(credentials) => {
                redactor.hide(&credentials.secret);
                if let Some(text) = &credentials.access_token {
                    redactor.hide(text);
                    token = Some(Token { text: text.clone(), expires: None });
                }
            }
        }
        Self { auth, token: Mutex::new(token), redactor: redactor.clone() }
    }

    /// Puts the credentials on a request. An error says what cannot be done.
    pub(crate) async fn apply(
        &self,
        sender: &HttpSender,
        headers: &mut HeaderMap,
        url: &mut Url,
    ) -> Result<(), String> {
        match &self.auth {
            Auth::Bearer(token) => set(headers, AUTHORIZATION, &format!("Bearer {}", token.expose())),
            Auth::Basic { username, password } => {
                set(headers, AUTHORIZATION, &format!("Basic {}", basic(username, password)))
            }
            Auth::ApiKey { name, key, location: Location::Header } => {
                let name = HeaderName::try_from(name.as_str())
                    .map_err(|_| format!("`auth.name` is `{name}`, which is not a valid name of a header"))?;
                set(headers, name, key.expose())
            }
            Auth::ApiKey { name, key, location: Location::Cookie } => {
                set(headers, COOKIE, &format!("{name}={}", key.expose()))
            }
            Auth::ApiKey { name, key, location: Location::Query } => {
                url.query_pairs_mut().append_pair(name, key.expose());
                Ok(())
            }
            Auth::OAuth2(credentials) => {
                let token = self.token(sender, credentials).await?;
                set(headers, AUTHORIZATION, &format!("Bearer {}", token.expose()))
            }
        }
    }

    /// The parameter that carries the credentials, if one does.
    pub(crate) fn key_param(&self) -> Option<String> {
        match &self.auth {
            Auth::ApiKey { name, location: Location::Query, .. } => Some(name.clone()),
            _ => None,
        }
    }

    /// Forgets a token that was not accepted. False if there is none that could be got again.
    pub(crate) async fn forget_token(&self) -> bool {
        if !matches!(self.auth, Auth::OAuth2(_)) {
            return false;
        }
        *self.token.lock().await = None;
        true
    }

    /// The token, a new one where there is none or it has expired. Only one request at a time asks for it.
    async fn token(&self, sender: &HttpSender, credentials: &ClientCredentials) -> Result<Secret, String> {
        let mut token = self.token.lock().await;
        if let Some(known) = &*token
            && known.expires.is_none_or(|expires| sender.network.now() < expires)
        {
            return Ok(known.text.clone());
        }
        let fresh = self.obtain(sender, credentials).await?;
        let text = fresh.text.clone();
        *token = Some(fresh);
        Ok(text)
    }

    async fn obtain(&self, sender: &HttpSender, credentials: &ClientCredentials) -> Result<Token, String> {
        let mut fields = Map::new();
        fields.insert("client_id".to_owned(), credentials.id.expose().into());
        fields.insert("client_secret".to_owned(), credentials.secret.expose().into());
        fields.insert("grant_type".to_owned(), "client_credentials".into());
        fields.extend(credentials.request_data.clone());
        let url = Url::parse(&credentials.url)
            .map_err(|error| format!("`auth.access_token_url` is not a URL: {error}"))?;
        let place = self.redactor.url(&url);
        let asked = sender.network.now();
        let request = sender
            .request(Method::POST, url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form(&fields));
        let sent = sender.send(request).await;
        let failed = |reason: String| format!("cannot get a token from {place}: {reason}");
        let answer = sent.map_err(|error| failed(error.explain(1, 0.0)))?;
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        if !status.is_success() {
            let said = shown(&self.redactor.text(&text));
            return Err(failed(format!(
                "status {}; check client_id and client_secret; it said: {said}",
                status.as_u16()
            )));
        }
        let answer: Value =
            serde_json::from_str(&text).map_err(|_| failed("the answer is not JSON".to_owned()))?;
        let found = answer.get("access_token").and_then(Value::as_str);
        let secret = Secret::new(found.ok_or_else(|| failed("the answer has no `access_token`".to_owned()))?);
        self.redactor.hide(&secret);
        let lifetime = answer.get("expires_in").and_then(seconds).unwrap_or(credentials.default_expiration);
        Ok(Token { text: secret, expires: asked.checked_add(Duration::from_secs(lifetime)) })
    }
}

/// What basic authentication sends, which is as good as the password.
fn basic(username: &str, password: &Secret) -> String {
    BASE64_STANDARD.encode(format!("{username}:{}", password.expose()))
}

fn seconds(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_f64().map(|number| number as u64))
        .or_else(|| value.as_str()?.parse().ok())
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), String> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        "the credentials have characters that are not allowed in a header, such as a line end".to_owned()
    })?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}
