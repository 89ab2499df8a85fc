//! The rewriting of one trimmed identifier, without shortening.

use cartage_values::text::is_digit;

use super::NamingKind;

/// Rewrites a trimmed identifier by the rules of `kind`.
pub(super) fn normalize(kind: NamingKind, identifier: &str) -> String {
    match kind {
        NamingKind::SnakeCase => snake_case(identifier),
        NamingKind::Direct => replace(identifier, |c| matches!(c, '\n' | '\r' | '\'' | '"' | '▶')),
        NamingKind::DuckCase => collapse(&replace(identifier, |c| matches!(c, '\n' | '\r' | '"'))),
        NamingKind::SqlCsV1 => sql(identifier),
        NamingKind::SqlCiV1 => sql(identifier).to_lowercase(),
    }
}

fn snake_case(identifier: &str) -> String {
    let reduced: String = identifier
        .chars()
        .map(|c| match c {
            '+' | '*' => 'x',
            '-' => '_',
            '@' => 'a',
            '|' => 'l',
            other => other,
        })
        .collect();
    let words = break_words(&replace_runs(&reduced));
    let prefixed = prefix_digit(words.to_ascii_lowercase());
    let stripped = prefixed.trim_end_matches('_');
    let trailing = prefixed.len() - stripped.len();
    let mut name = collapse(stripped);
    name.extend(std::iter::repeat_n('x', trailing));
    name
}

fn sql(identifier: &str) -> String {
    let name = prefix_digit(replace_runs(identifier));
    let stripped = if name == "_" { name.as_str() } else { name.trim_end_matches('_') };
    collapse(stripped)
}

fn replace(identifier: &str, bad: impl Fn(char) -> bool) -> String {
    identifier.chars().map(|c| if bad(c) { '_' } else { c }).collect()
}

/// Replaces every run of characters that are neither ASCII letters, digits of any script nor `_` by one `_`.
fn replace_runs(identifier: &str) -> String {
    let mut name = String::with_capacity(identifier.len());
    let mut in_run = false;
    for c in identifier.chars() {
        let keep = c.is_ascii_alphabetic() || c == '_' || is_digit(c);
        if keep {
            name.push(c);
        } else if !in_run {
            name.push('_');
        }
        in_run = !keep;
    }
    name
}

/// Puts `_` before words that start with an upper case letter.
fn break_words(name: &str) -> String {
    if !name.bytes().any(|b| b.is_ascii_uppercase()) {
        return name.to_owned();
    }
    break_before_capitals(&break_before_words(name))
}

/// `([^_])([A-Z][a-z]+)` becomes `\1_\2`, in one pass from the left.
fn break_before_words(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut broken = String::with_capacity(name.len() + 4);
    let mut at = 0;
    while at < chars.len() {
        broken.push(chars[at]);
        let is_word = chars[at] != '_'
            && chars.get(at + 1).is_some_and(char::is_ascii_uppercase)
            && chars.get(at + 2).is_some_and(char::is_ascii_lowercase);
        at += 1;
        if is_word {
            broken.push('_');
            broken.push(chars[at]);
            at += 1;
            while at < chars.len() && chars[at].is_ascii_lowercase() {
                broken.push(chars[at]);
                at += 1;
            }
        }
    }
    broken
}

/// `([a-z0-9])([A-Z])` becomes `\1_\2`.
fn break_before_capitals(name: &str) -> String {
    let mut broken = String::with_capacity(name.len() + 4);
    let mut previous = '_';
    for c in name.chars() {
        if c.is_ascii_uppercase() && (previous.is_ascii_lowercase() || previous.is_ascii_digit()) {
            broken.push('_');
        }
        broken.push(c);
        previous = c;
    }
    broken
}

fn prefix_digit(name: String) -> String {
    if name.chars().next().is_some_and(is_digit) { format!("_{name}") } else { name }
}

/// Replaces every run of `_` by one.
fn collapse(name: &str) -> String {
    let mut collapsed = String::with_capacity(name.len());
    for c in name.chars() {
        if c != '_' || !collapsed.ends_with('_') {
            collapsed.push(c);
        }
    }
    collapsed
}

/// Whether a pattern holds nothing that Python's `re.escape` would escape, so that it is a plain name.
pub(crate) fn escape_free(pattern: &str) -> bool {
    !pattern.chars().any(|c| "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}".contains(c))
}
