//! `sslmode`, in libpq's words.

use serde::Deserialize;

/// `sslmode`, as libpq knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SslMode {
    /// The connection is never encrypted.
    Disable,
    /// Encrypted only where the server insists.
    Allow,
    /// Encrypted where the server can.
    #[default]
    Prefer,
    /// Encrypted. The server's certificate is looked at only if `sslrootcert` is given.
    Require,
    /// Encrypted, and the certificate is signed by a trusted authority.
    VerifyCa,
    /// The same, and it is that of the host.
    VerifyFull,
}
