//! One snapshot for several sessions, and tables in ranges of their blocks.

use std::num::NonZeroUsize;

use super::error::statement;
use super::session::PostgresSession;
use crate::batches::{RowSink, Stop};
use crate::database::{SnapshotSession, WantedPlaces};
use crate::error::SqlError;
use crate::reflected::Relation;

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Version 14 is the first that reads ranges of blocks without looking at all others.
const BLOCKS: &str = "SELECT pg_relation_size(c.oid) / current_setting('block_size')::int8, pg_table_size(c.oid) \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    JOIN pg_catalog.pg_am a ON a.oid = c.relam \
    WHERE n.nspname = coalesce($1::text, current_schema()) AND c.relname = $2 AND c.relkind IN ('r', 'm') \
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid) AND a.amname = 'heap' \
    AND current_setting('server_version_num')::int >= 140000 AND has_table_privilege(c.oid, 'SELECT')";

/// Bytes of a part, where the number of parts is not configured. A table with less is read in one go.
const PART_BYTES: i64 = 32 << 20;

/// Most parts, where their number is not configured: each costs a statement.
const MOST_PARTS: i64 = 1024;

impl SnapshotSession for PostgresSession {
    fn begin(&mut self) -> Result<(), SqlError> {
        let begun = self.runtime.block_on(self.client.batch_execute(BEGIN));
        begun.map_err(|cause| statement("cannot begin to read", &cause))
    }

    fn export(&mut self) -> Result<Option<String>, SqlError> {
        let sql = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_export_snapshot() END";
        let row = self.runtime.block_on(self.client.query_one(sql, &[]));
        row.and_then(|row| row.try_get(0)).map_err(|cause| statement("cannot export a snapshot", &cause))
    }

    fn import(&mut self, snapshot: &str) -> Result<(), SqlError> {
        let sql = format!("{BEGIN}; SET TRANSACTION SNAPSHOT '{snapshot}'");
        let begun = self.runtime.block_on(self.client.batch_execute(&sql));
        begun.map_err(|cause| statement("cannot import a snapshot", &cause))
    }

    fn places(&mut self, wanted: &WantedPlaces<'_>) -> Result<Option<Vec<String>>, SqlError> {
        let Relation::Table { schema, name } = wanted.relation else { return Ok(None) };
        let failed = |cause: tokio_postgres::Error| statement("cannot read the size of the table", &cause);
        let found = self.runtime.block_on(self.client.query_opt(BLOCKS, &[schema, name]));
        let Some(row) = found.map_err(failed)? else { return Ok(None) };
        let (blocks, bytes): (i64, i64) =
            row.try_get(0).and_then(|blocks| Ok((blocks, row.try_get(1)?))).map_err(failed)?;
        let num = match wanted.num {
            Some(num) => i64::try_from(num.get()).unwrap_or(i64::MAX),
            None if bytes < 2 * PART_BYTES => return Ok(Some(Vec::new())),
            None => (bytes / PART_BYTES).min(MOST_PARTS),
        };
        Ok(Some(match wanted.selective {
            Some(sql) if !self.reads_all_blocks(sql)? => Vec::new(),
            _ => ranges(blocks, num),
        }))
    }

    fn read(&mut self, sql: &str, sink: &RowSink) -> Result<(), Stop> {
        self.copy(sql, sink)
    }
}

impl PostgresSession {
    /// Whether the server plans to scan each row for this statement.
    fn reads_all_blocks(&self, sql: &str) -> Result<bool, SqlError> {
        let explain = format!("EXPLAIN (COSTS off) {sql}");
        let rows = self.runtime.block_on(self.client.query(explain.as_str(), &[]));
        let rows = rows.map_err(|cause| statement("cannot read", &cause))?;
        // The first line is the whole of it, or what gathers the rows of several processes.
        let mut lines = rows.iter().take(3).filter_map(|row| row.try_get::<_, &str>(0).ok());
        Ok(lines.any(|line| line.contains("Seq Scan on")))
    }
}

/// Conditions for ranges of blocks. The last one has no end, for blocks that come later.
fn ranges(blocks: i64, num: i64) -> Vec<String> {
    let num = NonZeroUsize::new(usize::try_from(num.min(blocks)).unwrap_or(1)).unwrap_or(NonZeroUsize::MIN);
    let num = i64::try_from(num.get()).unwrap_or(1);
    let start = |nth: i64| i64::try_from(i128::from(blocks) * i128::from(nth) / i128::from(num)).unwrap_or(0);
    let from = |nth: i64| format!("ctid >= '({},0)'::tid", start(nth));
    let to = |nth: i64| format!("ctid < '({},0)'::tid", start(nth));
    match num {
        1 => Vec::new(),
        _ => (0..num)
            .map(|nth| match nth {
                0 => to(1),
                nth if nth == num - 1 => from(nth),
                nth => format!("{} AND {}", from(nth), to(nth + 1)),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn ranges_follow_each_other_and_have_open_ends() {
        assert_eq!(
            ranges(10, 3),
            ["ctid < '(3,0)'::tid", "ctid >= '(3,0)'::tid AND ctid < '(6,0)'::tid", "ctid >= '(6,0)'::tid"]
        );
        assert_eq!(ranges(2, 8), ["ctid < '(1,0)'::tid", "ctid >= '(1,0)'::tid"]);
        assert_eq!(ranges(0, 8), [""; 0]);
        assert_eq!(ranges(1, 8), [""; 0]);
        assert_eq!(ranges(5_000_000_000, 2)[1], "ctid >= '(2500000000,0)'::tid");
    }
}
