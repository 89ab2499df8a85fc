//! Reads a TOML text into nodes that know their line and column.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::ConfigError;
use crate::node::{Node, Table, Value};
use crate::origin::{Layer, Origin, OriginPlace};

/// Reads `text`, which is the content of `path`.
///
/// # Errors
/// [`ConfigError::Syntax`] with the place where the text is not TOML.
pub(crate) fn read(text: &str, path: &Path, layer: Layer) -> Result<Table, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let places = Places::new(text, Arc::from(path), layer);
    let document = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        place: places.origin(error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    })?;
    table(document.into_inner(), &places)
}

/// Reads one value as it may be written to the right of the `=`, without places of its own.
pub(crate) fn read_value(text: &str, origin: &Origin) -> Option<Value> {
    let value = DeValue::parse(text).ok()?;
    let places = Places {
        text,
        starts: Vec::new(),
        fixed: Some(origin.clone()),
        path: Path::new("").into(),
        layer: origin.layer,
    };
    value_of(value, 0, &places).ok()
}

/// Turns byte offsets into lines and columns.
struct Places<'a> {
    text: &'a str,
    starts: Vec<usize>,
    fixed: Option<Origin>,
    path: Arc<Path>,
    layer: Layer,
}

impl<'a> Places<'a> {
    fn new(text: &'a str, path: Arc<Path>, layer: Layer) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts, fixed: None, path, layer }
    }

    fn origin(&self, offset: usize) -> Origin {
        if let Some(fixed) = &self.fixed {
            return fixed.clone();
        }
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        Origin {
            layer: self.layer,
            place: OriginPlace::File {
                path: Arc::clone(&self.path),
                line: line as u32,
                column: column as u32,
            },
        }
    }
}

/// The parser's map is sorted by name; the order of the keys in the text is that of their spans.
fn table(entries: DeTable<'_>, places: &Places<'_>) -> Result<Table, ConfigError> {
    let mut entries: Vec<_> = entries.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut out = Table::with_capacity(entries.len());
    for (key, value) in entries {
        let offset = key.span().start;
        let node = Node::new(value_of(value, offset, places)?, places.origin(offset));
        out.insert(key.into_inner().into_owned(), node);
    }
    Ok(out)
}

fn value_of(value: Spanned<DeValue<'_>>, offset: usize, places: &Places<'_>) -> Result<Value, ConfigError> {
    let written = places.text.get(value.span()).unwrap_or_default();
    Ok(match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(digits) => {
            let number = i64::from_str_radix(digits.as_str(), digits.radix());
            let number = number.map_err(|_| ConfigError::Syntax {
                place: places.origin(offset),
                message: format!("the number {digits} has more than 64 bits"),
            })?;
            as_written(Value::Int(number), &number.to_string(), written)
        }
        DeValue::Float(digits) => {
            let number: f64 = digits.as_str().parse().map_err(|_| ConfigError::Syntax {
                place: places.origin(offset),
                message: format!("{digits} is not a number"),
            })?;
            as_written(Value::Float(number), &crate::de::printed(number), written)
        }
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Datetime(moment) => {
            let text = moment.to_string();
            as_written(Value::Text(text.clone()), &text, written)
        }
        DeValue::Array(items) => {
            let node = |item: Spanned<DeValue<'_>>| {
                let at = item.span().start;
                Ok(Node::new(value_of(item, at, places)?, places.origin(at)))
            };
            Value::List(items.into_iter().map(node).collect::<Result<_, ConfigError>>()?)
        }
        DeValue::Table(entries) => Value::Table(table(entries, places)?),
    })
}

/// A value with the text that is in the file, where it is printed as another one.
fn as_written(value: Value, printed: &str, written: &str) -> Value {
    if written.is_empty() || written == printed {
        value
    } else {
        Value::Written(Box::new(value), written.to_owned())
    }
}
