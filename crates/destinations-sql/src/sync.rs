//! Reads state and schemas stored by earlier loads.

use cartage_destinations_api::{Result, StateSync, StoredSchema, StoredState, system};

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::statements::system_rows::{self, WhichSchema};

impl<E: SqlEngine> SqlDestination<E> {
    /// The newest state of `pipeline` among complete loads, as this session sees it.
    pub(crate) fn stored_state(
        &self,
        session: &E::Session<'_>,
        pipeline: &str,
    ) -> Result<Option<StoredState>> {
        let dataset = &self.datasets().dataset;
        for table in [system::STATE_TABLE, system::LOADS_TABLE] {
            if !session.has_table(dataset, table)? {
                return Ok(None);
            }
        }
        let rows = session.query(&system_rows::newest_state(self.dialect(), dataset, pipeline))?;
        let Some(row) = rows.first() else { return Ok(None) };
        let version = u64::try_from(row.int(0)?).unwrap_or_default();
        Ok(Some(StoredState::new(version, row.optional_text(1)?, row.text(2)?, row.text(3)?)))
    }

    fn stored_schema(&self, which: WhichSchema<'_>) -> Result<Option<StoredSchema>> {
        let dataset = &self.datasets().dataset;
        let Some(session) = self.engine().existing_session()? else { return Ok(None) };
        if !session.has_table(dataset, system::VERSION_TABLE)? {
            return Ok(None);
        }
        let rows = session.query(&system_rows::stored_schema(self.dialect(), dataset, which))?;
        let Some(row) = rows.first() else { return Ok(None) };
        let (name, version) = (row.text(0)?, u64::try_from(row.int(1)?).unwrap_or_default());
        let document =
            system::decode_schema(&row.text(3)?).map_err(|error| error.context(format!("schema {name}")))?;
        Ok(Some(StoredSchema::new(name, version, row.text(2)?, document)))
    }
}

impl<E: SqlEngine> StateSync for SqlDestination<E> {
    fn newest_state(&self, pipeline: &str) -> Result<Option<StoredState>> {
        let Some(session) = self.engine().existing_session()? else { return Ok(None) };
        self.stored_state(&session, pipeline)
    }

    fn newest_schema(&self, name: &str) -> Result<Option<StoredSchema>> {
        self.stored_schema(WhichSchema::Newest(name))
    }

    fn schema_by_hash(&self, hash: &str) -> Result<Option<StoredSchema>> {
        self.stored_schema(WhichSchema::Hash(hash))
    }
}
