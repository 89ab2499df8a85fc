//! Finding a field in the JSON text of a row without parsing the row.
//!
//! Values on the way are stepped over: texts with a search for the next quote, nested values by counting
//! brackets. Only what must be looked at is checked; whether a row is JSON is for normalize to say.

use memchr::memchr2;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    /// Negative ones count from the end.
    Index(i64),
    /// Elements of a list, values of an object.
    Each,
    /// The rest of the path at this value, else at any value below it.
    Anywhere,
}

/// The text is not JSON as far as it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The text of the value that the steps lead to first.
pub(crate) fn find<'a>(text: &'a [u8], steps: &[Step]) -> Result<Option<&'a [u8]>, Malformed> {
    let text = text.trim_ascii();
    let Some((step, rest)) = steps.split_first() else { return Ok(Some(text)) };
    match (step, text.first()) {
        (_, None) => Err(Malformed),
        (Step::Key(name), Some(b'{')) => match field(text, name)? {
            Some(value) => find(value, rest),
            None => Ok(None),
        },
        (Step::Each, Some(b'[' | b'{')) => first_of(children(text)?, rest),
        (Step::Index(index), Some(b'[')) => {
            let elements = children(text)?;
            let from_end =
                |back: u64| usize::try_from(back).ok().and_then(|back| elements.len().checked_sub(back));
            let at = if *index < 0 { from_end(index.unsigned_abs()) } else { usize::try_from(*index).ok() };
            match at.and_then(|at| elements.get(at)) {
                Some(element) => find(element, rest),
                None => Ok(None),
            }
        }
        (Step::Anywhere, Some(first)) => {
            if let Some(found) = find(text, rest)? {
                return Ok(Some(found));
            }
            if matches!(first, b'[' | b'{') { first_of(children(text)?, steps) } else { Ok(None) }
        }
        _ => Ok(None),
    }
}

fn first_of<'a>(values: Vec<&'a [u8]>, steps: &[Step]) -> Result<Option<&'a [u8]>, Malformed> {
    for value in values {
        if let Some(found) = find(value, steps)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The text of the value of a field of an object, which begins with its bracket; that of the last field where the name
/// repeats.
///
/// # Errors
/// [`Malformed`] if the text is not JSON as far as it was looked at.
pub fn field<'a>(object: &'a [u8], name: &str) -> Result<Option<&'a [u8]>, Malformed> {
    let mut found = None;
    members(object, |key, value| {
        if key.is_some_and(|key| is_name(key, name)) {
            found = Some(value);
        }
    })?;
    Ok(found)
}

/// The values of an object or the elements of a list.
fn children(container: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let mut values = Vec::new();
    members(container, |_, value| values.push(value))?;
    Ok(values)
}

/// Whether the text between the quotes of a key stands for `name`.
fn is_name(key: &[u8], name: &str) -> bool {
    if key == name.as_bytes() {
        return true;
    }
    if !key.contains(&b'\\') {
        return false;
    }
    let quoted = [b"\"", key, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).is_ok_and(|key| key == name)
}

/// Goes through a container from its opening bracket to its end, after which nothing may follow. Keys come
/// without their quotes.
fn members<'a>(text: &'a [u8], mut visit: impl FnMut(Option<&'a [u8]>, &'a [u8])) -> Result<(), Malformed> {
    let is_object = text.first() == Some(&b'{');
    let closing = if is_object { b'}' } else { b']' };
    let mut at = skip_space(text, 1);
    if text.get(at) == Some(&closing) {
        return end(text, at + 1);
    }
    loop {
        let mut key = None;
        if is_object {
            if text.get(at) != Some(&b'"') {
                return Err(Malformed);
            }
            let behind = skip_text(text, at)?;
            key = Some(&text[at + 1..behind - 1]);
            at = skip_space(text, behind);
            if text.get(at) != Some(&b':') {
                return Err(Malformed);
            }
            at = skip_space(text, at + 1);
        }
        let behind = skip_value(text, at)?;
        visit(key, &text[at..behind]);
        at = skip_space(text, behind);
        match text.get(at) {
            Some(b',') => at = skip_space(text, at + 1),
            Some(byte) if *byte == closing => return end(text, at + 1),
            _ => return Err(Malformed),
        }
    }
}

fn end(text: &[u8], at: usize) -> Result<(), Malformed> {
    if skip_space(text, at) == text.len() { Ok(()) } else { Err(Malformed) }
}

fn skip_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

fn skip_value(text: &[u8], at: usize) -> Result<usize, Malformed> {
    match text.get(at) {
        Some(b'"') => skip_text(text, at),
        Some(b'{' | b'[') => skip_nested(text, at),
        Some(first) if first.is_ascii_alphanumeric() || *first == b'-' => {
            let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
            Ok(text[at..].iter().position(is_end).map_or(text.len(), |length| at + length))
        }
        _ => Err(Malformed),
    }
}

/// The position after the closing quote of a text whose opening one is at `at`.
fn skip_text(text: &[u8], mut at: usize) -> Result<usize, Malformed> {
    at += 1;
    loop {
        let next = at + memchr2(b'"', b'\\', text.get(at..).ok_or(Malformed)?).ok_or(Malformed)?;
        if text[next] == b'"' {
            return Ok(next + 1);
        }
        at = next + 2;
    }
}

fn skip_nested(text: &[u8], mut at: usize) -> Result<usize, Malformed> {
    let mut depth = 0_usize;
    loop {
        match text.get(at).ok_or(Malformed)? {
            b'"' => {
                at = skip_text(text, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}
