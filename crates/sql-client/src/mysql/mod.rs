//! MySQL and MariaDB: credentials in the words of MySQL's own programs, and connections.

mod connect;
mod credentials;

pub use connect::connect;
pub use credentials::{MysqlCredentials, SslMode};
