//! Who connects to an SQL database and how: connection strings, credentials, encryption.
//!
//! Sources and destinations of the same database share this, so that the same credentials mean the same in both.
//! [`Form`] takes `credentials` out of settings, whether they are a table or a connection string with SQLAlchemy's names of
//! drivers; [`Login`] is what all servers have, and the modules `postgres` and `mysql`, each a feature, have the rest and
//! connect.
//!
//! # Invariants
//! No message holds a password: errors never quote a connection string, and `Debug` of a password prints nothing.
//!
//! # Limitations
//! What a session does after it has begun (settings, statements, errors as kinds) is not known here.

mod connection_string;
mod credentials;
mod error;
#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "postgres")]
pub mod postgres;

pub use connection_string::Form;
pub use credentials::{Credentials, CredentialsPlace, Login, read_credentials};
pub use error::ClientError;
