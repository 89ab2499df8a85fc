//! Parents before their children.

/// Sorts resources so that each comes after its parent: roots first, then the children of each in turn, as
/// dlt does. An error names resources that wait for one another.
///
/// # Errors
/// The names of resources that are parents of themselves.
pub fn parents_first<T>(
    resources: Vec<T>,
    name: impl Fn(&T) -> &str,
    parent: impl Fn(&T) -> Option<&str>,
) -> Result<Vec<T>, String> {
    let mut waiting = resources;
    let mut sorted: Vec<T> = Vec::new();
    let (mut batch, mut rest): (Vec<T>, Vec<T>) =
        waiting.into_iter().partition(|resource| parent(resource).is_none());
    while !batch.is_empty() {
        let mut next = Vec::new();
        for done in &batch {
            let children: Vec<T>;
            (children, waiting) = rest.into_iter().partition(|other| parent(other) == Some(name(done)));
            next.extend(children);
            rest = waiting;
        }
        sorted.append(&mut batch);
        batch = next;
    }
    if rest.is_empty() {
        return Ok(sorted);
    }
    let names: Vec<&str> = rest.iter().map(&name).collect();
    Err(format!("these resources depend on each other: {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_stand_before_their_children_and_circles_are_refused() {
        let sort = |pairs: &[(&'static str, Option<&'static str>)]| {
            let sorted = parents_first(pairs.to_vec(), |pair| pair.0, |pair| pair.1)?;
            Ok::<_, String>(sorted.into_iter().map(|pair| pair.0).collect::<Vec<_>>())
        };
        let tree = [("c", Some("b")), ("b", Some("a")), ("x", None), ("a", None), ("d", Some("x"))];
        assert_eq!(sort(&tree).unwrap(), ["x", "a", "d", "b", "c"]);
        assert!(sort(&[("a", Some("b")), ("b", Some("a"))]).unwrap_err().contains("a, b"));
    }
}
