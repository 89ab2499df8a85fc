//! Paths into the state, as people write them: `resources.orders.incremental.updated_at.last_value`.

use std::fmt::{self, Display};
use std::str::FromStr;

use serde_json::{Map, Value};

/// A path into the state: names with dots between them, `['a name']` for one with points or blanks in it,
/// `[0]` for an element of a list, `*` for all keys or elements. A leading `$` stands for the whole, as in
/// JSONPath.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatePath {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    Each,
}

/// Why a path cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The text is not a path.
    #[error("`{path}` is not a path into the state: {reason}")]
    Syntax {
        /// The text that was parsed.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The path is for reading or removing, not for one value.
    #[error("`{path}` matches many values; name one")]
    Many {
        /// The path, as text.
        path: String,
    },
    /// There is something on the way that has no keys, or a list that is too short.
    #[error("`{path}` leads through {found}, which has no such part")]
    Blocked {
        /// The path as far as it leads.
        path: String,
        /// What is there.
        found: &'static str,
    },
}

impl StatePath {
    /// A path of names.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { steps: names.into_iter().map(|name| Step::Key(name.to_owned())).collect() }
    }

    /// This path, seen from what `base` leads to.
    #[must_use]
    pub fn below(&self, base: &Self) -> Self {
        Self { steps: base.steps.iter().chain(&self.steps).cloned().collect() }
    }

    /// The first name, if the path begins with one.
    pub fn first_key(&self) -> Option<&str> {
        match self.steps.first() {
            Some(Step::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// How many steps it has.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether it means the whole.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The value that the path means, if it means one.
    pub fn get<'a>(&self, root: &'a Value) -> Option<&'a Value> {
        self.steps.iter().try_fold(root, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(index),
            Step::Each => None,
        })
    }

    /// The paths without `*` that this one means in `root`.
    pub fn resolve(&self, root: &Value) -> Vec<Self> {
        let mut found: Vec<(Vec<Step>, &Value)> = vec![(Vec::new(), root)];
        for step in &self.steps {
            let mut next = Vec::new();
            for (path, value) in found {
                let mut add = |step: Step, value| {
                    next.push((path.iter().cloned().chain([step]).collect(), value));
                };
                match (step, value) {
                    (Step::Key(key), _) => {
                        value.get(key).into_iter().for_each(|value| add(step.clone(), value));
                    }
                    (Step::Index(index), _) => {
                        value.get(index).into_iter().for_each(|value| add(step.clone(), value));
                    }
                    (Step::Each, Value::Object(map)) => {
                        map.iter().for_each(|(key, value)| add(Step::Key(key.clone()), value));
                    }
                    (Step::Each, Value::Array(list)) => {
                        list.iter().enumerate().for_each(|(index, value)| add(Step::Index(index), value));
                    }
                    (Step::Each, _) => {}
                }
            }
            found = next;
        }
        found.into_iter().map(|(steps, _)| Self { steps }).collect()
    }

    /// Puts `value` at the path; objects on the way are made. Gives what was there.
    ///
    /// # Errors
    /// [`PathError`]; nothing is changed.
    pub fn set(&self, root: &mut Value, value: Value) -> Result<Option<Value>, PathError> {
        if self.steps.contains(&Step::Each) {
            return Err(PathError::Many { path: self.to_string() });
        }
        self.check(root)?;
        let mut place = root;
        for step in &self.steps {
            if place.is_null() {
                *place = Value::Object(Map::new());
            }
            place = match (step, place) {
                (Step::Key(key), Value::Object(map)) => map.entry(key).or_insert(Value::Null),
                (Step::Index(index), Value::Array(list)) if *index < list.len() => &mut list[*index],
                _ => return Err(PathError::Many { path: self.to_string() }),
            };
        }
        let old = std::mem::replace(place, value);
        Ok((!old.is_null()).then_some(old))
    }

    /// Whether [`set`](Self::set) finds its way.
    fn check(&self, root: &Value) -> Result<(), PathError> {
        let mut value = Some(root);
        for (position, step) in self.steps.iter().enumerate() {
            value = match (step, value) {
                (Step::Key(_), None | Some(Value::Null)) => None,
                (Step::Key(key), Some(Value::Object(map))) => map.get(key),
                (Step::Index(index), Some(Value::Array(list))) if *index < list.len() => list.get(*index),
                (_, found) => {
                    let path = Self { steps: self.steps[..position].to_vec() }.to_string();
                    return Err(PathError::Blocked { path, found: kind(found.unwrap_or(&Value::Null)) });
                }
            };
        }
        Ok(())
    }

    /// Removes what the path means, which must hold no `*`. Gives what was there.
    pub fn remove(&self, root: &mut Value) -> Option<Value> {
        let (last, way) = self.steps.split_last()?;
        let parent = way.iter().try_fold(root, |value, step| match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(index) => value.get_mut(index),
            Step::Each => None,
        })?;
        match (last, parent) {
            (Step::Key(key), Value::Object(map)) => map.shift_remove(key),
            (Step::Index(index), Value::Array(list)) if *index < list.len() => Some(list.remove(*index)),
            _ => None,
        }
    }
}

/// What a value is, in words.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl Display for StatePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(key) if is_plain(key) => {
                    f.write_str(if position == 0 { "" } else { "." })?;
                    f.write_str(key)?;
                }
                Step::Key(key) => write!(f, "['{}']", key.replace('\'', "\\'"))?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Each => f.write_str(if position == 0 { "*" } else { ".*" })?,
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && !key.contains(|c: char| ".[]'\"*$ ".contains(c) || c.is_control())
}

impl FromStr for StatePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let wrong = |reason| PathError::Syntax { path: text.to_owned(), reason };
        let trimmed = text.trim();
        let mut rest = trimmed.strip_prefix('$').unwrap_or(trimmed);
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (step, after) = bracket(inside).map_err(wrong)?;
                steps.push(step);
                rest = after;
                continue;
            }
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            steps.push(match name.trim() {
                "" => return Err(wrong("a name is missing")),
                "*" => Step::Each,
                name => Step::Key(name.to_owned()),
            });
            rest = after;
        }
        Ok(Self { steps })
    }
}

/// The contents of brackets, and the text after them.
fn bracket(inside: &str) -> Result<(Step, &str), &'static str> {
    if let Some(quote) = inside.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        let (mut name, mut characters) = (String::new(), inside[1..].char_indices());
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' => name.extend(characters.next().map(|(_, c)| c)),
                c if c == quote => {
                    let after = inside[1 + at + 1..].strip_prefix(']').ok_or("a `]` is missing")?;
                    return Ok((Step::Key(name), after));
                }
                c => name.push(c),
            }
        }
        return Err("a quote is not closed");
    }
    let (index, after) = inside.split_once(']').ok_or("a `]` is missing")?;
    match index.trim() {
        "*" => Ok((Step::Each, after)),
        index => index
            .parse()
            .map(|index| (Step::Index(index), after))
            .map_err(|_| "brackets contain a position, `*` or a name in quotes"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> StatePath {
        text.parse().unwrap()
    }

    #[test]
    fn paths_come_back_as_they_were_written() {
        for text in ["a.b.c", "a['b.c'].d", "a[0].*", "*", "a['it\\'s']"] {
            assert_eq!(path(text).to_string(), text);
        }
        assert_eq!(path("$.a[\"b\"]"), path("a.b"));
        for text in ["a..b", "a[", "a['x", "a[x]", "a."] {
            assert!(text.parse::<StatePath>().is_err(), "{text}");
        }
    }

    #[test]
    fn setting_makes_the_objects_on_the_way_and_gives_the_old_value() {
        let mut root = json!({"a": {"list": [1, 2]}});
        assert_eq!(path("a.b.c").set(&mut root, json!(7)), Ok(None));
        assert_eq!(path("a.list[1]").set(&mut root, json!(3)), Ok(Some(json!(2))));
        assert_eq!(root, json!({"a": {"list": [1, 3], "b": {"c": 7}}}));
    }

    #[test]
    fn a_path_that_leads_nowhere_changes_nothing() {
        let mut root = json!({"a": {"n": 1, "list": []}});
        let before = root.clone();
        for text in ["a.n.x", "a.list[0]", "a.*", "a.new[0]"] {
            assert!(path(text).set(&mut root, json!(1)).is_err(), "{text}");
        }
        assert_eq!(root, before);
        assert!(path("a.n.x").set(&mut root, json!(1)).unwrap_err().to_string().contains("a number"));
    }

    #[test]
    fn stars_resolve_to_what_is_there() {
        let mut root = json!({"a": {"x": 1}, "b": {"x": 2}, "c": 3});
        let found = path("*.x").resolve(&root);
        assert_eq!(found, [path("a.x"), path("b.x")]);
        assert!(found.iter().all(|path| path.remove(&mut root).is_some()));
        assert_eq!(root, json!({"a": {}, "b": {}, "c": 3}));
    }
}
