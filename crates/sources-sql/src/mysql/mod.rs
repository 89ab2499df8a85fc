//! MySQL and MariaDB: reflection by `information_schema`, rows by the binary protocol, as they come.

mod bounds;
mod cells;
mod dialect;
mod error;
mod quote;
mod reflect;
mod reflect_query;
mod session;
mod types;

pub(crate) use dialect::open;
