//! Puts staged tables in the place of others where statements that change tables commit by themselves.
//!
//! All tables of a chain change places in one statement. A staged table that is gone says that this has happened; the
//! tables that were replaced have names that the ledger knows, so that they are removed whatever happens. Where there is
//! no such statement, each table becomes what its staged one is, which may be repeated.

use cartage_destinations_api::{FollowUp, LoadKey, LoadPlan, ReplaceStrategy, Result, SqlScript, Statement};

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::statements::{ChainTable, TableRef};

/// Whether a follow-up puts staged tables in the place of others.
pub(crate) fn swaps(follow_up: FollowUp) -> bool {
    matches!(follow_up, FollowUp::Replace(ReplaceStrategy::StagingOptimized))
}

impl<E: SqlEngine> SqlDestination<E> {
    /// Where the rows of a table are when the staged ones have taken their place. No table has a load like this one.
    pub(crate) fn replaced(&self, load: &LoadKey, table: &str) -> TableRef {
        self.staged(&LoadKey { load_id: format!("{}\0replaced", load.load_id), ..load.clone() }, table)
    }

    /// Names of the tables that are replaced while the load runs.
    pub(crate) fn all_replaced(&self, plan: &LoadPlan) -> Vec<String> {
        if !self.ddl_commits() {
            return Vec::new();
        }
        let chains = plan.chains.iter().filter(|chain| swaps(chain.follow_up));
        chains.flat_map(|chain| &chain.tables).map(|table| self.replaced(&plan.key, table).table).collect()
    }

    /// The statements of a swap, as they are when nothing of it has happened.
    pub(crate) fn swap_script(&self, load: &LoadKey, tables: &[ChainTable<'_>]) -> SqlScript {
        if let Some(script) = self.replacing(tables) {
            return script;
        }
        let mut script = SqlScript::default();
        let mut renames = Vec::with_capacity(2 * tables.len());
        for ChainTable { target, staged, .. } in tables {
            renames.push((target.clone(), self.replaced(load, &target.table)));
            renames.push((staged.clone(), target.clone()));
        }
        script.extend(self.rename(tables, &renames));
        script.extend(self.drop_replaced(load, tables));
        script
    }

    /// The statements that make each table what its staged one is, where the database has such.
    fn replacing(&self, tables: &[ChainTable<'_>]) -> Option<SqlScript> {
        let replace = |table: &ChainTable<'_>| {
            let sql = self.dialect().replace_table(&table.staged, &table.target)?;
            let purpose = format!("replace {}: it becomes what the staged table is", table.target.table);
            Some(Statement::new(purpose, sql))
        };
        let statements = tables.iter().map(replace).collect::<Option<_>>()?;
        Some(SqlScript { statements })
    }

    fn rename(&self, tables: &[ChainTable<'_>], renames: &[(TableRef, TableRef)]) -> SqlScript {
        let mut script = SqlScript::default();
        if let Some(root) = tables.first().filter(|_| !renames.is_empty()) {
            let purpose = format!("replace {}: the staged tables take their places", root.target.table);
            script.push(purpose, self.dialect().rename_tables(renames));
        }
        script
    }

    fn drop_replaced(&self, load: &LoadKey, tables: &[ChainTable<'_>]) -> SqlScript {
        let drop = |table: &ChainTable<'_>| {
            let name = self.dialect().qualified(&self.replaced(load, &table.target.table));
            let purpose = format!("replace {}: remove what was there", table.target.table);
            Statement::new(purpose, format!("DROP TABLE IF EXISTS {name}"))
        };
        SqlScript { statements: tables.iter().map(drop).collect() }
    }

    /// Swaps, or continues a swap that was begun; may be repeated until its entry is done.
    pub(crate) fn swap(
        &self,
        session: &E::Session<'_>,
        load: &LoadKey,
        tables: &[ChainTable<'_>],
    ) -> Result<()> {
        let Some(root) = tables.first() else { return Ok(()) };
        if let Some(script) = self.replacing(tables) {
            let is_there = session.has_table(&root.staged.dataset, &root.staged.table)?;
            return if is_there { session.run(&script).map(drop) } else { Ok(()) };
        }
        let mut renames = Vec::with_capacity(2 * tables.len());
        for ChainTable { target, staged, .. } in tables {
            if !session.has_table(&staged.dataset, &staged.table)? {
                continue;
            }
            // A server that renames one after the other may have ended in between.
            if session.has_table(&target.dataset, &target.table)? {
                renames.push((target.clone(), self.replaced(load, &target.table)));
            }
            renames.push((staged.clone(), target.clone()));
        }
        session.run(&self.rename(tables, &renames))?;
        session.run(&self.drop_replaced(load, tables)).map(drop)
    }
}
