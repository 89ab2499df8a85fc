//! Rules that hold for any input.

use cartage_schema::{Column, DataType, MergeOrigin, Naming, NamingKind, Schema, Table};
use proptest::prelude::*;

fn kinds() -> impl Strategy<Value = NamingKind> {
    prop::sample::select(NamingKind::ALL.to_vec())
}

fn columns() -> impl Strategy<Value = Vec<Column>> {
    let column =
        ("[a-f]", prop::option::of(prop::sample::select(DataType::ALL.to_vec())), any::<Option<bool>>());
    prop::collection::vec(column, 0..5).prop_map(|columns| {
        columns
            .into_iter()
            .map(|(name, data_type, sort)| Column { data_type, sort, ..Column::new(name) })
            .collect()
    })
}

fn table(columns: &[Column]) -> Table {
    columns.iter().fold(Table::root("t", "t"), |table, column| table.with_column(column.clone()))
}

proptest! {
    #[test]
    fn a_normalized_identifier_stays_as_it_is(kind in kinds(), name in "[ -~]{1,40}") {
        // `sql_*` may leave nothing of a name, and `snake_case` puts `x` for a trailing `_` once only.
        let naming = Naming::new(kind, None);
        let once = naming.normalize_identifier(&name);
        prop_assert_eq!(naming.normalize_identifier(&once), once);
    }

    #[test]
    fn names_are_never_longer_than_the_limit(kind in kinds(), name in "\\PC{0,80}", limit in 8_usize..64) {
        let naming = Naming::new(kind, Some(limit));
        prop_assert!(naming.normalize_path(&name).chars().count() <= limit);
        prop_assert!(naming.normalize_identifier(&name).chars().count() <= limit);
    }

    #[test]
    fn names_of_snake_case_are_plain(name in "\\PC{1,40}") {
        let name = Naming::new(NamingKind::SnakeCase, None).normalize_key(&name);
        prop_assert!(name.chars().all(|c| c == '_' || c.is_ascii_lowercase() || c.is_numeric()), "{}", name);
    }

    #[test]
    fn a_schema_keeps_its_hash_through_json(tables in prop::collection::vec(columns(), 0..4)) {
        let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
        for columns in &tables {
            schema.merge_table(table(columns), MergeOrigin::Other).unwrap();
        }
        schema.bump();
        for text in [schema.to_json(), schema.to_json_pretty()] {
            let again = Schema::from_json(&text).unwrap();
            prop_assert_eq!(again.compute_hash(), schema.compute_hash());
            prop_assert_eq!(&again, &schema);
        }
    }

    #[test]
    fn columns_with_a_type_keep_their_place_and_nothing_is_lost(parts in prop::collection::vec(columns(), 1..5)) {
        let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
        for columns in &parts {
            let before: Vec<String> = complete(&schema);
            schema.merge_table(table(columns), MergeOrigin::Other).unwrap();
            prop_assert_eq!(&complete(&schema)[..before.len()], before.as_slice());
            let now = &schema.tables["t"];
            prop_assert!(columns.iter().all(|column| now.columns.contains_key(&column.name)));
        }
    }

    #[test]
    fn merging_twice_changes_nothing_more(first in columns(), second in columns()) {
        let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
        schema.merge_table(table(&first), MergeOrigin::Other).unwrap();
        schema.merge_table(table(&second), MergeOrigin::Other).unwrap();
        let once = schema.clone();
        let diff = schema.merge_table(table(&second), MergeOrigin::Other).unwrap();
        prop_assert_eq!(&schema, &once);
        prop_assert!(diff.changed_columns.is_empty());
    }
}

fn complete(schema: &Schema) -> Vec<String> {
    let table = schema.tables.get("t");
    table.into_iter().flat_map(Table::complete_columns).map(|column| column.name.clone()).collect()
}
