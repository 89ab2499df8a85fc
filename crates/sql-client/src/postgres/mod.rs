//! PostgreSQL: credentials in libpq's words, and connections with and without encryption.

mod connect;
mod credentials;
mod ssl_mode;
mod stream;
mod tls;

pub use connect::{ConnectFailure, cancel, connect};
pub use credentials::PostgresCredentials;
pub use ssl_mode::SslMode;
