//! Reads YAML into a JSON value. The crate `saphyr-parser` finds the structure; what words mean is decided
//! here, as dlt's library decides it.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Value};

use super::yaml_scalar::resolve;

/// More than any schema has; stops aliases that multiply.
const MAX_NODES: usize = 5_000_000;
/// Deeper than any schema is; stops a document that would exhaust the stack.
const MAX_DEPTH: usize = 100;

/// The only document of the text.
pub(super) fn from_yaml(text: &str) -> Result<Value, String> {
    let mut reader =
        Reader { parser: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0, line: 1 };
    let value = reader.document()?;
    loop {
        match reader.next()? {
            Event::DocumentEnd => {}
            Event::StreamEnd => return Ok(value),
            _ => return Err(reader.wrong("a second document begins")),
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    anchors: HashMap<usize, Value>,
    nodes: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Event<'a>, String> {
        match self.parser.next_event() {
            None => Err("the text ends too early".to_owned()),
            Some(Ok((event, span))) => {
                self.line = line(span);
                Ok(event)
            }
            Some(Err(error)) => Err(error.to_string()),
        }
    }

    fn wrong(&self, what: &str) -> String {
        format!("line {}: {what}", self.line)
    }

    fn document(&mut self) -> Result<Value, String> {
        loop {
            match self.next()? {
                Event::StreamStart | Event::DocumentStart(_) => {}
                Event::StreamEnd => return Err("the text is empty".to_owned()),
                event => return self.value(event, 0),
            }
        }
    }

    fn value(&mut self, event: Event<'a>, depth: usize) -> Result<Value, String> {
        self.count(1)?;
        if depth > MAX_DEPTH {
            return Err(self.wrong("it is too deep"));
        }
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => (self.scalar(&text, style, tag.as_deref())?, anchor),
            Event::SequenceStart(anchor, _) => (self.list(depth)?, anchor),
            Event::MappingStart(anchor, _) => (self.map(depth)?, anchor),
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned();
                let value = value.ok_or_else(|| self.wrong("an alias refers to a node that contains it"))?;
                self.count(size(&value))?;
                (value, 0)
            }
            _ => return Err(self.wrong("a value is missing")),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn count(&mut self, nodes: usize) -> Result<(), String> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES { Err(self.wrong("there are too many values")) } else { Ok(()) }
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
        match tag {
            None if style == ScalarStyle::Plain => Ok(resolve(text)),
            None => Ok(text.into()),
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Ok(text.into()),
            Some(tag) if tag.is_yaml_core_schema() => Ok(resolve(text)),
            Some(tag) => Err(self.wrong(&format!("tag `{tag}` has no meaning here"))),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, String> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Value::Array(list)),
                event => list.push(self.value(event, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, String> {
        let (mut map, mut merged) = (Map::new(), Map::new());
        loop {
            let event = match self.next()? {
                Event::MappingEnd => break,
                event => event,
            };
            let is_merge =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text.as_ref() == "<<");
            let key = match self.value(event, depth + 1)? {
                Value::String(key) => key,
                Value::Null => return Err(self.wrong("a key is missing")),
                // A column may be called `no` or `1`.
                Value::Array(_) | Value::Object(_) => return Err(self.wrong("a key must be a text")),
                other => other.to_string(),
            };
            let at = self.line;
            let event = self.next()?;
            let value = self.value(event, depth + 1)?;
            if is_merge {
                self.merge(&mut merged, value)?;
            } else if map.insert(key.clone(), value).is_some() {
                return Err(format!("line {at}: key `{key}` occurs twice"));
            }
        }
        for (key, value) in merged {
            map.entry(key).or_insert(value);
        }
        Ok(Value::Object(map))
    }

    /// `<<`: the keys of other maps, where this one does not have them itself.
    fn merge(&self, merged: &mut Map<String, Value>, value: Value) -> Result<(), String> {
        let maps = match value {
            Value::Array(maps) => maps,
            one => vec![one],
        };
        for map in maps {
            let Value::Object(map) = map else { return Err(self.wrong("`<<` takes maps")) };
            for (key, value) in map {
                merged.entry(key).or_insert(value);
            }
        }
        Ok(())
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(size).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

fn line(span: Span) -> usize {
    span.start.line()
}
