//! The text of a CSV file in portions, as UTF-8, with the number of the line.

use std::io::Read;
use std::sync::Arc;

use cartage_source_api::{InputPosition, SourceError};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::settings::CsvEncoding;

/// How much text is held at once.
const WINDOW_BYTES: usize = 256 << 10;

/// The longest byte order mark that is looked for.
const MARK_BYTES: usize = 4;

/// Text that is read from the front.
pub(super) struct Text<R> {
    input: R,
    source: Arc<str>,
    /// Set where the bytes are not UTF-8.
    decoder: Option<Decoder>,
    /// Bytes that wait for the decoder, or, before anything was read, that were read to look for a mark.
    raw: Vec<u8>,
    window: Vec<u8>,
    position: usize,
    /// The line at the position, from 1.
    pub(super) line: u64,
    /// What went wrong behind the window.
    failed: Option<SourceError>,
    ended: bool,
}

impl<R: Read> Text<R> {
    /// Begins behind the byte order mark, which decides how the rest is written; without one the setting does.
    pub(super) fn open(
        mut input: R,
        source: Arc<str>,
        encoding: Option<CsvEncoding>,
    ) -> Result<Self, SourceError> {
        let failed = |error| SourceError::Read { input: source.to_string(), source: error };
        let mut raw = Vec::with_capacity(MARK_BYTES);
        (&mut input).take(MARK_BYTES as u64).read_to_end(&mut raw).map_err(failed)?;
        if raw.starts_with(b"\xff\xfe\0\0") || raw.starts_with(b"\0\0\xfe\xff") {
            let reason = "the text is UTF-32, which is not read; convert it, for instance with \
                          `iconv -f utf-32 -t utf-8`";
            return Err(SourceError::Unusable { input: source.to_string(), reason: reason.to_owned() });
        }
        let (encoding, mark) = match Encoding::for_bom(&raw) {
            Some(found) => found,
            None => (encoding.map_or(UTF_8, |encoding| encoding.0), 0),
        };
        raw.drain(..mark);
        let looks_wide = |bytes: &[u8]| {
            matches!(
                bytes.iter().map(|byte| *byte == 0).collect::<Vec<_>>()[..],
                [true, false, true, false] | [false, true, false, true]
            )
        };
        if encoding == UTF_8 && looks_wide(&raw) {
            let wide = if raw[0] == 0 { UTF_16BE } else { UTF_16LE };
            let reason = format!(
                "the text looks like UTF-16 without a byte order mark; set `csv.encoding = \"{}\"` \
                 (`--csv-encoding` of `ingest`)",
                wide.name().to_lowercase()
            );
            return Err(SourceError::Unusable { input: source.to_string(), reason });
        }
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        Ok(Self {
            input,
            source,
            decoder,
            raw,
            window: Vec::new(),
            position: 0,
            line: 1,
            failed: None,
            ended: false,
        })
    }

    /// What was read and not taken yet; empty at the end, or where [`Text::more`] has to be asked.
    #[inline]
    pub(super) fn rest(&self) -> &[u8] {
        &self.window[self.position..]
    }

    /// Takes bytes off the front. The line is for the caller to count.
    #[inline]
    pub(super) fn take(&mut self, bytes: usize) {
        self.position += bytes;
    }

    /// Whether there is nothing behind what was read.
    #[inline]
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Reads on behind the rest, until the window is full or the text ends.
    pub(super) fn more(&mut self) -> Result<(), SourceError> {
        self.window.drain(..self.position);
        self.position = 0;
        if self.window.is_empty()
            && let Some(error) = self.failed.take()
        {
            self.ended = true;
            return Err(error);
        }
        if self.ended || self.failed.is_some() || self.window.len() >= WINDOW_BYTES {
            return Ok(());
        }
        match self.decoder.take() {
            None => self.read(),
            Some(mut decoder) => {
                self.decode(&mut decoder);
                self.decoder = Some(decoder);
            }
        }
        self.ended = self.ended && self.failed.is_none();
        // Nothing came before what failed.
        if self.window.is_empty() && self.failed.is_some() { self.more() } else { Ok(()) }
    }

    fn read(&mut self) {
        self.window.append(&mut self.raw);
        let room = WINDOW_BYTES.saturating_sub(self.window.len()) as u64;
        match (&mut self.input).take(room).read_to_end(&mut self.window) {
            Ok(read) => self.ended = (read as u64) < room,
            Err(source) => self.fail(source),
        }
    }

    fn decode(&mut self, decoder: &mut Decoder) {
        let mut raw = std::mem::take(&mut self.raw);
        let wanted = WINDOW_BYTES.saturating_sub(raw.len()) as u64;
        let is_last = match (&mut self.input).take(wanted).read_to_end(&mut raw) {
            Ok(read) => (read as u64) < wanted,
            Err(source) => {
                self.fail(source);
                false
            }
        };
        let room = decoder.max_utf8_buffer_length_without_replacement(raw.len()).unwrap_or(4 * raw.len());
        let start = self.window.len();
        self.window.resize(start + room, 0);
        let (result, _, written) =
            decoder.decode_to_utf8_without_replacement(&raw, &mut self.window[start..], is_last);
        self.window.truncate(start + written);
        match result {
            DecoderResult::InputEmpty => self.ended = is_last,
            DecoderResult::OutputFull | DecoderResult::Malformed(..) => {
                let lines = memchr::memchr_iter(b'\n', self.rest()).count() as u64;
                let reason = format!(
                    "the text is not {}; set `csv.encoding` (`--csv-encoding` of `ingest`) to what the file is \
                     written in",
                    decoder.encoding().name()
                );
                self.failed = self.failed.take().or_else(|| Some(self.malformed(self.line + lines, reason)));
            }
        }
        debug_assert!(result != DecoderResult::OutputFull, "the room is that of the worst case");
        raw.clear();
        self.raw = raw;
    }

    fn fail(&mut self, source: std::io::Error) {
        self.failed = Some(SourceError::Read { input: self.source.to_string(), source });
    }

    /// The first line without its end, if all of it is within the window.
    pub(super) fn line(&mut self) -> Result<Option<&[u8]>, SourceError> {
        self.more()?;
        let rest = self.rest();
        Ok(match memchr::memchr2(b'\n', b'\r', rest) {
            Some(end) => Some(&rest[..end]),
            None if self.ended => Some(rest),
            None => None,
        })
    }

    /// Passes over a line with its end.
    pub(super) fn skip_line(&mut self) -> Result<(), SourceError> {
        loop {
            let rest = self.rest();
            if let Some(end) = memchr::memchr2(b'\n', b'\r', rest) {
                let is_return = rest[end] == b'\r';
                self.take(end + 1);
                self.line += 1;
                return if is_return { self.skip_feed() } else { Ok(()) };
            }
            let all = rest.len();
            self.take(all);
            if self.ended {
                return Ok(());
            }
            self.more()?;
        }
    }

    /// Passes over the line feed behind a carriage return.
    pub(super) fn skip_feed(&mut self) -> Result<(), SourceError> {
        if self.rest().is_empty() && !self.ended {
            self.more()?;
        }
        if self.rest().first() == Some(&b'\n') {
            self.take(1);
        }
        Ok(())
    }

    pub(super) fn malformed(&self, line: u64, reason: String) -> SourceError {
        let place = InputPosition { source: Arc::clone(&self.source), line, column: None };
        SourceError::Malformed { place, reason }
    }
}

impl Text<&'static [u8]> {
    /// Text that is at hand as a whole.
    pub(super) fn of_bytes(bytes: &[u8], source: Arc<str>) -> Self {
        Self {
            input: &[],
            source,
            decoder: None,
            raw: Vec::new(),
            window: bytes.to_vec(),
            position: 0,
            line: 1,
            failed: None,
            ended: true,
        }
    }
}
