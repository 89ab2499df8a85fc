//! Rows on their way into a table where there are no transactions.
//!
//! A file goes into a table that only one attempt knows. When all of it is there the table gets the name of the job,
//! which only one attempt can give; from there the rows are moved, which changes nothing when it is repeated. What a
//! follow-up inserts arrives in such tables too, and is moved once all of it is there.
//!
//! These tables stay until the load is complete or stopped, when those of attempts go first. An attempt that was left
//! behind makes its table before it asks whether the job is still to be done, so it finds either that the job is done, or
//! that one of the two tables is not there.

use cartage_destinations_api::{JobFile, LoadKey, LoadPlan, Result, SqlScript, Statement, ledger as entries};
use cartage_schema::Table;
use uuid::Uuid;

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::ledger_entries::Entries;
use crate::statements::{ChainTable, TableRef};
use crate::swap::swaps;

/// What stands between the name of a job's table and that of an attempt, or of a temporary table.
const OF_ATTEMPT: &str = "__";
/// Digits that tell attempts apart.
const ATTEMPT_DIGITS: usize = 12;

impl<E: SqlEngine> SqlDestination<E> {
    /// Whether a transaction holds rows and the ledger.
    pub(crate) fn holds_rows(&self) -> bool {
        self.engine().commit_model().rows
    }

    /// Where rows are inserted that are to be in `target`, a table that readers see.
    pub(crate) fn arrivals(&self, load: &LoadKey, target: &TableRef) -> TableRef {
        if self.holds_rows() {
            return target.clone();
        }
        // No table has a load like this one.
        self.staged(
            &LoadKey { load_id: format!("{}\0arrivals", load.load_id), ..load.clone() },
            &target.table,
        )
    }

    /// Names of the tables that rows of follow-ups arrive in.
    pub(crate) fn all_arrivals(&self, plan: &LoadPlan) -> Vec<String> {
        if self.holds_rows() {
            return Vec::new();
        }
        let chains = plan.chains.iter().filter(|chain| !swaps(chain.follow_up));
        let tables = chains.flat_map(|chain| &chain.tables);
        tables.map(|table| self.arrivals(&plan.key, &self.direct(table)).table).collect()
    }

    /// Makes the tables empty in which the rows of a follow-up arrive.
    pub(crate) fn make_arrivals(&self, tables: &[ChainTable<'_>]) -> SqlScript {
        let mut script = SqlScript::default();
        for table in tables {
            script.extend(self.make_like(&table.arrivals, &table.target));
        }
        script
    }

    /// Where the rows of one attempt go that is to become `written`.
    pub(crate) fn attempt(written: &TableRef, attempt: &str) -> TableRef {
        TableRef::new(&written.dataset, format!("{}{OF_ATTEMPT}{attempt}", written.table))
    }

    /// The statements before rows go into a table of their own: it is there and empty.
    pub(crate) fn make_like(&self, table: &TableRef, like: &TableRef) -> SqlScript {
        let mut script = SqlScript::default();
        let name = self.dialect().qualified(table);
        script.push(format!("drop what is left of {}", table.table), format!("DROP TABLE IF EXISTS {name}"));
        script.push(format!("create a table like {}", like.table), self.dialect().create_like(table, like));
        script
    }

    /// The statement that says that all rows of an attempt are there.
    pub(crate) fn finish_attempt(&self, attempt: &TableRef, written: &TableRef) -> Statement {
        let sql = self.dialect().rename_table(attempt, written);
        Statement::new(format!("all rows of {} are there", written.table), sql)
    }

    /// The statements that stand for moving rows where the statements of a load are shown.
    pub(crate) fn show_move(&self, from: &TableRef, to: &TableRef) -> SqlScript {
        let mut script = SqlScript::default();
        for sql in self.dialect().move_rows(from, to) {
            script.push(format!("move the rows into {}", to.table), sql);
        }
        script
    }

    /// Brings a file into the table `written` of its job, all of it or nothing; returns the number of rows. `is_wanted`
    /// says whether the job is still to be done.
    pub(crate) fn write(
        &self,
        session: &E::Session<'_>,
        (written, target): (&TableRef, &TableRef),
        table: &Table,
        job: &JobFile,
        is_wanted: impl FnOnce() -> Result<bool>,
    ) -> Result<u64> {
        let mut digits = Uuid::new_v4().simple().to_string();
        digits.truncate(ATTEMPT_DIGITS);
        let attempt = Self::attempt(written, &digits);
        session.run(&self.make_like(&attempt, target))?;
        let done = self.engine().load_file(session, &attempt, table, job).and_then(|rows| {
            if is_wanted()? {
                session.execute(&self.finish_attempt(&attempt, written))?;
            }
            Ok(rows)
        });
        if done.is_err()
            && let Err(error) = session.run(&self.drop_file_table(&attempt, job))
        {
            tracing::debug!(%error, "the commit drops the table of an attempt");
        }
        done
    }

    /// Drops the tables that a load has made for itself.
    pub(crate) fn drop_own(&self, session: &E::Session<'_>, entries: &Entries) -> Result<()> {
        if self.holds_rows() {
            return self.drop_staged_there(session, entries);
        }
        let fold = |name: &str| self.dialect().fold(name);
        let known = entries.iter().filter_map(|(entry, _)| entry.strip_prefix(entries::STAGED_PREFIX));
        let beginnings: Vec<String> = known.map(|name| fold(&format!("{name}{OF_ATTEMPT}"))).collect();
        let mut attempts = session.tables(&self.datasets().staging)?;
        attempts.retain(|table| beginnings.iter().any(|beginning| fold(table).starts_with(beginning)));
        let mut script = SqlScript::default();
        for table in attempts {
            let name = self.dialect().qualified(&TableRef::new(&self.datasets().staging, &table));
            script.push(format!("drop what is left of {table}"), format!("DROP TABLE IF EXISTS {name}"));
        }
        // All of them: an attempt may have become one meanwhile.
        script.extend(self.drop_staged(entries));
        session.run(&script).map(drop)
    }
}
