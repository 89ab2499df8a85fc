//! Connection strings of databases that are files: `sqlite:///shop.db?timeout=60`, with one slash more for a path from
//! the root.

/// The keys that a connection string stands for: `database`, and what follows the question mark. `None` if it is none. It is
/// not for messages: those of other drivers hold a password.
pub(crate) fn keys_of(text: &str) -> Option<Vec<(String, String)>> {
    let (_, rest) = text.trim().split_once("://")?;
    let (path, query) = rest.strip_prefix('/')?.split_once('?').unwrap_or((&rest[1..], ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())));
    std::iter::once(Some(("database".to_owned(), path.to_owned()))).chain(pairs).collect()
}

#[cfg(test)]
mod tests {
    use super::keys_of;

    #[test]
    fn paths_and_keys_are_taken_apart() {
        let keys = |text: &str| keys_of(text).unwrap();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(keys("sqlite:///a/b.db"), [pair("database", "a/b.db")]);
        assert_eq!(
            keys("duckdb:////a b.db?x=1&y="),
            [pair("database", "/a b.db"), pair("x", "1"), pair("y", "")]
        );
        for text in ["sqlite://", "sqlite://shop.db", "shop.db", "sqlite:///a?b"] {
            assert_eq!(keys_of(text), None, "{text}");
        }
    }
}
