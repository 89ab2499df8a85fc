//! What a database must do to be a source.

use std::fmt::Debug;
use std::num::NonZeroUsize;

use crate::batches::{RowSink, Stop};
use crate::error::SqlError;
use crate::kind::Kind;
use crate::reflected::{Bound, Reflected, ReflectedColumn, Relation};

/// A database that rows are read from. Nothing connects before [`Database::connect`].
pub(crate) trait Database: Debug + Send + Sync {
    /// What and where it is, for messages: without secrets.
    fn place(&self) -> String;

    /// A session that only reads.
    fn connect(&self) -> Result<Box<dyn Session>, SqlError>;

    /// A name of a column or table in quotes.
    fn quoted(&self, name: &str) -> String;

    /// A column as text, in which nothing of its values is lost.
    fn as_text(&self, column: &ReflectedColumn) -> String;

    /// What is selected so that a column comes as another kind, which the user wants; `None` where that is not for the
    /// database to do.
    fn read_as(&self, _column: &ReflectedColumn, _wanted: Kind) -> Option<String> {
        None
    }

    /// The column as rows with a cursor are ordered and compared by: texts by their bytes.
    fn ordered(&self, column: &ReflectedColumn) -> String;

    /// The condition that the column lies at `bound` or in the direction of `operator` (`>=`, `<=`); it may hold for
    /// others, too. `None` where the bound says nothing to the database.
    fn bound(&self, column: &ReflectedColumn, operator: &str, bound: &Bound) -> Option<String>;

    /// A bound as SQL, for conditions that the user writes.
    fn literal(&self, column: &ReflectedColumn, bound: &Bound) -> String;
}

/// A session, used by one thread at a time.
pub(crate) trait Session: Send {
    /// Names of the tables of a schema, and of its views if wanted, in the order of the names.
    fn table_names(&mut self, schema: Option<&str>, with_views: bool) -> Result<Vec<String>, SqlError>;

    /// What a table, or the answer of a query, looks like.
    fn reflect(&mut self, relation: &Relation) -> Result<Reflected, SqlError>;

    /// Reads all rows of a SELECT into the sink.
    fn read(self: Box<Self>, sql: &str, sink: &RowSink) -> Result<(), Stop>;

    /// How it sees the same snapshot as other sessions, where the database has that.
    fn snapshots(&mut self) -> Option<&mut dyn SnapshotSession> {
        None
    }
}

/// A session that can see the same snapshot of the database as others, so that a table can be read in parts.
pub(crate) trait SnapshotSession {
    /// Begins to see the database as of now, until the session ends.
    fn begin(&mut self) -> Result<(), SqlError>;

    /// What others need to see what this one sees, as long as it lives; `None` where the server cannot do that.
    fn export(&mut self) -> Result<Option<String>, SqlError>;

    /// Begins to see what another session has exported.
    fn import(&mut self, snapshot: &str) -> Result<(), SqlError>;

    /// Conditions that divide a relation by the places of its rows: exactly one holds for each. None of them where it is
    /// small, or is better read in one go; `None` where rows have no places in one file.
    fn places(&mut self, wanted: &WantedPlaces<'_>) -> Result<Option<Vec<String>>, SqlError>;

    /// Reads all rows of a SELECT into the sink. Another may follow.
    fn read(&mut self, sql: &str, sink: &RowSink) -> Result<(), Stop>;
}

/// What is to be divided by the places of its rows.
#[derive(Debug)]
#[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "only PostgreSQL knows places of rows"))]
pub(crate) struct WantedPlaces<'a> {
    pub(crate) relation: &'a Relation,
    /// The statement that reads it in one go, if not all of its rows are asked for: an index may be better.
    pub(crate) selective: Option<&'a str>,
    /// How many parts; `None` as many as the size asks for.
    pub(crate) num: Option<NonZeroUsize>,
}
