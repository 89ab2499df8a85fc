//! What a tap is told of the state that it left.
//!
//! Its state is one value for all of its streams. A stream that begins at the beginning, because its table is replaced or
//! was emptied by a refresh, must not be told where it was.

use serde_json::Value;

/// A stream that takes part.
pub(super) struct KnownStream<'a> {
    /// Its names in the state.
    pub(super) names: &'a [String; 2],
    /// Whether it begins at the beginning.
    pub(super) starts_over: bool,
    /// Whether the tap reads all of it in each run anyway, whatever the state is.
    pub(super) is_full_table: bool,
}

/// The state for a run in which these streams take part; `None` for a run from the beginning.
///
/// # Errors
/// Where the state cannot be divided: which stream cannot begin at the beginning, and what to do.
pub(super) fn for_run(state: &Value, wanted: &[KnownStream<'_>]) -> Result<Option<Value>, String> {
    let anew = || wanted.iter().filter(|stream| stream.starts_over);
    let mut state = state.clone();
    if let Some(Value::Object(bookmarks)) = state.get_mut("bookmarks") {
        bookmarks.retain(|name, _| !anew().any(|stream| stream.names.contains(name)));
        return Ok(Some(state));
    }
    let is_empty = state.as_object().is_none_or(serde_json::Map::is_empty);
    match anew().find(|stream| !stream.is_full_table) {
        None => Ok(Some(state)),
        Some(_) if is_empty || wanted.iter().all(|stream| stream.starts_over) => Ok(None),
        Some(stream) => Err(format!(
            "stream `{}` must be read from the beginning, because its table is replaced or was emptied or it is new, and the \
             tap keeps one state for all streams, which cannot be divided: run with `--refresh drop_sources` to read all of them \
             again, or make a source of this stream alone",
            stream.names[0]
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(state: &Value, streams: [(&str, bool, bool); 2]) -> Result<Option<Value>, String> {
        let names = streams.map(|(name, ..)| [name.to_owned(), name.to_owned()]);
        let wanted: Vec<_> = streams
            .iter()
            .zip(&names)
            .map(|((_, starts_over, is_full_table), names)| KnownStream {
                names,
                starts_over: *starts_over,
                is_full_table: *is_full_table,
            })
            .collect();
        for_run(state, &wanted)
    }

    #[test]
    fn bookmarks_of_streams_that_start_over_are_left_out() {
        let state = json!({"bookmarks": {"a": 1, "b": 2, "other": 3}});
        let told = run(&state, [("a", true, false), ("b", false, false)]).unwrap();
        assert_eq!(told, Some(json!({"bookmarks": {"b": 2, "other": 3}})));
    }

    #[test]
    fn a_state_that_cannot_be_divided_is_told_to_all_or_to_none() {
        let state = json!({"u": 50});
        assert_eq!(run(&state, [("a", false, false), ("b", true, true)]).unwrap(), Some(state.clone()));
        assert_eq!(run(&state, [("a", true, false), ("b", true, false)]).unwrap(), None);
        let error = run(&state, [("a", true, false), ("b", false, false)]).unwrap_err();
        assert!(error.contains("stream `a`") && error.contains("drop_sources"), "{error}");
    }
}
