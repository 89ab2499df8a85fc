//! What the credentials hold.

use std::path::PathBuf;

use cartage_destinations_api::Secret;
use serde::Deserialize;

/// What the credentials have beside those of all servers. The host is the account, as in the address of its web pages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SnowflakeCredentials {
    /// The warehouse that statements run in; the user's default where absent.
    pub warehouse: Option<String>,
    /// The role of sessions; the user's default where absent.
    pub role: Option<String>,
    /// How the login proves who it is: `snowflake`, `snowflake_jwt`, `oauth` or `programmatic_access_token`. Follows
    /// from what is given where absent.
    pub authenticator: Option<String>,
    /// A token of OAuth, or a programmatic access token.
    pub token: Option<Secret>,
    /// The private key: PEM, or its DER form in base64.
    pub private_key: Option<Secret>,
    /// A file with the private key.
    pub private_key_path: Option<PathBuf>,
    /// What the private key is encrypted with, where it is.
    pub private_key_passphrase: Option<Secret>,
    /// What the service shows as the name of the program.
    pub application: Option<String>,
}
