//! What tests remove when they are through.

use cartage_destinations_api::Statement;

use crate::engine::{SqlEngine, SqlSession};
use crate::statements::TableRef;

/// Drops the datasets of an engine with all of their tables.
///
/// # Panics
/// If the database refuses it.
pub fn drop_datasets(engine: &impl SqlEngine) {
    let session = engine.session().expect("the database can be reached");
    let datasets = engine.datasets();
    for dataset in [&datasets.dataset, &datasets.staging] {
        for table in session.tables(dataset).expect("tables can be listed") {
            let name = engine.dialect().qualified(&TableRef::new(dataset, table));
            let drop = Statement::new("clean up", format!("DROP TABLE {name}"));
            session.execute(&drop).expect("a table can be dropped");
        }
        session.drop_empty_dataset(dataset).expect("an empty dataset can be removed");
    }
}
