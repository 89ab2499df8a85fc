//! What a load needs of the server, tried in a transaction that is undone.

use cartage_destinations_api::sql::{Dialect as _, SqlScript, Statement, TableRef, ledger};
use cartage_destinations_api::{Error, LoadInFlight, Probe, Result, TRIAL_NAME};

use crate::destination::Postgres;
use crate::schema_sql::PostgresDialect;
use crate::steps::has_dataset;

pub(crate) fn probes(postgres: &Postgres) -> Vec<Probe<'_>> {
    vec![
        Probe::new("connect", || connect(postgres)),
        Probe::new("create", || create(postgres)),
        Probe::new("write", || write(postgres)),
    ]
}

fn connect(postgres: &Postgres) -> Result<String> {
    let session = postgres.pool.session()?;
    let statement =
        Statement::new("ask for the version", "SELECT current_setting('server_version'), current_user::text");
    let answer = session.query(&statement, |row| Ok((row.try_get(0)?, row.try_get(1)?)))?;
    let (version, user): (String, String) = answer.into_iter().next().unwrap_or_default();
    Ok(format!("PostgreSQL {version} at {}, as {user}", postgres.pool.config().place()))
}

/// Makes what a first load makes: datasets, a table in each, a row.
fn create(postgres: &Postgres) -> Result<String> {
    let session = postgres.pool.session()?;
    let datasets = [postgres.dataset(), postgres.staging_dataset()];
    let mut made = Vec::new();
    session.undone(|| {
        for dataset in datasets {
            let exists = has_dataset(&session, dataset)?;
            session.run(&trial(dataset, exists))?;
            made.push(format!("{dataset} {}", if exists { "(is there)" } else { "(can be made)" }));
        }
        Ok(())
    })?;
    Ok(format!("tables can be made in {}", made.join(" and ")))
}

fn trial(dataset: &str, exists: bool) -> SqlScript {
    let table = PostgresDialect.qualified(&TableRef::new(dataset, TRIAL_NAME));
    let mut script = SqlScript::default();
    if !exists {
        let create = format!("CREATE SCHEMA {}", PostgresDialect.dataset(dataset));
        script.push(format!("create dataset {dataset}"), create);
    }
    script.push(format!("create a table in {dataset}"), format!("CREATE TABLE {table} (id bigint)"));
    script.push(format!("write a row in {dataset}"), format!("INSERT INTO {table} VALUES (1)"));
    script
}

/// Looks for tables of the dataset that belong to somebody else or may not be written: a load would fail there.
fn write(postgres: &Postgres) -> Result<String> {
    let session = postgres.pool.session()?;
    let statement = Statement::new(
        "ask for the rights on the tables",
        "SELECT c.relname::text FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') \
         AND NOT (pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'INSERT') \
         AND pg_catalog.has_table_privilege(c.oid, 'DELETE') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')) \
         ORDER BY 1",
    )
    .with_params(vec![postgres.dataset().into()]);
    let closed: Vec<String> = session.query(&statement, |row| row.try_get(0))?;
    if closed.is_empty() {
        return Ok(format!("the tables of {} may be read, written and altered", postgres.dataset()));
    }
    let message = format!(
        "tables of {} that the user may not write or alter: {}",
        postgres.dataset(),
        closed.join(", ")
    );
    Err(Error::invalid(message).with_remedy(
        "let the user of the credentials own these tables (ALTER TABLE ... OWNER TO), or be a member of their owner",
    ))
}

pub(crate) fn loads_in_flight(postgres: &Postgres) -> Result<Vec<LoadInFlight>> {
    let session = postgres.pool.session()?;
    let staging = postgres.staging_dataset();
    if !session.has_table(staging, ledger::TABLE)? {
        return Ok(Vec::new());
    }
    session.query(&ledger::loads_in_flight(&PostgresDialect, staging), |row| {
        Ok(LoadInFlight::new(row.try_get::<_, String>(0)?, row.try_get::<_, String>(1)?))
    })
}
