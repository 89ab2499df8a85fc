//! What the earlier stages have left for this one, in the words of destinations.

use std::collections::{BTreeMap, BTreeSet};

use cartage_destinations_api::ColumnRef;
use cartage_package_store::{self as package, PackageSettings, RefreshTables};
use cartage_schema::ReplaceStrategy;

/// What the package says about its load beside rows and documents.
#[derive(Debug)]
pub(crate) struct Handoff {
    /// What is dropped and emptied before the first row.
    pub(crate) refresh: Option<RefreshTables>,
    /// Columns that get wider types.
    pub(crate) widen: Vec<ColumnRef>,
    /// How tables are replaced, by root table, where their resources say so.
    pub(crate) replace_strategies: BTreeMap<String, ReplaceStrategy>,
    /// Root tables that an earlier package of the same run has replaced: their rows are added.
    pub(crate) continues: BTreeSet<String>,
}

impl Handoff {
    pub(crate) fn of(settings: &PackageSettings) -> Self {
        let widen = settings.widen_columns.iter();
        let strategies = settings.replace_strategies.iter();
        Self {
            refresh: settings.refresh.clone(),
            widen: widen
                .map(|place| ColumnRef { table: place.table.clone(), column: place.column.clone() })
                .collect(),
            replace_strategies: strategies
                .map(|(table, strategy)| (table.clone(), replace_strategy(*strategy)))
                .collect(),
            continues: settings.continues.clone(),
        }
    }
}

fn replace_strategy(of_package: package::ReplaceStrategy) -> ReplaceStrategy {
    match of_package {
        package::ReplaceStrategy::TruncateAndInsert => ReplaceStrategy::TruncateAndInsert,
        package::ReplaceStrategy::InsertFromStaging => ReplaceStrategy::InsertFromStaging,
        package::ReplaceStrategy::StagingOptimized => ReplaceStrategy::StagingOptimized,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_package_are_those_of_the_schema() {
        for strategy in ReplaceStrategy::ALL {
            let stored: package::ReplaceStrategy = serde_json::from_value(strategy.as_str().into()).unwrap();
            assert_eq!(replace_strategy(stored), *strategy);
        }
    }
}
