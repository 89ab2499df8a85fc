//! What a database has to offer to become a destination.

use std::fmt;

use cartage_destinations_api::{
    Capabilities, CommonSettings, ConnectRequest, Description, JobFile, LoadKey, LoadPlan, Probe, Result,
    SqlScript, Statement, staging,
};
use cartage_schema::Table;

use crate::row::Row;
use crate::statements::ddl::Existing;
use crate::statements::merge::{UpdateRows, update_by_merge};
use crate::statements::{ChainTable, Dialect, TableRef};

/// The datasets of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datasets {
    /// Where readers find the rows.
    pub dataset: String,
    /// Where the ledger and the rows in flight are.
    pub staging: String,
}

impl Datasets {
    /// The dataset of a request, and the one beside it that the settings name.
    ///
    /// # Errors
    /// Invalid if the dataset has no name, or both have the same.
    pub fn read(request: &ConnectRequest, common: &CommonSettings) -> Result<Self> {
        let dataset = request.dataset_name.clone();
        let staging = staging::dataset_of(common, &dataset)?;
        Ok(Self { dataset, staging })
    }
}

/// What a transaction of a database holds beside rows and the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitModel {
    /// Statements that create, change or drop tables. Where it does not hold them, such a statement commits what was done
    /// before it and cannot be undone.
    pub ddl: bool,
    /// Loading a file. Where it does not hold that, each file goes into a table of its own first.
    pub bulk: bool,
    /// Rows and the ledger. Where it does not hold those there are no transactions: every step is made of statements
    /// that change nothing when they are repeated, and its entry in the ledger comes after them.
    pub rows: bool,
}

impl CommitModel {
    /// One transaction holds whatever a step does.
    pub const EVERYTHING: Self = Self { ddl: true, bulk: true, rows: true };
    /// Rows, also those of files, and the ledger.
    pub const ROWS_ONLY: Self = Self { ddl: false, bulk: true, rows: true };
    /// There are no transactions.
    pub const NOTHING: Self = Self { ddl: false, bulk: false, rows: false };
}

/// A database that speaks SQL.
///
/// Required are the methods without a body. The others say where a database wants something done in another way.
pub trait SqlEngine: fmt::Debug + Send + Sync {
    /// A connection, used by one thread at a time.
    type Session<'a>: SqlSession
    where
        Self: 'a;

    /// How the database spells things.
    fn dialect(&self) -> &dyn Dialect;

    /// The datasets that are loaded into.
    fn datasets(&self) -> &Datasets;

    /// What this is and where, for messages. Never holds a secret.
    fn description(&self) -> Description;

    /// What belongs to a transaction.
    fn commit_model(&self) -> CommitModel {
        CommitModel::EVERYTHING
    }

    /// Fixed for the lifetime of the value.
    fn capabilities(&self) -> &Capabilities;

    /// A connection that is not shared; makes the database where there is none.
    ///
    /// # Errors
    /// Locked if another program keeps the database to itself; invalid if it cannot be opened; transient if it
    /// cannot be reached now.
    fn session(&self) -> Result<Self::Session<'_>>;

    /// A connection to a database that is there; asking makes none.
    ///
    /// # Errors
    /// As for [`session`](Self::session).
    fn existing_session(&self) -> Result<Option<Self::Session<'_>>> {
        self.session().map(Some)
    }

    /// Brings the rows of a file into a table, in the transaction that is open, or outside of one where the commit model
    /// says that it cannot hold that; returns their number. Columns that the file lacks become null.
    ///
    /// # Errors
    /// Terminal if a value does not fit, corrupt if the file cannot be read; see [`SqlSession::execute`].
    fn load_file(
        &self,
        session: &Self::Session<'_>,
        target: &TableRef,
        table: &Table,
        job: &JobFile,
    ) -> Result<u64>;

    /// Moves all rows of a table into another one that was made like it ([`Dialect::create_like`]): all of them or none,
    /// and repeating it changes nothing. Asked for only where a transaction does not hold rows.
    ///
    /// # Errors
    /// See [`SqlSession::execute`].
    fn move_rows(&self, session: &Self::Session<'_>, from: &TableRef, to: &TableRef) -> Result<()> {
        let statements = self.dialect().move_rows(from, to);
        session.transaction(|| {
            statements.into_iter().try_for_each(|sql| {
                session.execute(&Statement::new(format!("move rows into {}", to.table), sql)).map(drop)
            })
        })
    }

    /// The statement that stands for [`load_file`](Self::load_file) where the statements of a load are shown.
    ///
    /// # Errors
    /// Invalid if the format of the file is none that the database takes.
    fn load_statement(&self, target: &TableRef, table: &Table, job: &JobFile) -> Result<Statement>;

    /// What is tried for a check-up before and after the trial that every database has.
    fn probes(&self) -> (Vec<Probe<'_>>, Vec<Probe<'_>>);

    /// Takes the right to load, or sees that it is still held: called before the load is prepared, by each job and
    /// before the commit.
    ///
    /// # Errors
    /// Locked if another process has it.
    fn begin_work(&self, load: &LoadKey) -> Result<()> {
        let _ = load;
        Ok(())
    }

    /// Gives up what [`begin_work`](Self::begin_work) took: the load is complete.
    fn end_work(&self) {}

    /// Sets the database up for a load that is about to be prepared.
    ///
    /// # Errors
    /// See [`SqlSession::execute`].
    fn tune(&self, session: &Self::Session<'_>, plan: &LoadPlan) -> Result<()> {
        let _ = (session, plan);
        Ok(())
    }

    /// Keeps other threads of this process away from the ledger where the database does not do that itself. `None`
    /// where [`LedgerAccess::TryExclusive`] is not to be had now.
    ///
    /// # Errors
    /// As for [`session`](Self::session).
    fn guard_ledger(&self, access: LedgerAccess) -> Result<Option<LedgerGuard>> {
        let _ = access;
        Ok(Some(LedgerGuard::default()))
    }

    /// How staged tables are made, whose rows are merged or else take the place of others.
    fn staged_dialect(&self, is_merged: bool) -> &dyn Dialect {
        let _ = is_merged;
        self.dialect()
    }

    /// How known rows are updated; `session` is there when the load runs, not when its statements are shown.
    ///
    /// # Errors
    /// See [`SqlSession::query`].
    fn update_rows(
        &self,
        session: Option<&Self::Session<'_>>,
        tables: &[ChainTable<'_>],
    ) -> Result<UpdateRows> {
        let _ = (session, tables);
        Ok(update_by_merge)
    }

    /// Where row ids of a new table become unique when its rows are there: what is to be run before that, in the same
    /// transaction. `None` where they are unique from the beginning, as they are wherever a transaction does not hold
    /// statements that change tables.
    fn late_keys(&self) -> Option<SqlScript> {
        None
    }

    /// Whether a job loads its file before it says in the ledger that it is done: where others would wait for that until
    /// the transaction ends.
    fn claims_last(&self) -> bool {
        false
    }

    /// What the script of a follow-up needs beforehand, because the transaction that it runs in could not hold it: made on
    /// the same connection. `script` is asked for only where there may be something.
    ///
    /// # Errors
    /// That of `script`.
    fn before_transaction(&self, script: &dyn Fn() -> Result<SqlScript>) -> Result<SqlScript> {
        let _ = script;
        Ok(SqlScript::default())
    }

    /// What has to be run before the statements of a load that are shown.
    ///
    /// # Errors
    /// Invalid if the place of the database cannot be put into a statement.
    fn preamble(&self) -> Result<SqlScript> {
        Ok(SqlScript::default())
    }
}

/// Who wants the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerAccess {
    /// For writers of entries.
    Shared,
    /// For making it or taking over; waits for the others.
    Exclusive,
    /// For removing it if no other session holds it.
    TryExclusive,
}

/// Ends the access to the ledger when it is dropped.
#[derive(Default)]
pub struct LedgerGuard(Option<Box<dyn std::any::Any>>);

impl LedgerGuard {
    /// Holds on to `guard`.
    pub fn new(guard: impl std::any::Any) -> Self {
        Self(Some(Box::new(guard)))
    }
}

impl fmt::Debug for LedgerGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LedgerGuard").field(&self.0.is_some()).finish()
    }
}

/// One connection to a database; its methods block.
pub trait SqlSession {
    /// Runs one statement; returns the number of rows that it changed.
    ///
    /// # Errors
    /// Terminal if the database will always refuse it, transient if it is worth another attempt.
    fn execute(&self, statement: &Statement) -> Result<u64>;

    /// All rows of a query.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    fn query(&self, statement: &Statement) -> Result<Vec<Row>>;

    /// Begins a transaction.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    fn begin(&self) -> Result<()>;

    /// Commits the transaction that is open.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute). Where the connection breaks meanwhile it is unknown whether it happened;
    /// that is transient, and the ledger answers the next attempt.
    fn commit(&self) -> Result<()>;

    /// Undoes the transaction that is open, if there is one.
    fn roll_back(&self);

    /// Creates a dataset where it is not there.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    fn create_dataset(&self, dataset: &str) -> Result<()>;

    /// Removes a dataset where nothing is in it.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute), also where something is in it.
    fn drop_empty_dataset(&self, dataset: &str) -> Result<()>;

    /// Whether a dataset is there.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    fn has_dataset(&self, dataset: &str) -> Result<bool>;

    /// Names of the tables of a dataset, sorted; empty where there is no such dataset.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    fn tables(&self, dataset: &str) -> Result<Vec<String>>;

    /// Whether a table is there, its name compared as the database compares names.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    fn has_table(&self, dataset: &str, table: &str) -> Result<bool>;

    /// Name and type of each column of a table, in its order; empty where there is no such table.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    fn columns(&self, table: &TableRef) -> Result<Vec<(String, String)>>;

    /// Those of `tables` that are there, with their columns.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    fn existing(&self, dataset: &str, tables: &[&Table]) -> Result<Existing>;

    /// Whether datasets may be made, so that one that is removed can be made again.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    fn may_create_datasets(&self) -> Result<bool> {
        Ok(true)
    }

    /// Lets one session at a time change what a dataset has in common: its tables, the ledger. Ends with the
    /// transaction that is open; where a transaction holds rows only ([`CommitModel::ddl`]), with
    /// [`unlock_dataset`](Self::unlock_dataset) or the connection.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    fn lock_dataset(&self, staging: &str) -> Result<()> {
        let _ = staging;
        Ok(())
    }

    /// Ends what [`lock_dataset`](Self::lock_dataset) has begun, where no transaction does.
    fn unlock_dataset(&self, staging: &str) {
        let _ = staging;
    }

    /// Runs the statements in order; returns the number of rows that the last one changed.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    fn run(&self, script: &SqlScript) -> Result<u64> {
        script.statements.iter().try_fold(0, |_, statement| self.execute(statement))
    }

    /// Whether a query has a row.
    ///
    /// # Errors
    /// As for [`query`](Self::query).
    fn has_row(&self, statement: &Statement) -> Result<bool> {
        Ok(!self.query(statement)?.is_empty())
    }

    /// Runs `work` in a transaction: committed if it succeeds, undone if not.
    ///
    /// # Errors
    /// That of `work`, or of the commit.
    fn transaction<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.begin()?;
        let result = work().and_then(|result| {
            self.commit()?;
            Ok(result)
        });
        result.inspect_err(|_| self.roll_back())
    }

    /// Runs `work` in a transaction that is undone, whatever comes of it.
    ///
    /// # Errors
    /// That of `work`.
    fn undone(&self, work: impl FnOnce() -> Result<()>) -> Result<()> {
        self.begin()?;
        let result = work();
        self.roll_back();
        result
    }
}
