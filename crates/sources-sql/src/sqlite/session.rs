//! One connection, which only reads.

use std::sync::atomic::Ordering;

use rusqlite::{Connection, OpenFlags};

use super::cells::push;
use super::credentials::SqliteFile;
use super::{error, functions, reflect};
use crate::batches::{RowSink, Stop};
use crate::database::Session;
use crate::error::SqlError;
use crate::reflected::{Reflected, Relation};

/// How often it is looked whether rows are still wanted, in steps of SQLite's machine.
const STEPS: i32 = 100_000;

/// A connection to one file.
#[derive(Debug)]
pub(super) struct SqliteSession {
    connection: Connection,
    has_utf16: bool,
}

impl SqliteSession {
    /// Opens the file, which is not made where it is not there.
    pub(super) fn open(file: &SqliteFile) -> Result<Self, SqlError> {
        let path = &file.path;
        if !path.is_file() {
            return Err(SqlError::new(format!("there is no file {}", path.display())).with_remedy(
                "check the file that the credentials name: sqlite:///relative.db, sqlite:////absolute.db",
            ));
        }
        let open = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(file.timeout)?;
            functions::register(&connection)?;
            // The first look into the file.
            let encoding: String = connection.query_row(
                "SELECT e.encoding FROM pragma_encoding e, (SELECT count(*) FROM sqlite_schema)",
                [],
                |row| row.get(0),
            )?;
            Ok(Self { connection, has_utf16: encoding != "UTF-8" })
        };
        open().map_err(|cause| error::open(path, &cause))
    }

    /// Whether texts are stored as UTF-16.
    pub(super) fn has_utf16(&self) -> bool {
        self.has_utf16
    }
}

impl Session for SqliteSession {
    fn table_names(&mut self, schema: Option<&str>, with_views: bool) -> Result<Vec<String>, SqlError> {
        reflect::table_names(&self.connection, schema, with_views)
    }

    fn reflect(&mut self, relation: &Relation) -> Result<Reflected, SqlError> {
        reflect::reflect(&self.connection, relation)
    }

    fn read(mut self: Box<Self>, sql: &str, sink: &RowSink) -> Result<(), Stop> {
        let failed = |cause: rusqlite::Error| {
            if sink.is_wanted() { error::statement("cannot read", &cause).into() } else { Stop::NotWanted }
        };
        let wanted = sink.wanted();
        // A statement may work for long before it has a row.
        self.connection
            .progress_handler(STEPS, Some(move || !wanted.load(Ordering::Acquire)))
            .map_err(failed)?;
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut answer = statement.query([]).map_err(failed)?;
        let mut rows = sink.rows();
        while let Some(row) = answer.next().map_err(failed)? {
            let mut bytes = 0;
            for (nth, (builder, column)) in rows.builders.iter_mut().zip(sink.columns()).enumerate() {
                let value = row.get_ref(nth).map_err(failed)?;
                bytes += value.as_bytes_or_null().ok().flatten().map_or(size_of::<i64>(), <[u8]>::len);
                push(builder, column.kind, value)
                    .map_err(|error| error.in_column(&column.name, &column.declared))?;
            }
            sink.end_row(&mut rows, bytes)?;
        }
        sink.flush(&mut rows)
    }
}
