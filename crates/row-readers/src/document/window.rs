//! A moving window over the bytes of a document, with line and column of the next byte.

use std::io::Read;
use std::sync::Arc;

use cartage_source_api::{InputPosition, SourceError};

use crate::lines::strip_byte_order_mark;

const WINDOW_BYTES: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Window<R> {
    input: R,
    source: Arc<str>,
    buffer: Vec<u8>,
    position: usize,
    line: u64,
    /// Bytes of the current line that are out of the window, and where the line begins in it.
    column_before: u64,
    line_start: usize,
    started: bool,
    /// Whether a value was skipped because it is too long.
    is_too_long: bool,
}

/// What to do with the bytes of a value.
pub(super) enum Take<'a> {
    Skip,
    /// Appends them as one line, at most this many.
    Copy(&'a mut Vec<u8>, usize),
}

impl<R: Read> Window<R> {
    pub(super) fn new(input: R, source: Arc<str>) -> Self {
        Self {
            input,
            source,
            buffer: Vec::new(),
            position: 0,
            line: 1,
            column_before: 0,
            line_start: 0,
            started: false,
            is_too_long: false,
        }
    }

    pub(super) fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// The next byte without taking it; `None` at the end.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, SourceError> {
        if self.position == self.buffer.len() {
            self.refill()?;
        }
        Ok(self.buffer.get(self.position).copied())
    }

    /// Skips white space; the byte after it is not taken.
    pub(super) fn peek_token(&mut self) -> Result<Option<u8>, SourceError> {
        while let Some(byte) = self.peek()? {
            match byte {
                b'\n' => self.take_line_end(),
                b' ' | b'\t' | b'\r' => self.position += 1,
                _ => return Ok(Some(byte)),
            }
        }
        Ok(None)
    }

    /// Takes the byte that was peeked.
    pub(super) fn bump(&mut self) {
        self.position += 1;
    }

    /// Skips white space and takes `wanted`.
    pub(super) fn expect(&mut self, wanted: u8, reason: &str) -> Result<(), SourceError> {
        match self.peek_token()? {
            Some(byte) if byte == wanted => {
                self.bump();
                Ok(())
            }
            _ => Err(self.malformed(reason)),
        }
    }

    /// Takes one text, whose opening quote was peeked, with its quotes.
    pub(super) fn take_text(&mut self, mut take: Take<'_>) -> Result<(), SourceError> {
        self.pass(&mut take, 1)?;
        loop {
            if self.peek()?.is_none() {
                return Err(self.malformed("the document ends inside a text"));
            }
            let rest = &self.buffer[self.position..];
            let plain =
                rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\n')).unwrap_or(rest.len());
            self.pass(&mut take, plain)?;
            match self.peek()? {
                Some(b'"') => return self.pass(&mut take, 1),
                Some(b'\\') => {
                    self.pass(&mut take, 1)?;
                    match self.peek()? {
                        Some(byte) if byte != b'\n' => self.pass(&mut take, 1)?,
                        _ => return Err(self.malformed("a text ends with a backslash")),
                    }
                }
                Some(b'\n') => {
                    return Err(self.malformed("a line break inside a text; is a quote missing before it?"));
                }
                _ => {}
            }
        }
    }

    /// Takes one value of any kind, whose first byte was peeked. Brackets must match; whether the rest
    /// is JSON shows when the row is parsed.
    pub(super) fn take_value(&mut self, mut take: Take<'_>) -> Result<(), SourceError> {
        match self.peek()? {
            Some(b'"') => self.take_text(take),
            Some(b'{' | b'[') => self.take_nested(take),
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'-' => {
                while let Some(byte) = self.peek()? {
                    if byte.is_ascii_whitespace() || matches!(byte, b',' | b':' | b']' | b'}') {
                        break;
                    }
                    self.pass(&mut take, 1)?;
                }
                Ok(())
            }
            _ => Err(self.malformed("expected a JSON value")),
        }
    }

    fn take_nested(&mut self, mut take: Take<'_>) -> Result<(), SourceError> {
        let mut open = Vec::new();
        loop {
            match self.peek()? {
                None => return Err(self.malformed("the document ends inside a value")),
                Some(b'"') => self.take_text(take.again())?,
                Some(byte @ (b'{' | b'[')) => {
                    // In ASCII the closing bracket stands two behind the opening one.
                    open.push(byte + 2);
                    self.pass(&mut take, 1)?;
                }
                Some(byte @ (b'}' | b']')) => {
                    if open.pop() != Some(byte) {
                        return Err(self.malformed("a closing bracket of the wrong kind"));
                    }
                    self.pass(&mut take, 1)?;
                    if open.is_empty() {
                        return Ok(());
                    }
                }
                Some(b'\n') => {
                    self.take_line_end();
                    if let Take::Copy(row, _) = &mut take {
                        row.push(b' ');
                    }
                }
                Some(_) => {
                    let rest = &self.buffer[self.position..];
                    let structural = |byte: &u8| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']' | b'\n');
                    let plain = rest.iter().position(structural).unwrap_or(rest.len());
                    self.pass(&mut take, plain)?;
                }
            }
        }
    }

    fn pass(&mut self, take: &mut Take<'_>, count: usize) -> Result<(), SourceError> {
        if let Take::Copy(row, limit) = take {
            if row.len() + count > *limit {
                self.is_too_long = true;
                return Err(self.malformed("a value is too long"));
            }
            row.extend_from_slice(&self.buffer[self.position..self.position + count]);
        }
        self.position += count;
        Ok(())
    }

    fn take_line_end(&mut self) {
        self.position += 1;
        self.line += 1;
        self.line_start = self.position;
        self.column_before = 0;
    }

    fn refill(&mut self) -> Result<(), SourceError> {
        self.column_before += (self.position - self.line_start) as u64;
        self.line_start = 0;
        self.position = 0;
        self.buffer.clear();
        (&mut self.input)
            .take(WINDOW_BYTES as u64)
            .read_to_end(&mut self.buffer)
            .map_err(|source| SourceError::Read { input: self.source.to_string(), source })?;
        if !std::mem::replace(&mut self.started, true) {
            strip_byte_order_mark(&mut self.buffer, &self.source)?;
        }
        Ok(())
    }

    pub(super) fn place(&self) -> InputPosition {
        let column = self.column_before + (self.position - self.line_start) as u64 + 1;
        InputPosition { source: Arc::clone(&self.source), line: self.line, column: Some(column) }
    }

    pub(super) fn malformed(&self, reason: &str) -> SourceError {
        SourceError::Malformed { place: self.place(), reason: reason.to_owned() }
    }

    /// Whether the last value was skipped because it is too long.
    pub(super) fn is_too_long(&self) -> bool {
        self.is_too_long
    }
}

impl Take<'_> {
    fn again(&mut self) -> Take<'_> {
        match self {
            Take::Skip => Take::Skip,
            Take::Copy(row, limit) => Take::Copy(row, *limit),
        }
    }
}
