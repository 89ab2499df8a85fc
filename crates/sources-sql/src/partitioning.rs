//! How the parts of a table are found, before the first of them is read.

use cartage_source_api::CursorRange;

use crate::batches::{RowSink, Stop};
use crate::database::{Database, Session, WantedPlaces};
use crate::error::SqlError;
use crate::statement::{Parts, Selection};

/// The parts of a selection.
#[derive(Debug, Default)]
pub(crate) struct Division {
    /// Conditions of which exactly one holds for each row; none where it is read in one go.
    pub(crate) conditions: Vec<String>,
    /// What sessions import so that all see the same snapshot.
    pub(crate) snapshot: Option<String>,
    /// Why it is read in one go although the settings want parts.
    pub(crate) warning: Option<String>,
}

impl Division {
    fn in_one_go(reason: &str) -> Self {
        Self { warning: Some(format!("it is read by one statement: {reason}")), ..Self::default() }
    }
}

/// Divides a selection. The session sees from then on what it is to read; without one it must be opened again.
pub(crate) fn divide(
    database: &dyn Database,
    selection: &Selection,
    range: Option<&CursorRange>,
    session: &mut dyn Session,
) -> Result<Division, Stop> {
    if matches!(selection.parts, Parts::One) {
        return Ok(Division::default());
    }
    let Some(session) = session.snapshots() else { return without_snapshot(database, selection, range) };
    session.begin()?;
    let conditions = match &selection.parts {
        Parts::One => Vec::new(),
        Parts::ByValue(of) => {
            let read = |sql: &str, sink: &RowSink| session.read(sql, sink);
            of.conditions(database, of.ends(&selection.ends_statement(database, range, &of.column), read)?)
        }
        Parts::ByPlace(num) => {
            let selective = num.is_none() && selection.has_conditions(database, range);
            let statement = selective.then(|| selection.statement(database, range, None));
            let relation = &selection.relation;
            let places =
                session.places(&WantedPlaces { relation, selective: statement.as_deref(), num: *num })?;
            if places.is_none() && num.is_some() {
                return Ok(Division::in_one_go(
                    "only tables that have no children can be divided by a number of `partitions`, from version 14 of the \
                     server on; others need { column, num }",
                ));
            }
            places.unwrap_or_default()
        }
    };
    if conditions.is_empty() {
        return Ok(Division::default());
    }
    match session.export()? {
        None if matches!(selection.parts, Parts::ByPlace(None)) => Ok(Division::default()),
        None => Ok(Division::in_one_go("the server is a standby, whose sessions cannot share a snapshot")),
        snapshot => Ok(Division { conditions, snapshot, warning: None }),
    }
}

/// Ranges of a column that are each read at a time of their own.
fn without_snapshot(
    database: &dyn Database,
    selection: &Selection,
    range: Option<&CursorRange>,
) -> Result<Division, Stop> {
    match &selection.parts {
        Parts::ByPlace(Some(_)) => Err(SqlError::new(
            "`partitions` is a number, and sessions of this database cannot see a table as of the same point in time",
        )
        .with_remedy(
            "set { column = \"id\", num = 8 }, if each range may be read at a different time",
        )
        .into()),
        Parts::ByValue(of) => {
            let read = |sql: &str, sink: &RowSink| database.connect()?.read(sql, sink);
            let conditions = of.conditions(database, of.ends(&selection.ends_statement(database, range, &of.column), read)?);
            Ok(Division { conditions, ..Division::default() })
        }
        Parts::ByPlace(None) | Parts::One => Ok(Division::default()),
    }
}
