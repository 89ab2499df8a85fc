//! `auth`: who we are.

use cartage_config::Secret;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::either::{FromText, form};
use super::issue::{ConfigIssue, word};

/// `auth` as it is written. A text names the type.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthTable {
    pub(crate) r#type: Option<String>,
    pub(crate) token: Option<Secret>,
    pub(crate) name: Option<String>,
    pub(crate) api_key: Option<Secret>,
    pub(crate) location: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) access_token: Option<Secret>,
    pub(crate) access_token_url: Option<String>,
    pub(crate) client_id: Option<Secret>,
    pub(crate) client_secret: Option<Secret>,
    #[serde(deserialize_with = "form")]
    pub(crate) access_token_request_data: Option<Map<String, Value>>,
    pub(crate) default_token_expiration: Option<u64>,
}

impl FromText for AuthTable {
    fn from_text(text: &str) -> Self {
        Self { r#type: Some(text.to_owned()), ..Self::default() }
    }
}

/// The table `auth` once its keys fit its type.
#[derive(Clone, Debug)]
pub(crate) enum Auth {
    Bearer(Secret),
    ApiKey { name: String, key: Secret, location: Location },
    Basic { username: String, password: Secret },
    OAuth2(Box<ClientCredentials>),
}

/// Where an API key goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    Header,
    Query,
    Cookie,
}

/// OAuth2 for machines: a token for an id and a secret, again when it has expired.
#[derive(Clone, Debug)]
pub(crate) struct ClientCredentials {
    pub(crate) access_token: Option<Secret>,
    pub(crate) url: String,
    pub(crate) id: Secret,
    pub(crate) secret: Secret,
    pub(crate) request_data: Map<String, Value>,
    pub(crate) default_expiration: u64,
}

const TYPES: [&str; 4] = ["bearer", "api_key", "http_basic", "oauth2_client_credentials"];

impl AuthTable {
    /// Fills what is missing from another table: that of the source, where dlt looks for it, too.
    #[must_use]
    pub(crate) fn or(mut self, other: &Self) -> Self {
        fn fill<T: Clone>(own: &mut Option<T>, other: Option<&T>) {
            if own.is_none() {
                *own = other.cloned();
            }
        }
        // Those of other types may be meant for other endpoints.
        if self.may_be("bearer") {
            fill(&mut self.token, other.token.as_ref());
        }
        if self.may_be("api_key") {
            fill(&mut self.api_key, other.api_key.as_ref());
        }
        fill(&mut self.username, other.username.as_ref());
        fill(&mut self.password, other.password.as_ref());
        fill(&mut self.access_token_url, other.access_token_url.as_ref());
        fill(&mut self.client_id, other.client_id.as_ref());
        fill(&mut self.client_secret, other.client_secret.as_ref());
        self
    }

    fn may_be(&self, kind: &str) -> bool {
        self.r#type.as_deref().is_none_or(|own| own == kind)
    }

    /// A table without `type` means what its keys are for.
    fn kind(&self) -> &str {
        match &self.r#type {
            Some(kind) => kind,
            None if self.token.is_some() => TYPES[0],
            None if self.api_key.is_some() => TYPES[1],
            None if self.username.is_some() => TYPES[2],
            None if self.client_id.is_some() => TYPES[3],
            None => TYPES[0],
        }
    }

    pub(crate) fn check(&self) -> Result<Auth, ConfigIssue> {
        let kind = word("auth.type", self.kind(), &TYPES)?;
        self.check_keys(kind)?;
        let missing = |key: &str| {
            ConfigIssue::new(
                "auth",
                format!(
                    "`{kind}` needs `{key}`; put it into secrets.toml or the environment, as in docs/rest.md"
                ),
            )
        };
        let secret = |key: &str, value: &Option<Secret>| value.clone().ok_or_else(|| missing(key));
        Ok(match kind {
            "bearer" => Auth::Bearer(secret("token", &self.token)?),
            "api_key" => Auth::ApiKey {
                name: self.name.clone().unwrap_or_else(|| "Authorization".to_owned()),
                key: secret("api_key", &self.api_key)?,
                location: self.location()?,
            },
            "http_basic" => Auth::Basic {
                username: self.username.clone().ok_or_else(|| missing("username"))?,
                password: secret("password", &self.password)?,
            },
            _ => Auth::OAuth2(Box::new(ClientCredentials {
                access_token: self.access_token.clone(),
                url: self.access_token_url.clone().ok_or_else(|| missing("access_token_url"))?,
                id: secret("client_id", &self.client_id)?,
                secret: secret("client_secret", &self.client_secret)?,
                request_data: self.access_token_request_data.clone().unwrap_or_default(),
                default_expiration: self.default_token_expiration.unwrap_or(3600),
            })),
        })
    }

    fn location(&self) -> Result<Location, ConfigIssue> {
        let given = self.location.as_deref().unwrap_or("header");
        Ok(match word("auth.location", given, &["header", "query", "param", "cookie"])? {
            "header" => Location::Header,
            "cookie" => Location::Cookie,
            _ => Location::Query,
        })
    }

    /// Keys of other types would do nothing.
    fn check_keys(&self, kind: &str) -> Result<(), ConfigIssue> {
        let of_others = [
            ("token", self.token.is_some(), "bearer"),
            ("name", self.name.is_some(), "api_key"),
            ("api_key", self.api_key.is_some(), "api_key"),
            ("location", self.location.is_some(), "api_key"),
            ("access_token", self.access_token.is_some(), "oauth2_client_credentials"),
            (
                "access_token_request_data",
                self.access_token_request_data.is_some(),
                "oauth2_client_credentials",
            ),
        ];
        // Without `type` the key decides; secrets of several kinds may come from the environment together.
        match of_others.iter().find(|(_, is_set, of)| *is_set && *of != kind && self.r#type.is_some()) {
            Some((key, _, of)) => {
                Err(ConfigIssue::new("auth", format!("`{key}` belongs to `{of}`, not to `{kind}`")))
            }
            None => Ok(()),
        }
    }
}
