//! Keeps what is known as secret out of what others say: servers and commands quote what they were
//! sent, and their words become part of errors.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What replaces a secret.
const MASK: &str = "***";

/// Shorter texts could be anything, and hiding them would spoil every message.
const MIN_LENGTH: usize = 4;

/// Texts that must not be shown. `Debug` shows none of them.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Each in every spelling, the longest first.
    spellings: Vec<String>,
}

impl Secrets {
    /// Hides these texts, as they are, encoded for URLs, in base64, and as JSON writes them.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let texts = texts.into_iter().filter(|text| text.len() >= MIN_LENGTH);
        let mut spellings: Vec<String> = texts
            .flat_map(|text| [text.to_owned(), percent(text), STANDARD.encode(text), in_json(text)])
            .collect();
        spellings.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        spellings.dedup();
        Self { spellings }
    }

    /// `text` without the secrets. To be called before a text is cut, or half a secret may stay.
    pub fn hide(&self, text: &str) -> String {
        self.spellings.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), MASK))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// A text as JSON writes it, without its quotes.
fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn percent(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_in_every_spelling_and_short_texts_are_not() {
        let secrets = Secrets::new(["pa ss/word", "pa ss/word and more", "to"]);
        let said = "pa ss/word pa%20ss%2Fword cGEgc3Mvd29yZA== pa ss/word and more to";
        assert_eq!(secrets.hide(said), "*** *** *** *** to");
        assert_eq!(format!("{secrets:?}"), "Secrets");
    }
}
