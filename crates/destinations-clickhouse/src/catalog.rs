//! What is in the database: its system tables. All datasets are in one, so names of tables begin with their dataset's.

use cartage_destinations_api::{Result, Statement};
use cartage_destinations_sql::statements::TableRef;
use cartage_destinations_sql::statements::ddl::Existing;
use cartage_destinations_sql::{Row, SqlSession as _};
use cartage_schema::Table;

use crate::session::Session;

fn ask(session: &Session, purpose: &str, select: &str, names: &[&str]) -> Result<Vec<Row>> {
    let mut params = vec![session.client().config().login.database.as_str().into()];
    params.extend(names.iter().map(|name| (*name).into()));
    session.query(&Statement::new(purpose, select).with_params(params))
}

/// All tables of a dataset, that which stands for it among them.
fn all_tables(session: &Session, dataset: &str) -> Result<Vec<String>> {
    let beginning = session.dialect().beginning(dataset);
    let select =
        "SELECT name FROM system.tables WHERE database = {p1} AND startsWith(name, {p2}) ORDER BY name";
    let rows = ask(session, "list the tables of the dataset", select, &[&beginning])?;
    rows.iter().map(|row| row.text(0).map(|name| name[beginning.len()..].to_owned())).collect()
}

pub(crate) fn tables(session: &Session, dataset: &str) -> Result<Vec<String>> {
    let mut tables = all_tables(session, dataset)?;
    tables.retain(|table| table != session.dialect().sentinel());
    Ok(tables)
}

/// Datasets of other programs may lack the table that says so.
pub(crate) fn has_dataset(session: &Session, dataset: &str) -> Result<bool> {
    Ok(!all_tables(session, dataset)?.is_empty())
}

pub(crate) fn create_dataset(session: &Session, dataset: &str) -> Result<()> {
    use cartage_destinations_sql::statements::Dialect as _;

    if has_table(session, dataset, session.dialect().sentinel())? {
        return Ok(());
    }
    let create = session.dialect().create_dataset(dataset).unwrap_or_default();
    session.run_sql(format!("create dataset {dataset}"), create)
}

pub(crate) fn drop_empty_dataset(session: &Session, dataset: &str) -> Result<()> {
    use cartage_destinations_sql::statements::Dialect as _;

    if !tables(session, dataset)?.is_empty() {
        return Ok(());
    }
    let sentinel = session.dialect().qualified(&TableRef::new(dataset, session.dialect().sentinel()));
    session.run_sql(format!("remove dataset {dataset}"), format!("DROP TABLE IF EXISTS {sentinel}"))
}

pub(crate) fn has_table(session: &Session, dataset: &str, table: &str) -> Result<bool> {
    let name = session.dialect().name(&TableRef::new(dataset, table));
    let select = "SELECT 1 FROM system.tables WHERE database = {p1} AND name = {p2}";
    Ok(!ask(session, "whether the table is there", select, &[&name])?.is_empty())
}

pub(crate) fn columns(session: &Session, table: &TableRef) -> Result<Vec<(String, String)>> {
    let name = session.dialect().name(table);
    let select =
        "SELECT name, type FROM system.columns WHERE database = {p1} AND table = {p2} ORDER BY position";
    let rows = ask(session, "list the columns of the table", select, &[&name])?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

pub(crate) fn existing(session: &Session, dataset: &str, tables: &[&Table]) -> Result<Existing> {
    let beginning = session.dialect().beginning(dataset);
    let select = "SELECT table, name FROM system.columns WHERE database = {p1} AND startsWith(table, {p2}) \
                  ORDER BY table, position";
    let rows = ask(session, "list the columns of the dataset", select, &[&beginning])?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let table = row.text(0)?[beginning.len()..].to_owned();
        if tables.iter().any(|wanted| wanted.name == table) {
            found.push((table, row.text(1)?));
        }
    }
    Ok(Existing::of(session.dialect(), &found))
}
