//! What the credentials of all servers have, and what those of one database add.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cartage_config::{Seconds, Secret, Section, keys_of};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::connection_string::Form;
use crate::error::ClientError;

/// What the credentials of one database have beside [`Login`].
pub trait Credentials: DeserializeOwned {
    /// Its connection strings.
    const FORM: Form;

    /// Checks what no type can, and finds files.
    ///
    /// # Errors
    /// [`ClientError::Config`] naming the key whose value is not allowed.
    fn complete(&mut self, login: &Login, place: &CredentialsPlace<'_>) -> Result<(), ClientError>;
}

/// Who connects, and where to: what the credentials of all servers have.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Login {
    /// SQLAlchemy's name, which says nothing that is not known.
    #[serde(default, rename = "drivername")]
    _driver: IgnoredAny,
    /// The host, as the database understands it.
    pub host: String,
    /// The database that sessions begin in.
    pub database: String,
    /// Name of the user.
    pub username: String,
    /// Its password, where it has one.
    pub password: Option<Secret>,
    /// How long one attempt to connect may take.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: Seconds,
}

fn default_connect_timeout() -> Seconds {
    Seconds(Duration::from_secs(15))
}

/// Reads the table of `credentials` that [`Form::split`] took out of the settings at `place`.
///
/// # Errors
/// [`ClientError::Config`] naming the key that is unknown, absent or has a value that is not allowed.
pub fn read_credentials<C: Credentials>(
    credentials: &Section,
    place: &CredentialsPlace<'_>,
) -> Result<(Login, C), ClientError> {
    let of_login = keys_of::<Login>();
    let mut own: C = credentials.without(of_login).parse()?;
    let login = credentials.only(of_login).parse()?;
    own.complete(&login, place)?;
    Ok((login, own))
}

/// The settings that credentials are in.
#[derive(Clone, Copy, Debug)]
pub struct CredentialsPlace<'a> {
    /// The table that has the key `credentials`.
    pub settings: &'a Section,
    /// Folder that relative paths start from.
    pub base_dir: &'a Path,
}

impl CredentialsPlace<'_> {
    /// Files that credentials name, relative to the folder that the settings lie in.
    pub fn find_files<'f>(&self, files: impl IntoIterator<Item = &'f mut Option<PathBuf>>) {
        for file in files.into_iter().flatten() {
            *file = self.base_dir.join(&*file);
        }
    }

    /// Refuses one of two files of the credentials without the other.
    ///
    /// # Errors
    /// If only one is there.
    pub fn go_together(&self, files: [(&str, &Option<PathBuf>); 2]) -> Result<(), ClientError> {
        let ([(given, Some(_)), (missing, None)] | [(missing, None), (given, Some(_))]) = files else {
            return Ok(());
        };
        Err(self.refused(given, &format!("goes together with '{missing}'")))
    }

    /// Refuses a character set in the credentials that is none of the names of the one in which all text is sent.
    ///
    /// # Errors
    /// If it is another.
    pub fn check_charset(&self, key: &str, given: Option<String>, names: &[&str]) -> Result<(), ClientError> {
        if given.is_none_or(|given| names.iter().any(|name| name.eq_ignore_ascii_case(&given))) {
            return Ok(());
        }
        let message = format!("'credentials.{key}': all text is sent as {}", names[0]);
        Err(ClientError::unusable(message).with_remedy(format!("leave '{key}' out")))
    }

    /// An error about a key of the credentials.
    pub fn refused(&self, key: &str, reason: &str) -> ClientError {
        self.settings.invalid(&format!("credentials.{key}"), reason).into()
    }
}
