//! What a load needs of the server.

use cartage_destinations_api::{Result, Statement};
use cartage_destinations_sql::SqlSession as _;
use cartage_destinations_sql::server::Pool;

use crate::connector::Connector;

/// Asks who answers.
pub(crate) fn connect(pool: &Pool<Connector>) -> Result<String> {
    let statement = Statement::new("ask for the version", "SELECT version(), current_user()");
    let session = pool.session()?;
    let answer = session.query(&statement)?;
    let row = answer.into_iter().next().unwrap_or_default();
    let (version, user) = (row.text(0)?, row.text(1)?);
    let files = if session.about().takes_files { "" } else { ", without local_infile (slower)" };
    Ok(format!("version {version} at {}, as {user}{files}", pool.server().config().keys.credentials.place()))
}
