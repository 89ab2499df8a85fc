//! Errors of drivers, without the secrets that they were given.

use adbc_core::error::{Error, Status};

use crate::error::SqlError;

/// Texts that no message may show.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// The options of the driver, which may hold passwords: whole texts, and the password of an address.
    pub(super) fn of<'a>(told: impl Iterator<Item = &'a str>) -> Self {
        let mut secrets = Vec::new();
        for text in told.filter(|text| text.len() > 3) {
            let login = text.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
            if let Some((_, password)) = login.and_then(|(login, _)| login.split_once(':')) {
                secrets.push(password.to_owned());
            }
            secrets.push(text.to_owned());
        }
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    fn hidden(&self, text: &str) -> String {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.0
            .iter()
            .filter(|secret| !secret.is_empty())
            .fold(line, |line, secret| line.replace(secret, "***"))
    }

    /// An error of the driver.
    pub(super) fn error(&self, doing: &str, cause: &Error) -> SqlError {
        let described = SqlError::new(format!("{doing}: {}", self.hidden(&cause.message)));
        let remedy = match cause.status {
            Status::Unauthenticated => "check `uri`, `username` and `password` of the credentials",
            Status::Unauthorized => "allow the user of the credentials to read it",
            Status::NotFound => "check the names of tables, and whether `schema` is right",
            Status::InvalidArguments => {
                "check the SQL of `query` and `where`, and the options in the credentials"
            }
            Status::IO | Status::Timeout => {
                "check the credentials, and whether the server runs and can be reached; then run again"
            }
            _ => return described,
        };
        described.with_remedy(remedy)
    }

    /// An error while rows come.
    pub(super) fn stream(&self, cause: &arrow::error::ArrowError) -> SqlError {
        SqlError::new(format!("cannot read: {}", self.hidden(&cause.to_string())))
            .with_remedy("see the message of the driver; then run again")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_wherever_they_stand() {
        let secrets = Secrets::of(["postgresql://me:hunter2@h/db", "token-1"].into_iter());
        let cause = Error::with_message_and_status(
            "no: hunter2\nat postgresql://me:hunter2@h/db token-1",
            Status::IO,
        );
        let error = secrets.error("cannot connect", &cause).to_string();
        assert!(!error.contains("hunter2") && !error.contains("token-1"), "{error}");
        assert!(error.contains("whether the server runs"), "{error}");
    }
}
