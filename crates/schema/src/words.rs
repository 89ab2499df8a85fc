//! The closed vocabularies of a schema document besides those of values: write dispositions, contracts and so on.
//!
//! Every word is spelled as dlt spells it. Parsing happens once, where a document or a configuration is
//! read; after that the compiler knows the set.

use cartage_values::words;

words! {
    /// What a load does to the rows that are already in a table.
    WriteDisposition, "write disposition" {
        /// Adds rows and leaves all others alone.
        Append = "append",
        /// Replaces all rows.
        Replace = "replace",
        /// Combines rows by keys.
        Merge = "merge",
        /// Loads nothing; system tables have it.
        Skip = "skip",
    }
}

words! {
    /// How a merge combines rows.
    MergeStrategy, "merge strategy" {
        /// Deletes the rows with equal keys, then inserts.
        DeleteInsert = "delete-insert",
        /// Keeps the history of rows in validity columns.
        Scd2 = "scd2",
        /// Updates or inserts by primary key.
        Upsert = "upsert",
        /// Inserts rows with new primary keys only.
        InsertOnly = "insert-only",
        /// Upsert that also deletes what a full snapshot lacks.
        Cdc = "cdc",
    }
}

impl MergeStrategy {
    /// Whether it finds the rows that are the same by the primary key, and by nothing else.
    pub const fn needs_primary_key(self) -> bool {
        matches!(self, Self::Upsert | Self::InsertOnly | Self::Cdc)
    }
}

words! {
    /// How a replace exchanges the content of tables.
    ReplaceStrategy, "replace strategy" {
        /// Empties the table, then appends.
        TruncateAndInsert = "truncate-and-insert",
        /// Loads into the staging dataset and copies in one transaction.
        InsertFromStaging = "insert-from-staging",
        /// Loads into the staging dataset and swaps tables.
        StagingOptimized = "staging-optimized",
    }
}

words! {
    /// Order by which a merge picks the surviving row of a key.
    SortOrder, "sort order" {
        /// The row with the smallest value survives.
        Asc = "asc",
        /// The row with the largest value survives.
        Desc = "desc",
    }
}

words! {
    /// A column hint that `settings.default_hints` can give to new columns by name.
    DefaultHint, "default hint" {
        /// The column takes no nulls.
        NotNull = "not_null",
        /// The column takes nulls.
        Nullable = "nullable",
        /// Rows are partitioned by the column.
        Partition = "partition",
        /// Rows are clustered by the column.
        Cluster = "cluster",
        /// Part of the primary key.
        PrimaryKey = "primary_key",
        /// Rows are stored in the order of the column.
        Sort = "sort",
        /// Values are unique.
        Unique = "unique",
        /// Part of the merge key.
        MergeKey = "merge_key",
        /// Identifies the row.
        RowKey = "row_key",
        /// Points to the parent row.
        ParentKey = "parent_key",
        /// Points to the root row.
        RootKey = "root_key",
        /// Marks deleted rows.
        HardDelete = "hard_delete",
        /// Orders rows of equal keys.
        DedupSort = "dedup_sort",
    }
}

words! {
    /// What a contract is about.
    ContractEntity, "contract entity" {
        /// Tables that the schema does not know.
        Tables = "tables",
        /// New columns of tables that are not new.
        Columns = "columns",
        /// Variants, and changed types of columns.
        DataType = "data_type",
    }
}

words! {
    /// What happens when data does not fit the schema.
    ContractMode, "schema contract mode" {
        /// The schema follows the data.
        Evolve = "evolve",
        /// The load fails.
        Freeze = "freeze",
        /// The row is left out.
        DiscardRow = "discard_row",
        /// The value is left out.
        DiscardValue = "discard_value",
    }
}
