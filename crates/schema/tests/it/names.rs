//! Naming conventions against dlt.

use cartage_schema::{Naming, NamingKind};
use cartage_values::text::is_blank;
use serde_json::{Value, json};

use crate::vectors::{Differences, rows};

fn naming(row: &Value) -> Naming {
    let kind: NamingKind = row[0].as_str().unwrap().parse().unwrap();
    Naming::new(kind, row[1].as_u64().map(|limit| limit as usize))
}

#[test]
fn identifiers_and_paths_are_named_as_dlt_names_them() {
    let mut differences = Differences::default();
    for row in rows("naming") {
        let (naming, name) = (naming(&row), row[2].as_str().unwrap());
        // dlt refuses blank names, which is up to the caller here.
        let identifier = (!is_blank(name)).then(|| naming.normalize_identifier(name));
        differences.check(&(&row[0], &row[1], name, "identifier"), &json!(identifier), &row[3]);
        differences.check(&(&row[0], &row[1], name, "path"), &json!(naming.normalize_path(name)), &row[4]);
    }
}

#[test]
fn joined_fragments_are_shortened_as_dlt_shortens_them() {
    let mut differences = Differences::default();
    for row in rows("fragments") {
        let parts = row[2].as_array().unwrap().iter().map(|part| part.as_str().unwrap());
        differences.check(&row, &json!(naming(&row).shorten_fragments(parts)), &row[3]);
    }
}

#[test]
fn the_text_form_of_a_naming_is_that_of_dlt() {
    assert_eq!(Naming::new(NamingKind::SnakeCase, Some(63)).to_string(), "snake_case_ci_63");
    assert_eq!(Naming::new(NamingKind::Direct, None).to_string(), "direct_cs");
}

#[test]
fn conventions_are_found_by_short_name_and_by_module() {
    for name in
        ["snake_case", "dlt.common.normalizers.naming.snake_case", "dlt.common.normalizers.names.snake_case"]
    {
        assert_eq!(name.parse(), Ok(NamingKind::SnakeCase));
    }
    assert!("my.module".parse::<NamingKind>().is_err());
}

#[test]
fn blank_keys_get_a_name_of_their_own() {
    let naming = Naming::new(NamingKind::SnakeCase, None);
    assert_eq!(naming.normalize_key(" \t"), "_empty");
    assert_eq!(naming.normalize_key("a__b"), "a__b");
    assert_eq!(naming.keeping_paths(false).normalize_key("a__b"), "a_b");
}
