//! How a login proves who it is.

mod key_pair;

use cartage_destinations_api::Secret;
use cartage_sql_client::Login;

use super::credentials::SnowflakeCredentials;

pub(crate) use key_pair::{KeyPair, UnusableKey};

/// What the credentials prove a login with.
#[derive(Clone, Debug)]
pub(crate) enum Authentication {
    Password(Secret),
    KeyPair,
    OAuth(Secret),
    AccessToken(Secret),
}

/// A key of the credentials that cannot be used.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) key: &'static str,
    pub(crate) reason: String,
}

impl Authentication {
    /// What the authenticator asks for; where there is none, what is given.
    pub(crate) fn of(login: &Login, credentials: &SnowflakeCredentials) -> Result<Self, Refused> {
        let has_key = credentials.private_key.is_some() || credentials.private_key_path.is_some();
        let missing = |key: &'static str, what: &str| Refused { key, reason: format!("is missing: {what}") };
        let password = || {
            login.password.clone().ok_or_else(|| missing("password", "or give 'private_key_path' or 'token'"))
        };
        let token =
            || credentials.token.clone().ok_or_else(|| missing("token", "the authenticator asks for it"));
        let name = credentials.authenticator.as_deref().map(str::to_lowercase);
        match name.as_deref() {
            None if has_key => Ok(Self::KeyPair),
            None if login.password.is_none() && credentials.token.is_some() => token().map(Self::OAuth),
            None | Some("snowflake") if !has_key || login.password.is_some() => password().map(Self::Password),
            Some("snowflake" | "snowflake_jwt") if has_key => Ok(Self::KeyPair),
            Some("snowflake_jwt") => Err(missing("private_key", "the authenticator asks for it")),
            Some("oauth") => token().map(Self::OAuth),
            Some("programmatic_access_token") => {
                // Drivers take such a token as a password, too.
                token().or_else(|_| password()).map(Self::AccessToken)
            }
            Some(_) | None => Err(Refused {
                key: "authenticator",
                reason: "must be snowflake, snowflake_jwt, oauth or programmatic_access_token: others need a browser or a device"
                    .to_owned(),
            }),
        }
    }
}
