//! What a load needs of the server.

use cartage_destinations_api::{Error, Result, Statement};
use cartage_destinations_sql::SqlSession as _;

use crate::client::Session;
use crate::config::{Config, place};

/// Asks who answers.
pub(crate) fn who_answers(session: &Session, config: &Config) -> Result<String> {
    let statement =
        Statement::new("ask for the version", "SELECT current_setting('server_version'), current_user::text");
    let row = session.query(&statement)?.into_iter().next().unwrap_or_default();
    Ok(format!("PostgreSQL {} at {}, as {}", row.text(0)?, place(config), row.text(1)?))
}

/// Looks for tables of the dataset that belong to another user or may not be written: a load would fail there.
pub(crate) fn rights(session: &Session, dataset: &str) -> Result<String> {
    let statement = Statement::new(
        "ask for the rights on the tables",
        "SELECT c.relname::text FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') \
         AND NOT (pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'INSERT') \
         AND pg_catalog.has_table_privilege(c.oid, 'DELETE') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')) \
         ORDER BY 1",
    )
    .with_params(vec![dataset.into()]);
    let closed = session.query(&statement)?;
    let closed = closed.iter().map(|row| row.text(0)).collect::<Result<Vec<_>>>()?;
    if closed.is_empty() {
        return Ok(format!("the tables of {dataset} may be read, written and altered"));
    }
    let message = format!("tables of {dataset} that the user may not write or alter: {}", closed.join(", "));
    Err(Error::invalid(message).with_remedy(
        "make the user of the credentials the owner of these tables (ALTER TABLE ... OWNER TO), or a \
         member of their owner",
    ))
}
