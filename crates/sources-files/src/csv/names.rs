//! Names of columns: each once, and each a column of its own.

use std::collections::{HashMap, HashSet};

use cartage_source_api::TargetTable;
use xxhash_rust::xxh3::xxh3_64;

use super::settings::CsvNameCollisions;

/// The keys of a file's rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) keys: Vec<String>,
    /// Names of the header that would have become one column, with the columns that they are instead.
    pub(super) kept_apart: Vec<(String, String)>,
}

/// Names of a header, each once; nameless columns are called by their position.
pub(super) fn of_header<'a>(header: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken = HashSet::new();
    let names = header.enumerate().map(|(position, name)| {
        let name = match name.trim() {
            "" => format!("column_{}", position + 1),
            name => name.to_owned(),
        };
        let mut unique = name.clone();
        let mut count = 1;
        while !taken.insert(unique.clone()) {
            unique = format!("{name}_{count}");
            count += 1;
        }
        unique
    });
    names.collect()
}

/// Keys that become different columns of `table`. An error names those that do not.
///
/// The key of a name that meets another one gets a mark that depends on the name only: not on the order of the
/// columns, nor on which others there are, so that a column stays itself from file to file and from run to run.
pub(super) fn keep_apart(
    names: Vec<String>,
    table: Option<&TargetTable>,
    collisions: CsvNameCollisions,
) -> Result<Names, String> {
    let Some(table) = table else { return Ok(Names { keys: names, kept_apart: Vec::new() }) };
    let columns: Vec<String> = names.iter().map(|name| table.column(name)).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for column in &columns {
        *counts.entry(column).or_default() += 1;
    }
    if counts.len() == columns.len() {
        return Ok(Names { keys: names, kept_apart: Vec::new() });
    }
    let mut taken: HashSet<String> = HashSet::new();
    let mut found = Names::default();
    for (name, column) in names.iter().zip(&columns) {
        let meets = counts[column.as_str()] > 1;
        if meets && collisions == CsvNameCollisions::Fail {
            return Err(format!("{} would be the one column `{column}`", quoted(&names, &columns, column)));
        }
        let key = if meets && name != column { format!("{column}_{}", mark(name)) } else { name.clone() };
        let becomes = table.column(&key);
        if meets {
            found.kept_apart.push((name.clone(), becomes.clone()));
        }
        if !taken.insert(becomes) {
            return Err(format!("{} cannot be kept apart", quoted(&names, &columns, column)));
        }
        found.keys.push(key);
    }
    Ok(found)
}

/// The names that become `column`.
fn quoted(names: &[String], columns: &[String], column: &str) -> String {
    let meeting = names.iter().zip(columns).filter(|(_, other)| *other == column);
    let meeting: Vec<String> = meeting.map(|(name, _)| format!("`{name}`")).collect();
    meeting.join(", ")
}

/// A few characters that tell names apart.
fn mark(name: &str) -> String {
    format!("{:04x}", xxh3_64(name.as_bytes()) & 0xffff)
}

#[cfg(test)]
mod tests {
    use cartage_schema::{Naming, NamingKind};
    use proptest::prelude::*;

    use super::*;

    fn table() -> TargetTable {
        TargetTable::new(Naming::new(NamingKind::SnakeCase, None), false)
    }

    fn columns(names: &[&str]) -> Vec<String> {
        let names = of_header(names.iter().copied());
        let table = table();
        let keys = keep_apart(names, Some(&table), CsvNameCollisions::KeepApart).unwrap().keys;
        keys.iter().map(|key| table.column(key)).collect()
    }

    #[test]
    fn a_name_that_meets_another_one_is_the_same_column_whatever_stands_beside_it() {
        let three = columns(&["Id", "ID", "id"]);
        assert_eq!(three[2], "id");
        assert_ne!(three[0], three[1]);
        let turned = columns(&["other", "id", "ID", "Id"]);
        assert_eq!([&turned[3], &turned[2], &turned[1]], [&three[0], &three[1], &three[2]]);
        assert_eq!(columns(&["Id", "ID"]), three[..2]);
        assert_eq!(columns(&["Id", "name"]), ["id", "name"]);
        let russian = columns(&["Имя", "Город"]);
        assert_eq!(columns(&["Имя", "Возраст", "Город"])[2], russian[1]);
    }

    #[test]
    fn collisions_can_be_refused_and_are_named() {
        let names = ["Col A".to_owned(), "col_a".to_owned(), "b".to_owned()];
        let refused = keep_apart(names.to_vec(), Some(&table()), CsvNameCollisions::Fail).unwrap_err();
        assert_eq!(refused, "`Col A`, `col_a` would be the one column `col_a`");
    }

    proptest! {
        #[test]
        fn no_two_names_share_a_column(names in prop::collection::vec("[aAbB _-]{0,3}|[йЙц]{1,2}", 0..12)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let found = columns(&names);
            prop_assert_eq!(found.iter().collect::<HashSet<_>>().len(), names.len());
        }
    }
}
