//! [`SqlDestination`]: a destination made of an engine.

use crate::engine::{Datasets, SqlEngine};
use crate::statements::Dialect;

/// One dataset in an SQL database.
#[derive(Debug)]
pub struct SqlDestination<E> {
    engine: E,
}

impl<E: SqlEngine> SqlDestination<E> {
    /// A destination that loads with `engine`.
    pub fn new(engine: E) -> Self {
        Self { engine }
    }

    /// The database that this destination loads into.
    pub fn engine(&self) -> &E {
        &self.engine
    }

    /// The engine, for a destination that is made of it in another way.
    pub fn into_engine(self) -> E {
        self.engine
    }

    pub(crate) fn dialect(&self) -> &dyn Dialect {
        self.engine.dialect()
    }

    pub(crate) fn datasets(&self) -> &Datasets {
        self.engine.datasets()
    }
}
