//! The paths into the crate itself that the text of a file holds.

/// A path into the crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// How many modules upwards it begins; `None` where it begins at the crate.
    pub(super) up: Option<usize>,
    /// The names behind that.
    pub(super) names: Vec<String>,
    /// Whether others find it here: it is behind `pub use`.
    pub(super) is_public: bool,
}

/// All paths that begin with `crate`, `super` or, in a `use`, with a module below this one. Comments and unit tests at the
/// end of the file are left out.
pub(super) fn imports(text: &str) -> Vec<Import> {
    let text = without_tests_and_comments(text);
    let mut found = Vec::new();
    for (root, up) in [("crate::", None), ("super::", Some(1))] {
        for (at, _) in text.match_indices(root) {
            // A path goes on with `super::`, and `$crate` is another crate.
            if text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | ':')) {
                continue;
            }
            let mut rest = &text[at + root.len()..];
            let mut up = up;
            while let (Some(levels), Some(behind)) = (up, rest.strip_prefix("super::")) {
                (up, rest) = (Some(levels + 1), behind);
            }
            let statement = statement(&text[..at]);
            let is_public = statement.starts_with("pub") && statement.ends_with("use ");
            expand(rest, &mut Vec::new(), &mut |names| {
                found.push(Import { up, names: names.to_vec(), is_public });
            });
        }
    }
    for (at, _) in text.match_indices("use ") {
        let rest = &text[at + 4..];
        let before = statement(&text[..at]);
        if before.starts_with("pub") && !rest.starts_with("crate::") && !rest.starts_with("super::") {
            expand(rest.strip_prefix("self::").unwrap_or(rest), &mut Vec::new(), &mut |names| {
                found.push(Import { up: Some(0), names: names.to_vec(), is_public: true });
            });
        }
    }
    found
}

/// The begin of the statement that a text ends in.
fn statement(before: &str) -> &str {
    let begin = before.rfind(['\n', ';', '}']).map_or(0, |at| at + 1);
    before[begin..].trim_start()
}

fn without_tests_and_comments(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Hands over each path of a tree as it is in a `use`, or of a path in code. Gives the text behind it.
fn expand<'a>(text: &'a str, before: &mut Vec<String>, each: &mut impl FnMut(&[String])) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = expand(rest, before, each).trim_start();
            match rest.strip_prefix(',') {
                Some(behind) if !behind.trim_start().starts_with('}') => rest = behind,
                Some(behind) => return behind.trim_start().strip_prefix('}').unwrap_or(behind),
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        each(before);
        return rest.strip_prefix('*').unwrap_or(rest);
    }
    before.push(name.to_owned());
    let rest = if let Some(behind) = rest.strip_prefix("::") {
        expand(behind, before, each)
    } else {
        each(before);
        skip_alias(rest)
    };
    before.pop();
    rest
}

/// Passes over ` as name`.
fn skip_alias(text: &str) -> &str {
    let Some(alias) = text.trim_start().strip_prefix("as ") else { return text };
    alias.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let path = |import: Import| {
            let root = import.up.map_or_else(|| "crate".to_owned(), |up| format!("{up} up"));
            format!("{root}: {}{}", import.names.join("::"), if import.is_public { ", public" } else { "" })
        };
        imports(text).into_iter().map(path).collect()
    }

    #[test]
    fn trees_and_paths_in_code_are_found() {
        let text = "use crate::a::{B, c::{D as E, F}, g};\nfn h() { crate::i::j(); super::super::k() }\n";
        let expected =
            ["crate: a::B", "crate: a::c::D", "crate: a::c::F", "crate: a::g", "crate: i::j", "2 up: k"];
        assert_eq!(paths(text), expected);
    }

    #[test]
    fn what_a_face_hands_on_is_public() {
        assert_eq!(
            paths("pub(crate) use a::{B, C};\npub use crate::d::E;\nuse std::f;\n"),
            ["crate: d::E, public", "0 up: a::B, public", "0 up: a::C, public"]
        );
    }

    #[test]
    fn comments_tests_and_other_crates_do_not_count() {
        let text = "/// [x](crate::x)\nfn f() { $crate::y!() }\n#[cfg(test)]\nmod tests { use crate::z; }\n";
        assert!(paths(text).is_empty());
    }
}
