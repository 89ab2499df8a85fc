//! PostgreSQL: reflection by its catalog, rows by binary COPY.

mod cells;
mod copy;
mod dialect;
mod error;
mod numeric;
mod quote;
mod reflect;
mod session;
mod snapshot;
mod types;

pub(crate) use dialect::open;
