//! What stays the same for a whole package: names, hints and settings that decide how rows are taken apart.

use std::collections::{BTreeSet, HashSet};

use cartage_package_store::PackageSettings;
use cartage_runtime::{NameCollisions, OnBadRow};
use cartage_schema::{Column, ContractModes, DataType, Inference, Naming, RowIdKind, Schema, SchemaError};
use cartage_values::{Decimal, Scalar};

use crate::columns::{PhysicalRules, exact_type, is_bigint};
use crate::filters::Filters;
use crate::settings::{NormalizeSettings, TIMESTAMP_PRECISION};

/// Fraction digits of timestamps in the files we write.
const FILE_FRACTION_DIGITS: u32 = 6;

/// Rules of a package, taken from its schema before the first row and from its settings.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent rules, read by name")]
pub(crate) struct Rules {
    pub(crate) load_id: String,
    pub(crate) naming: Naming,
    pub(crate) physical: PhysicalRules,
    pub(crate) keep_bad_rows: bool,
    /// Whether a row of which two keys become one column is a bad row.
    pub(crate) refuses_shared_names: bool,
    /// Whether the destination appends what should be merged.
    appends_merges: bool,
    pub(crate) max_json_depth: usize,
    /// Whether readers see the files themselves, which then have the same types.
    pub(crate) files_are_tables: bool,
    /// Whether a contract restricts anything at all.
    pub(crate) has_contracts: bool,
    /// Root tables of which everything that contracts discard is kept.
    keeps_discarded: BTreeSet<String>,
    inference: Inference,
    filters: Filters,
    /// Fraction digits of a timestamp without hints, and the most that a file can hold.
    default_fraction: u32,
    max_fraction: u32,
    default_nesting: i64,
    /// The schema before the first row.
    pub(crate) schema: Schema,
    /// Tables that have no parent although they may be found in nested data.
    roots: HashSet<String>,
}

impl Rules {
    /// # Errors
    /// [`SchemaError::Pattern`] if a pattern of the schema cannot be compiled.
    pub(crate) fn new(
        load_id: &str,
        schema: Schema,
        settings: &PackageSettings,
        of_stage: &NormalizeSettings,
    ) -> Result<Self, SchemaError> {
        let destination = &settings.destination;
        let limit = destination.max_table_nesting.unwrap_or_else(|| schema.normalizers.max_nesting());
        let roots = schema.tables.values().filter(|table| !table.is_nested()).map(|table| table.name.clone());
        let naming = schema.naming(destination.max_name_length());
        let whole = schema.settings.schema_contract.as_ref().map(ContractModes::parse).transpose();
        let mut has_contracts = whole.map_err(SchemaError::from)?.is_some_and(|modes| !modes.is_evolve());
        for table in schema.tables.keys() {
            has_contracts |= !schema.contract_for(table, None)?.is_evolve();
        }
        Ok(Self {
            load_id: load_id.to_owned(),
            physical: PhysicalRules::new(destination),
            appends_merges: destination.appends_merges(),
            keep_bad_rows: settings.on_bad_row.unwrap_or_default() == OnBadRow::Quarantine,
            refuses_shared_names: settings.name_collisions.unwrap_or_default() == NameCollisions::Fail,
            max_json_depth: of_stage.max_json_depth,
            files_are_tables: destination.files_are_tables,
            has_contracts,
            keeps_discarded: settings.quarantine.clone(),
            // The id of a package is the time at which it was begun, and the same in every run.
            inference: schema.inference(load_id.parse().unwrap_or_default())?,
            filters: Filters::new(&schema, &naming)?,
            default_fraction: destination.timestamp_precision.unwrap_or(TIMESTAMP_PRECISION),
            max_fraction: destination
                .max_timestamp_precision
                .map_or(FILE_FRACTION_DIGITS, |most| most.min(FILE_FRACTION_DIGITS)),
            default_nesting: i64::from(limit),
            roots: roots.collect(),
            naming,
            schema,
        })
    }

    /// Whether what contracts discard of the rows of a root table and below is kept.
    pub(crate) fn keeps_discarded(&self, root: &str) -> bool {
        self.keeps_discarded.contains(root)
    }

    pub(crate) fn preferred_type(&self, column: &str) -> Option<DataType> {
        self.inference.preferred_type(column)
    }

    pub(crate) fn is_not_null(&self, column: &str) -> bool {
        self.inference.is_not_null(column)
    }

    /// The type of a new column by its first value: for exact numbers one that holds it.
    pub(crate) fn detect(&self, value: &Scalar<'_>) -> DataType {
        match (self.inference.detect(value), value) {
            (DataType::Bigint, Scalar::Int(integer)) if !is_bigint(*integer) => {
                exact_type(&self.physical, &Decimal::from_i128(*integer))
            }
            (DataType::Decimal, Scalar::Decimal(decimal)) => exact_type(&self.physical, decimal),
            (detected, _) => detected,
        }
    }

    /// A value on its way to a variant. Integers beyond 64 bits are exact numbers of another type there.
    pub(crate) fn variant_value<'v>(&self, value: Scalar<'v>) -> Scalar<'v> {
        let decimal = match value {
            Scalar::Int(integer) if !is_bigint(integer) => Decimal::from_i128(integer),
            Scalar::Decimal(decimal) => decimal,
            other => return other,
        };
        match exact_type(&self.physical, &decimal) {
            DataType::Wei => Scalar::Wei(decimal),
            _ => Scalar::Decimal(decimal),
        }
    }

    /// Columns without which a row of a table is a bad one, by name, and whether rows that are marked as deleted
    /// need them too. Only columns that were known before the first row count, so that it makes no difference
    /// where blocks begin.
    pub(crate) fn required(&self, table: &str) -> Vec<(String, bool)> {
        let Some(known) = self.schema.tables.get(table) else { return Vec::new() };
        let is_filled_later =
            |column: &Column| ["x-valid-from", "x-valid-to"].iter().any(|hint| column.has_own_hint(hint));
        let is_required = |column: &&Column| {
            !column.is_nullable() && !self.naming.is_dlt_name(&column.name) && !is_filled_later(column)
        };
        let is_key = |column: &Column| column.primary_key == Some(true) || column.merge_key == Some(true);
        known
            .columns
            .values()
            .filter(is_required)
            .map(|column| (column.name.clone(), is_key(column)))
            .collect()
    }

    /// The column that marks rows of a table as deleted, where the destination acts on it.
    pub(crate) fn deletion_mark(&self, table: &str, is_root: bool) -> Option<String> {
        let known = self.schema.tables.get(table).filter(|_| is_root && !self.appends_merges)?;
        self.schema.merge_of(known)?;
        known.first_column(|column| column.hard_delete == Some(true)).map(|column| column.name.clone())
    }

    pub(crate) fn has_filters(&self) -> bool {
        !self.filters.is_empty()
    }

    pub(crate) fn is_excluded(&self, table: &str, column: &str) -> bool {
        self.filters.exclude(&self.naming, table, column)
    }

    /// The precision of a timestamp or time with this many fraction digits; the destination's default is not said.
    pub(crate) fn fraction_digits(&self, found: u32) -> Option<u32> {
        let digits = found.min(self.max_fraction);
        (digits != self.default_fraction).then_some(digits)
    }

    /// The definition of a column that gets its type: inferred, with what hints say on top.
    pub(crate) fn new_column(
        &self,
        name: &str,
        data_type: DataType,
        is_variant: bool,
        hints: Option<&Column>,
    ) -> Column {
        let mut column = if is_variant {
            self.inference.new_variant(name, data_type)
        } else {
            self.inference.new_column(name, data_type)
        };
        if matches!(data_type, DataType::Timestamp | DataType::Time) {
            column.precision = self.fraction_digits(self.default_fraction);
        }
        if let Some(hints) = hints {
            column.merge(hints);
            column.data_type = Some(data_type);
        }
        column
    }

    /// Whether a table is a child table. Those that do not exist yet will be.
    pub(crate) fn is_nested(&self, table: &str) -> bool {
        !self.roots.contains(table)
    }

    /// How many levels of lists and objects of a root table are unpacked.
    pub(crate) fn max_nesting(&self, table: &str) -> i64 {
        let own = self.schema.tables.get(table).and_then(cartage_schema::Table::max_nesting);
        own.map_or(self.default_nesting, i64::from)
    }

    pub(crate) fn row_id(&self, table: &str, is_root: bool) -> RowIdKind {
        let known = self.schema.tables.get(table).filter(|_| is_root);
        known.map_or(RowIdKind::Position, |known| self.schema.row_id_kind(known, &self.naming))
    }

    /// Columns of a table whose values go to the tables below, with their names there.
    pub(crate) fn propagated(&self, table: &str, is_root: bool) -> Vec<(String, String)> {
        let pairs = self.schema.normalizers.propagation_for(table, is_root);
        pairs.into_iter().map(|(from, to)| (from.to_owned(), to.to_owned())).collect()
    }
}
