//! Placeholders: `posts/{resources.posts.id}/comments`, `{incremental.start_value}`.

use indexmap::IndexMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// All characters that may mean something in an address; the others are those that RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Values by the name of their placeholder.
pub(crate) type Values = IndexMap<String, Value>;

/// A text with placeholders in braces; doubled braces stand for themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(String),
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            plain.push_str(before);
            let behind = &brace[1..];
            if let Some(behind) = behind.strip_prefix(&brace[..1]) {
                plain.push_str(&brace[..1]);
                rest = behind;
                continue;
            }
            let field = brace.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let (field, behind) = field.ok_or_else(|| {
                format!("`{text}` has a single brace; double braces that are meant as text: {{{{ and }}}}")
            })?;
            if field.contains(['!', ':', '{']) {
                return Err(format!(
                    "`{{{field}}}` has a format, which is not supported; write only the name"
                ));
            }
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Field(field.to_owned()));
            rest = behind;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }

    /// The names in braces.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Field(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Puts a value in the place of one of the fields.
    pub(crate) fn bind(&mut self, name: &str, value: &Value) {
        for part in &mut self.parts {
            if matches!(part, Part::Field(field) if field == name) {
                *part = Part::Text(plain(value));
            }
        }
    }

    /// The value that is the whole text, where that is an address of its own.
    pub(crate) fn whole_address<'a>(&self, values: &'a Values) -> Option<&'a str> {
        let value = values.get(self.single()?)?.as_str()?;
        is_address(value).then_some(value)
    }

    /// The text as a path, perhaps with a query. Each value is encoded: whatever it holds, it is one segment or a part
    /// of one, and never leads elsewhere.
    pub(crate) fn expand_path(&self, values: &Values) -> Result<String, String> {
        let mut out = String::new();
        // The segment that is being written, whether values are in it, and the last one's name.
        let (mut segment_at, mut field): (usize, Option<&str>) = (0, None);
        let mut in_path = true;
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    for (at, c) in text.char_indices() {
                        if in_path && matches!(c, '/' | '\\' | '?' | '#') {
                            check_segment(&out[segment_at..], field)?;
                            (segment_at, field) = (out.len() + 1, None);
                            in_path = !matches!(c, '?' | '#');
                        }
                        out.push_str(&text[at..at + c.len_utf8()]);
                    }
                }
                Part::Field(name) => match value_of(name, values)? {
                    Value::Null => return Err(format!("the value of `{{{name}}}` is null here")),
                    value => {
                        out.extend(utf8_percent_encode(&plain(value), RESERVED));
                        field = Some(name);
                    }
                },
            }
        }
        if in_path {
            check_segment(&out[segment_at..], field)?;
        }
        Ok(out)
    }

    /// The text with its values.
    pub(crate) fn expand(&self, values: &Values) -> Result<String, String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Field(name) => match value_of(name, values)? {
                    Value::Null => return Err(format!("the value of `{{{name}}}` is null here")),
                    value => out.push_str(&plain(value)),
                },
            }
        }
        Ok(out)
    }

    /// The only placeholder, where the text is nothing else.
    fn single(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Field(name)] => Some(name),
            _ => None,
        }
    }
}

/// Refuses a segment that values have made another address. Dots cannot be encoded: `%2E%2E` is `..` to a server that reads
/// addresses by the standard.
fn check_segment(segment: &str, field: Option<&str>) -> Result<(), String> {
    let Some(field) = field else { return Ok(()) };
    let what = match segment {
        "" => "empty, which would change the address",
        "." | ".." => "`.` or `..`, which an address cannot have as a segment: they mean a folder",
        _ => return Ok(()),
    };
    Err(format!(
        "the value of `{{{field}}}` is {what}; leave such rows out of the parent with a filter in `processing_steps`"
    ))
}

/// Whether a text is an address of its own, and no path below the base.
pub(crate) fn is_address(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn value_of<'a>(name: &str, values: &'a Values) -> Result<&'a Value, String> {
    values.get(name).ok_or_else(|| {
        let known: Vec<&str> = values.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        format!("there is no value for `{{{name}}}`; known are {known}")
    })
}

/// A value as it is written in addresses and headers.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// All names in braces in the texts of a value, keys included.
pub(crate) fn fields_in(value: &Value, found: &mut Vec<String>) -> Result<(), String> {
    match value {
        Value::String(text) => {
            found.extend(Template::parse(text)?.fields().map(str::to_owned));
            Ok(())
        }
        Value::Array(items) => items.iter().try_for_each(|item| fields_in(item, found)),
        Value::Object(map) => map.iter().try_for_each(|(key, item)| {
            found.extend(Template::parse(key)?.fields().map(str::to_owned));
            fields_in(item, found)
        }),
        _ => Ok(()),
    }
}

/// Puts values into all texts of a value. With `typed`, a text that is one placeholder becomes its value.
pub(crate) fn expand(value: &Value, values: &Values, typed: bool) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => {
            let template = Template::parse(text)?;
            match template.single() {
                Some(name) if typed => value_of(name, values)?.clone(),
                // A parameter without a value is left out.
                Some(name) if value_of(name, values)?.is_null() => Value::Null,
                _ => Value::String(template.expand(values)?),
            }
        }
        Value::Array(items) => {
            items.iter().map(|item| expand(item, values, typed)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Value::Object(map) => {
            let entry = |(key, item): (&String, &Value)| {
                Ok((Template::parse(key)?.expand(values)?, expand(item, values, typed)?))
            };
            Value::Object(map.iter().map(entry).collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_in_a_path_is_one_segment_whatever_it_holds() {
        let path = |template: &str, value: Value| {
            Template::parse(template).unwrap().expand_path(&[("v".to_owned(), value)].into())
        };
        for (value, segment) in [
            ("a/b", "a%2Fb"),
            ("a?x=1&y", "a%3Fx%3D1%26y"),
            ("c#d", "c%23d"),
            ("50%", "50%25"),
            ("../../admin", "..%2F..%2Fadmin"),
            ("..\\x", "..%5Cx"),
            ("two words", "two%20words"),
            ("ключ", "%D0%BA%D0%BB%D1%8E%D1%87"),
            ("http://b.c/d", "http%3A%2F%2Fb.c%2Fd"),
            ("a.b-c_d~1", "a.b-c_d~1"),
        ] {
            assert_eq!(path("items/{v}/x", json!(value)).unwrap(), format!("items/{segment}/x"));
            assert_eq!(path("items?q={v}", json!(value)).unwrap(), format!("items?q={segment}"));
        }
        assert_eq!(path("items/{v}.json", json!("..")).unwrap(), "items/...json");
        assert_eq!(path("items?q={v}", json!("..")).unwrap(), "items?q=..");
        for (template, value) in
            [("{v}", ".."), ("a/{v}/b", "."), ("a/.{v}/b", "."), ("a/{v}/b", ""), ("a/{v}?x=1", "..")]
        {
            assert!(
                path(template, json!(value)).unwrap_err().contains("processing_steps"),
                "{template} {value}"
            );
        }
    }

    #[test]
    fn placeholders_get_their_values_and_doubled_braces_stay() {
        let values: Values = [("resources.a.id".to_owned(), json!(7)), ("n".to_owned(), json!(null))].into();
        let text = |text: &str| Template::parse(text).unwrap().expand(&values);
        assert_eq!(text("a/{resources.a.id}/{{x}}").unwrap(), "a/7/{x}");
        assert!(text("a/{n}").unwrap_err().contains("null"));
        assert!(text("a/{m}").unwrap_err().contains("resources.a.id"));
        assert!(Template::parse("a{").is_err());
        assert!(Template::parse("{a:02}").is_err());
        let body = json!({"{resources.a.id}": ["{resources.a.id}", "x{resources.a.id}", 1]});
        assert_eq!(expand(&body, &values, true).unwrap(), json!({"7": [7, "x7", 1]}));
        assert_eq!(expand(&body, &values, false).unwrap(), json!({"7": ["7", "x7", 1]}));
    }
}
