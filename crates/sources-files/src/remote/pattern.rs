//! Patterns of keys, by the rules of those of local files.

use std::cmp::Ordering;

use cartage_source_api::SourceError;
use glob::Pattern;

use crate::local::LIKE_A_SHELL;

/// A pattern behind a bucket.
#[derive(Debug)]
pub(super) struct KeyPattern {
    pattern: Pattern,
    /// With brackets as part of names.
    literal_brackets: Option<Pattern>,
    /// What every key begins with.
    pub(super) prefix: String,
    /// Whether nothing below the folder of the prefix can match.
    pub(super) is_one_folder: bool,
}

/// Whether something is a pattern.
pub(super) fn is_pattern(key: &str) -> bool {
    key.contains(['*', '?', '['])
}

impl KeyPattern {
    /// The pattern that stands behind the bucket of `path`.
    pub(super) fn parse(path: &str, key: &str) -> Result<Self, SourceError> {
        let parse = |key: &str| {
            Pattern::new(key).map_err(|error| {
                SourceError::Config(format!("cannot understand the pattern `{path}`: {error}"))
            })
        };
        let (prefix, rest) = key.split_at(key.find(['*', '?', '[']).unwrap_or(key.len()));
        Ok(Self {
            pattern: parse(key)?,
            literal_brackets: if key.contains('[') { Some(parse(&key.replace('[', "[[]"))?) } else { None },
            prefix: prefix.to_owned(),
            is_one_folder: !rest.contains('/') && !rest.contains("**"),
        })
    }

    /// The keys that match, in order of their names. Brackets of names come before brackets of the pattern.
    pub(super) fn matching<T>(&self, mut keys: Vec<T>, key: impl Fn(&T) -> &str) -> Vec<T> {
        let matches = |pattern: &Pattern, one: &T| pattern.matches_with(key(one), LIKE_A_SHELL);
        let pattern =
            self.literal_brackets.as_ref().filter(|first| keys.iter().any(|one| matches(first, one)));
        let pattern = pattern.unwrap_or(&self.pattern);
        keys.retain(|one| matches(pattern, one));
        keys.sort_by(|a, b| by_steps(key(a), key(b)));
        keys
    }

    /// A key behind the folder that the pattern begins with.
    pub(super) fn relative<'a>(&self, key: &'a str) -> &'a str {
        let folder = self.prefix.rfind('/').map_or(0, |slash| slash + 1);
        key.get(folder..).unwrap_or(key)
    }
}

/// As paths of files are compared: folder by folder.
fn by_steps(a: &str, b: &str) -> Ordering {
    a.split('/').cmp(b.split('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, keys: &[&str]) -> String {
        let pattern = KeyPattern::parse(pattern, pattern).unwrap();
        pattern.matching(keys.to_vec(), |key| key).join(" ")
    }

    #[test]
    fn keys_are_matched_as_a_shell_matches_files_and_sorted_folder_by_folder() {
        let keys = ["d/b.csv", "d/a.csv", "d/.c.csv", "d/e/f.csv", "d-x/a.csv", "d/a.json"];
        assert_eq!(found("d/*.csv", &keys), "d/a.csv d/b.csv");
        assert_eq!(found("**/*.csv", &keys), "d/a.csv d/b.csv d/e/f.csv d-x/a.csv");
        assert_eq!(found("d/[a-b].?sv", &keys), "d/a.csv d/b.csv");
        assert_eq!(found("d/[!a].csv", &keys), "d/b.csv");
        assert_eq!(found("*/*/*.csv", &keys), "d/e/f.csv");
    }

    #[test]
    fn brackets_of_names_come_before_those_of_the_pattern() {
        assert_eq!(found("d[1]/*", &["d1/a", "d[1]/b"]), "d[1]/b");
        assert_eq!(found("d[1]/*", &["d1/a"]), "d1/a");
        assert_eq!(found("d/a b%20*", &["d/a b%20c", "d/a b c"]), "d/a b%20c");
    }

    #[test]
    fn as_little_as_possible_is_listed() {
        let of = |key| {
            let pattern = KeyPattern::parse(key, key).unwrap();
            (pattern.prefix.clone(), pattern.is_one_folder, pattern.relative("events/2024/x").to_owned())
        };
        assert_eq!(of("events/20*"), ("events/20".to_owned(), true, "2024/x".to_owned()));
        assert_eq!(of("events/**/*.gz"), ("events/".to_owned(), false, "2024/x".to_owned()));
        assert_eq!(of("*/x"), (String::new(), false, "events/2024/x".to_owned()));
    }
}
