//! What extract leaves for the later stages, and words of the package in the words of the schema.

use cartage_package_store::{self as package, PackageSettings};
use cartage_schema::{MergeStrategy, ReplaceStrategy};

use crate::hinted_tables::HintedTables;

/// Notes what the later stages must know of a root table, and what is not part of the schema.
pub(crate) fn note(settings: &mut PackageSettings, target: &HintedTables) {
    if let Some(strategy) = target.replace_strategy {
        settings.replace_strategies.insert(target.table.clone(), for_package(strategy));
    }
    if target.keeps_discarded {
        settings.quarantine.insert(target.table.clone());
    }
}

pub(crate) fn replace_strategy(of_package: package::ReplaceStrategy) -> ReplaceStrategy {
    match of_package {
        package::ReplaceStrategy::TruncateAndInsert => ReplaceStrategy::TruncateAndInsert,
        package::ReplaceStrategy::InsertFromStaging => ReplaceStrategy::InsertFromStaging,
        package::ReplaceStrategy::StagingOptimized => ReplaceStrategy::StagingOptimized,
    }
}

fn for_package(strategy: ReplaceStrategy) -> package::ReplaceStrategy {
    match strategy {
        ReplaceStrategy::TruncateAndInsert => package::ReplaceStrategy::TruncateAndInsert,
        ReplaceStrategy::InsertFromStaging => package::ReplaceStrategy::InsertFromStaging,
        ReplaceStrategy::StagingOptimized => package::ReplaceStrategy::StagingOptimized,
    }
}

pub(crate) fn merge_strategy(of_package: package::MergeStrategy) -> MergeStrategy {
    match of_package {
        package::MergeStrategy::DeleteInsert => MergeStrategy::DeleteInsert,
        package::MergeStrategy::Scd2 => MergeStrategy::Scd2,
        package::MergeStrategy::Upsert => MergeStrategy::Upsert,
        package::MergeStrategy::InsertOnly => MergeStrategy::InsertOnly,
        package::MergeStrategy::Cdc => MergeStrategy::Cdc,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_package_are_those_of_the_schema() {
        for strategy in ReplaceStrategy::ALL {
            assert_eq!(replace_strategy(for_package(*strategy)), *strategy);
        }
        for strategy in MergeStrategy::ALL {
            let stored: package::MergeStrategy = serde_json::from_value(strategy.as_str().into()).unwrap();
            assert_eq!(merge_strategy(stored), *strategy);
        }
    }
}
