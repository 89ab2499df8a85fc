//! What the pipeline leaves in extracted packages for the stages: what the destination can take, and how files are
//! written, in the words of the package.

use cartage_destinations_api as api;
use cartage_package_store::{DataWriter, DestinationTraits, MergeStrategy, PackageSettings, ReplaceStrategy};

use crate::error::PipelineError;
use crate::project::Project;

impl Project {
    /// What extracted packages hold for the later stages.
    ///
    /// # Errors
    /// As for [`Project::capabilities`].
    pub(crate) fn package_settings(&self) -> Result<PackageSettings, PipelineError> {
        let capabilities = self.capabilities()?;
        let writer = self.config.normalize_writer()?;
        Ok(PackageSettings {
            data_writer: DataWriter {
                file_max_items: Some(writer.file_max_items.get()),
                file_max_bytes: Some(writer.file_bytes(capabilities.files.recommended_file_size)),
                compression: capabilities.files.parquet_compression,
                disable_compression: writer.disable_compression,
            },
            destination: traits_of(&capabilities),
            ..PackageSettings::default()
        })
    }
}

fn traits_of(capabilities: &api::Capabilities) -> DestinationTraits {
    DestinationTraits {
        naming: capabilities.names.naming.map(|naming| naming.to_string()),
        max_identifier_length: Some(capabilities.names.max_identifier_length),
        max_column_identifier_length: Some(capabilities.names.max_column_identifier_length),
        decimal_precision: Some(capabilities.values.decimal_precision),
        wei_precision: Some(capabilities.values.wei_precision),
        wide_decimals_as_text: capabilities.values.wide_decimals_as_text,
        timestamp_precision: Some(capabilities.values.timestamp_precision),
        max_timestamp_precision: Some(capabilities.values.max_timestamp_precision),
        supports_naive_datetime: capabilities.values.naive_timestamps,
        max_table_nesting: capabilities.tables.max_table_nesting,
        preferred_file_format: Some(capabilities.files.preferred_format),
        files_are_tables: capabilities.files.files_are_tables,
        replace_strategy: capabilities.replace_strategy(None).ok().map(replace_strategy),
        merge_strategies: Some(capabilities.strategies.merge.iter().copied().map(merge_strategy).collect()),
    }
}

fn replace_strategy(strategy: api::ReplaceStrategy) -> ReplaceStrategy {
    match strategy {
        api::ReplaceStrategy::TruncateAndInsert => ReplaceStrategy::TruncateAndInsert,
        api::ReplaceStrategy::InsertFromStaging => ReplaceStrategy::InsertFromStaging,
        api::ReplaceStrategy::StagingOptimized => ReplaceStrategy::StagingOptimized,
    }
}

fn merge_strategy(strategy: api::MergeStrategy) -> MergeStrategy {
    match strategy {
        api::MergeStrategy::DeleteInsert => MergeStrategy::DeleteInsert,
        api::MergeStrategy::Scd2 => MergeStrategy::Scd2,
        api::MergeStrategy::Upsert => MergeStrategy::Upsert,
        api::MergeStrategy::InsertOnly => MergeStrategy::InsertOnly,
        api::MergeStrategy::Cdc => MergeStrategy::Cdc,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_spell_strategies_as_the_schema_does() {
        let word = |value: serde_json::Value| value.as_str().map(str::to_owned);
        for strategy in api::ReplaceStrategy::ALL {
            let stored = serde_json::to_value(replace_strategy(*strategy)).unwrap();
            assert_eq!(word(stored).as_deref(), Some(strategy.as_str()));
        }
        for strategy in api::MergeStrategy::ALL {
            let stored = serde_json::to_value(merge_strategy(*strategy)).unwrap();
            assert_eq!(word(stored).as_deref(), Some(strategy.as_str()));
        }
    }

    #[test]
    fn all_that_a_known_destination_can_take_can_be_said_in_a_package() {
        for name in api::kinds::names() {
            let capabilities = api::Capabilities::of(name).unwrap();
            let traits = traits_of(&capabilities);
            assert_eq!(traits.max_name_length(), Some(capabilities.max_name_length()), "{name}");
            assert_eq!(traits.appends_merges(), capabilities.strategies.merge.is_empty(), "{name}");
        }
    }
}
