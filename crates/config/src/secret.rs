//! Values that must not be seen, and how they are recognised.

use std::fmt::{self, Debug, Display};

use serde::{Deserialize, Deserializer};

/// A text that neither `Debug` nor `Display` shows.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`, so that `Debug` and messages do not show it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that hands it to a driver.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

pub(crate) const MASK: &str = "***";

const WORDS: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credentials",
    "api_key",
    "apikey",
    "private_key",
    "access_key",
    "account_key",
    "sas_token",
];

/// Whether values under this key are secrets, by its name.
pub fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    WORDS.iter().any(|word| key.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with('_')))
}

/// A value that a template left for the user to fill in.
pub(crate) fn is_placeholder(text: &str) -> bool {
    let inner = text.trim().strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    inner.is_some_and(|inner| {
        let inner = inner.to_ascii_lowercase();
        ["configure", "please", "your ", "fill in", "change me"].iter().any(|word| inner.starts_with(word))
    })
}

/// Hides the password of a connection string, and what a web address has after a question mark, such as a signature.
pub(crate) fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let is_web = matches!(scheme, "http" | "https");
    let rest = match rest.split_once('?') {
        Some((address, query)) if is_web && !query.is_empty() => &format!("{address}?{MASK}"),
        _ => rest,
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    match authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')) {
        Some((user, password)) => {
            let after = &rest[user.len() + 1 + password.len()..];
            format!("{scheme}://{user}:{MASK}{after}")
        }
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names_and_keys_of_tables_are_none() {
        for key in
            ["password", "api_key", "github_token", "aws_secret_access_key", "CREDENTIALS", "client_secret"]
        {
            assert!(is_secret_key(key), "{key}");
        }
        for key in ["primary_key", "merge_key", "root_key", "tokens_per_page", "path", "secretary"] {
            assert!(!is_secret_key(key), "{key}");
        }
    }

    #[test]
    fn only_the_password_of_a_connection_string_is_hidden() {
        assert_eq!(
            without_password("postgres://me:pw@host:5432/db?x=1"),
            "postgres://me:***@host:5432/db?x=1"
        );
        assert_eq!(without_password("https://host/a:b@c"), "https://host/a:b@c");
        assert_eq!(without_password("https://me:pw@host/a?sig=b"), "https://me:***@host/a?***");
    }

    #[test]
    fn nothing_prints_a_secret() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.expose(), "hunter2");
    }
}
