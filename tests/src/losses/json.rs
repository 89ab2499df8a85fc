//! JSON with all digits of its numbers, which libraries round.

use super::given::Given;

/// Writes a value as JSON.
pub(super) fn write(out: &mut String, value: &Given) {
    match value {
        Given::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Given::Digits(text) | Given::Huge(text) => out.push_str(text),
        Given::Double(value) if value.is_finite() => out.push_str(&format!("{value:?}")),
        Given::Text(text) | Given::Field(text) => write_text(out, text),
        Given::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Given::Object(fields) => write_object(out, fields),
        _ => out.push_str("null"),
    }
}

/// Writes an object as JSON.
pub(super) fn write_object(out: &mut String, fields: &[(String, Given)]) {
    out.push('{');
    for (at, (key, value)) in fields.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_text(out, key);
        out.push(':');
        write(out, value);
    }
    out.push('}');
}

fn write_text(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// Reads a document; numbers keep their text. `None` if it is not JSON.
pub(super) fn read(text: &str) -> Option<Given> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value()?;
    reader.blanks();
    (reader.at == text.len()).then_some(value)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\n', '\r', '\t']).len();
    }

    fn take(&mut self, word: &str) -> Option<()> {
        self.blanks();
        self.rest().starts_with(word).then(|| self.at += word.len())
    }

    fn value(&mut self) -> Option<Given> {
        self.blanks();
        match self.rest().bytes().next()? {
            b'{' => self.object(),
            b'[' => self.list(),
            b'"' => self.string().map(Given::Text),
            b'n' => self.take("null").map(|()| Given::Null),
            b't' => self.take("true").map(|()| Given::Bool(true)),
            b'f' => self.take("false").map(|()| Given::Bool(false)),
            _ => {
                let rest = self.rest();
                let end = rest.find([',', '}', ']', ' ', '\n', '\r', '\t']).unwrap_or(rest.len());
                self.at += end;
                super::number::Number::parse(&rest[..end])?;
                Some(Given::Digits(rest[..end].to_owned()))
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        self.blanks();
        let bytes = self.rest().as_bytes();
        let mut end = 1;
        while *bytes.get(end)? != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let text = serde_json::from_str(&self.rest()[..=end]).ok()?;
        self.at += end + 1;
        Some(text)
    }

    fn list(&mut self) -> Option<Given> {
        self.take("[")?;
        let mut items = Vec::new();
        if self.take("]").is_some() {
            return Some(Given::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.take(",").is_none() {
                return self.take("]").map(|()| Given::List(items));
            }
        }
    }

    fn object(&mut self) -> Option<Given> {
        self.take("{")?;
        let mut fields = Vec::new();
        if self.take("}").is_some() {
            return Some(Given::Object(fields));
        }
        loop {
            let key = self.string()?;
            self.take(":")?;
            fields.push((key, self.value()?));
            if self.take(",").is_none() {
                return self.take("}").map(|()| Given::Object(fields));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_with_all_digits() {
        let text = r#"{"a":[1,123456789012345678901234567890.5,"x\"\\ü",null,true],"b":{},"c":[]}"#;
        let mut written = String::new();
        write(&mut written, &read(text).unwrap());
        assert_eq!(written, text);
        assert_eq!(read("[1,]"), None);
        assert_eq!(read("[1] x"), None);
    }
}
