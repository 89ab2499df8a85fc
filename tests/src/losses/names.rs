//! The names that keys have at the destination: dlt's `snake_case`, from its description.

/// A key as a column.
pub(super) fn column(key: &str) -> String {
    let mut words = String::new();
    for letter in key.trim().chars() {
        match letter {
            '+' | '*' => words.push('x'),
            '@' => words.push('a'),
            '|' => words.push('l'),
            letter if letter.is_ascii_alphanumeric() => words.push(letter),
            letter if letter.is_numeric() => words.push(letter),
            _ => words.push('_'),
        }
    }
    let letters: Vec<char> = words.chars().collect();
    let mut name = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let begins_word = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before != '_' && letters.get(at + 1).is_some_and(char::is_ascii_lowercase))
            });
        if begins_word {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    if name.starts_with(|first: char| first.is_numeric()) {
        name.insert(0, '_');
    }
    // Runs of other characters are one underscore before those at the end are counted, real underscores are not;
    // keys of generated cases end with at most one of either kind.
    let stem = name.trim_end_matches('_').len();
    let tail = usize::from(stem < name.len());
    let mut single = String::new();
    for letter in name[..stem].chars() {
        if letter != '_' || !single.ends_with('_') {
            single.push(letter);
        }
    }
    single.push_str(&"x".repeat(tail));
    single
}

/// Whether a column of the destination keeps values of a key: its own column, one for values of another type, or
/// one that keeps the headers of a CSV file apart.
pub(super) fn is_of(column: &str, name: &str) -> bool {
    let Some(rest) = column.strip_prefix(name) else { return false };
    let rest = rest.split_once("__v_").map_or(rest, |(mark, _)| mark);
    let is_mark = |mark: &str| mark.len() == 4 && mark.bytes().all(|byte| byte.is_ascii_hexdigit());
    rest.is_empty() || rest.strip_prefix('_').is_some_and(is_mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_columns_as_dlt_names_them() {
        for (key, name) in [
            ("Col A", "col_a"),
            ("colA", "col_a"),
            ("HTTPServer", "http_server"),
            ("3d", "_3d"),
            ("a-b", "a_b"),
            ("ключ", "x"),
            ("a b ", "a_b"),
            ("x+y", "xxy"),
            ("price €", "pricex"),
        ] {
            assert_eq!(column(key), name, "{key}");
        }
        assert!(is_of("a__v_text", "a") && is_of("a_5f3a", "a") && !is_of("a__b", "a") && !is_of("ab", "a"));
    }
}
