//! What a table says about its merge beyond keys: conditions, and what does not go together.

use cartage_schema::{Column, CompoundHint, MergeStrategy, Table};
use serde_json::Value;

use crate::error::{Error, Result};

/// An option of the long form, the hint that stores it, and the strategies that know it.
type MergeOption = (&'static str, &'static str, &'static [MergeStrategy]);

const SOURCE_FILTER: MergeOption = (
    "source_filter",
    "x-merge-source-filter",
    &[MergeStrategy::DeleteInsert, MergeStrategy::Scd2, MergeStrategy::Upsert, MergeStrategy::Cdc],
);
const DESTINATION_SCOPE: MergeOption = (
    "destination_scope",
    "x-merge-destination-scope",
    &[MergeStrategy::DeleteInsert, MergeStrategy::Scd2, MergeStrategy::Cdc],
);
const SKIP_UNCHANGED: MergeOption =
    ("skip_unchanged_rows", "x-merge-skip-unchanged-rows", &[MergeStrategy::Upsert, MergeStrategy::Cdc]);

/// Whether the table can be merged in this way. Returns what is ignored or unusual, one sentence each.
///
/// # Errors
/// Invalid if a key or a column is missing that the strategy needs, if a hint that one column may
/// have is on several, or if a condition cannot be read.
pub fn check_merge(table: &Table, strategy: MergeStrategy) -> Result<Vec<String>> {
    check_columns(table, strategy)?;
    for (option, names) in
        [(SOURCE_FILTER, &[][..]), (DESTINATION_SCOPE, &[("table", ""), ("staging_table", "")][..])]
    {
        if let Some(condition) = text(table, option.1) {
            expand(option.0, condition, names)?;
        }
    }
    let has_key = |hint| !columns_with(table, hint).is_empty();
    let (has_primary, has_merge) = (has_key(CompoundHint::PrimaryKey), has_key(CompoundHint::MergeKey));
    let scoped = destination_scope(table, strategy).is_some();
    let mut warnings = Vec::new();
    if strategy == MergeStrategy::DeleteInsert && !has_primary && !has_merge && !scoped {
        warnings.push("it has neither primary key nor merge key, so the rows are appended".to_owned());
    }
    if has_merge && matches!(strategy, MergeStrategy::Upsert | MergeStrategy::InsertOnly) {
        warnings.push(format!("merge strategy '{strategy}' ignores the merge key"));
    }
    if has_merge && scoped {
        warnings.push("the merge key is ignored, destination_scope says what may be deleted".to_owned());
    }
    for (option, hint, known) in [SOURCE_FILTER, DESTINATION_SCOPE, SKIP_UNCHANGED] {
        if is_set(table, hint) && !known.contains(&strategy) {
            warnings.push(format!("merge strategy '{strategy}' ignores {option}"));
        }
    }
    Ok(warnings)
}

fn check_columns(table: &Table, strategy: MergeStrategy) -> Result<()> {
    let by_key = strategy.needs_primary_key();
    if by_key && columns_with(table, CompoundHint::PrimaryKey).is_empty() {
        let message = format!("merge strategy '{strategy}' needs a primary key");
        return Err(Error::invalid(message).with_remedy("set primary_key on the resource"));
    }
    if strategy == MergeStrategy::Scd2 {
        for hint in ["x-valid-from", "x-valid-to", "x-row-version"] {
            if !table.complete_columns().any(|column| column.has_own_hint(hint)) {
                let message = format!("merge strategy 'scd2' needs a column with the hint {hint}");
                return Err(Error::invalid(message)
                    .with_remedy("set strategy = \"scd2\" in the write_disposition of the resource"));
            }
        }
    }
    let hard_delete = |column: &&Column| column.hard_delete == Some(true);
    let dedup_sort = |column: &&Column| column.dedup_sort.is_some();
    for (hint, count) in [
        ("hard_delete", table.complete_columns().filter(hard_delete).count()),
        ("dedup_sort", table.complete_columns().filter(dedup_sort).count()),
    ] {
        if count > 1 {
            return Err(Error::invalid(format!("{count} columns have the hint {hint}"))
                .with_remedy(format!("leave {hint} on one column of the table")));
        }
    }
    Ok(())
}

/// Names of the typed columns with a compound hint: others exist nowhere yet.
pub fn columns_with(table: &Table, hint: CompoundHint) -> Vec<&str> {
    table
        .complete_columns()
        .filter(|column| column.has_compound(hint))
        .map(|column| column.name.as_str())
        .collect()
}

/// The condition that chooses the staged rows that take part, where the strategy knows one.
pub fn source_filter(table: &Table, strategy: MergeStrategy) -> Option<&str> {
    known(table, strategy, SOURCE_FILTER)
}

/// The condition that says which rows of the table may go, where the strategy knows one.
pub fn destination_scope(table: &Table, strategy: MergeStrategy) -> Option<&str> {
    known(table, strategy, DESTINATION_SCOPE)
}

/// Whether rows that are the same already are left alone.
pub fn skips_unchanged(table: &Table) -> bool {
    is_set(table, SKIP_UNCHANGED.1)
}

/// Whether staged rows have different primary keys already.
pub fn is_deduplicated(table: &Table) -> bool {
    is_set(table, "x-stage-data-deduplicated")
}

fn known(table: &Table, strategy: MergeStrategy, (_, hint, known): MergeOption) -> Option<&str> {
    if known.contains(&strategy) { text(table, hint) } else { None }
}

fn text<'a>(table: &'a Table, hint: &str) -> Option<&'a str> {
    table.other.get(hint)?.as_str().filter(|text| !text.trim().is_empty())
}

fn is_set(table: &Table, hint: &str) -> bool {
    !matches!(table.other.get(hint), None | Some(Value::Null | Value::Bool(false)))
}

/// Puts names into a condition: `{table}` stands for what `names` says, a double brace for a brace.
///
/// # Errors
/// Invalid naming the option, if a brace is single or holds another name.
pub fn expand(option: &str, condition: &str, names: &[(&str, &str)]) -> Result<String> {
    let broken = |what: String| {
        let known: Vec<String> = names.iter().map(|(name, _)| format!("{{{name}}}")).collect();
        let places = if known.is_empty() { "nothing".to_owned() } else { known.join(" and ") };
        Err(Error::invalid(format!("{option} `{condition}` {what}"))
            .with_remedy(format!("braces may hold {places}; write {{{{ for a literal brace")))
    };
    let mut expanded = String::with_capacity(condition.len());
    let mut rest = condition;
    while let Some(at) = rest.find(['{', '}']) {
        let (plain, braces) = rest.split_at(at);
        expanded.push_str(plain);
        let brace = &braces[..1];
        if let Some(behind) = braces[1..].strip_prefix(brace) {
            expanded.push_str(brace);
            rest = behind;
            continue;
        }
        let Some((name, behind)) = braces[1..].split_once('}').filter(|_| brace == "{") else {
            return broken(format!("has a single {brace}"));
        };
        let Some((_, value)) = names.iter().find(|(known, _)| *known == name) else {
            return broken(format!("has {{{name}}}, which is not a known placeholder"));
        };
        expanded.push_str(value);
        rest = behind;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_tables_and_double_braces_single_ones() {
        let names = [("table", "\"a\".\"t\""), ("staging_table", "s")];
        let expanded =
            expand("scope", "{table}.day IN (SELECT day FROM {staging_table}) AND x <> '{{}}'", &names);
        assert_eq!(expanded.unwrap(), "\"a\".\"t\".day IN (SELECT day FROM s) AND x <> '{}'");
    }

    #[test]
    fn a_condition_with_loose_braces_or_unknown_names_is_refused() {
        for condition in ["a = '{'", "a = '}'", "{other}.a = 1", "{table", "{}"] {
            let error = expand("destination_scope", condition, &[("table", "t")]).unwrap_err();
            assert!(error.to_string().contains("destination_scope"), "{error}");
            assert!(error.remedy().unwrap().contains("{table}"), "{condition}");
        }
    }
}
