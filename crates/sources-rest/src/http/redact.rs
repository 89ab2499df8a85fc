//! Addresses and texts without secrets, for messages, logs and packages.

use std::sync::{Arc, RwLock};

use cartage_config::Secret;
use reqwest::Url;

const MASK: &str = "***";

/// Names of parameters whose values must not be shown.
const SENSITIVE: [&str; 16] = [
    "api_key",
    "apikey",
    "api-key",
    "key",
    "token",
    "access_token",
    "access-token",
    "refresh_token",
    "auth_token",
    "secret",
    "client_secret",
    "password",
    "pwd",
    "signature",
    "sig",
    "code",
];

/// Secrets shorter than this are only hidden where their name tells; in texts they could be anything.
const MIN_LENGTH: usize = 4;

/// Knows what must not be shown.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Arc<RwLock<Vec<String>>>);

impl Redactor {
    /// Hides this text from now on.
    pub(crate) fn hide(&self, secret: &Secret) {
        let text = secret.expose();
        if text.len() >= MIN_LENGTH
            && let Ok(mut known) = self.0.write()
            && !known.iter().any(|other| other == text)
        {
            known.push(text.to_owned());
            // Addresses have it in their own spelling.
            let encoded: String = reqwest::Url::parse_with_params("x:", [("", text)])
                .ok()
                .and_then(|url| url.query().map(|query| query.trim_start_matches('=').to_owned()))
                .unwrap_or_default();
            if encoded.len() >= MIN_LENGTH && encoded != text {
                known.push(encoded);
            }
        }
    }

    /// A text without the secrets that are known.
    pub(crate) fn text(&self, text: &str) -> String {
        let Ok(known) = self.0.read() else { return MASK.to_owned() };
        known.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), MASK))
    }

    /// Whether an address holds a secret that is known, or a parameter that sounds like one.
    pub(crate) fn has_secret(&self, url: &Url) -> bool {
        let mut pairs = url.query_pairs();
        !url.username().is_empty()
            || url.password().is_some()
            || pairs.any(|(name, _)| SENSITIVE.contains(&name.to_ascii_lowercase().as_str()))
            || self.text(url.as_str()) != url.as_str()
    }

    /// An address without user, password and the values of parameters that sound secret.
    pub(crate) fn url(&self, url: &Url) -> String {
        let mut shown = url.clone();
        // Addresses that can have no user have none.
        let _ = shown.set_password(None);
        let _ = shown.set_username("");
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                let secret = SENSITIVE.contains(&name.to_ascii_lowercase().as_str());
                (name.into_owned(), if secret { MASK.to_owned() } else { value.into_owned() })
            })
            .collect();
        shown.set_query(None);
        if !pairs.is_empty() {
            shown.query_pairs_mut().extend_pairs(pairs);
        }
        self.text(shown.as_str())
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_names_that_sound_secret_nor_known_secrets_are_shown() {
        let redactor = Redactor::default();
        redactor.hide(&Secret::new("hunter two"));
        let url = |text: &str| redactor.url(&Url::parse(text).unwrap());
        assert_eq!(url("https://me:pw@a.b/x?page=2&api_key=abc"), "https://a.b/x?page=2&api_key=***");
        assert_eq!(url("https://a.b/x?odd=hunter+two"), "https://a.b/x?odd=***");
        let has_secret = |text: &str| redactor.has_secret(&Url::parse(text).unwrap());
        assert!(has_secret("https://a.b/x?Token=1") && has_secret("https://a.b/x?odd=hunter+two"));
        assert!(has_secret("https://me@a.b/x") && !has_secret("https://a.b/x?since=10:00&page=2"));
        assert_eq!(redactor.text("no hunter two here"), "no *** here");
    }
}
