//! Bodies of answers in other encodings than UTF-8, made UTF-8.

use std::borrow::Cow;
use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes that are decoded at a time.
const PIECE: usize = 64 << 10;

/// The encoding of a body: what its byte order mark says, else its content type, else UTF-8.
///
/// # Errors
/// The reason, if the content type names an unknown encoding.
pub(crate) fn encoding_of(content_type: Option<&str>, start: &[u8]) -> Result<&'static Encoding, String> {
    if let Some((encoding, _)) = Encoding::for_bom(start) {
        return Ok(encoding);
    }
    let Some(label) = content_type.and_then(charset) else { return Ok(UTF_8) };
    match label.to_ascii_lowercase().as_str() {
        // ASCII is a part of UTF-8; browsers take it for a code page of Windows.
        "ascii" | "us-ascii" => Ok(UTF_8),
        // Without a mark the zeros of the first character, which is a bracket, show the order.
        "utf-16" | "utf16" if start.first() == Some(&0) => Ok(UTF_16BE),
        "utf-16" | "utf16" => Ok(UTF_16LE),
        label => Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            format!("the answer says that its charset is `{label}`, which is not known; ask for UTF-8, as with a header \
                     `Accept-Charset`")
        }),
    }
}

/// The `charset` of a content type.
fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then_some(value)
    })
}

/// A whole body as UTF-8.
///
/// # Errors
/// The reason, if the encoding is not known or the body is not in it.
pub(crate) fn decoded<'a>(body: &'a [u8], content_type: Option<&str>) -> Result<Cow<'a, [u8]>, String> {
    let encoding = encoding_of(content_type, body)?;
    if encoding == UTF_8 {
        return match std::str::from_utf8(body) {
            Ok(_) => Ok(Cow::Borrowed(body)),
            Err(error) => Err(malformed(encoding, Some(error.valid_up_to() + 1))),
        };
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(without_mark(encoding, body));
    let text = text.ok_or_else(|| malformed(encoding, None))?;
    Ok(Cow::Owned(text.into_owned().into_bytes()))
}

fn without_mark<'a>(encoding: &'static Encoding, body: &'a [u8]) -> &'a [u8] {
    match Encoding::for_bom(body) {
        Some((of_mark, length)) if of_mark == encoding => &body[length..],
        _ => body,
    }
}

fn malformed(encoding: &'static Encoding, byte: Option<usize>) -> String {
    let place = byte.map(|byte| format!(" from byte {byte} on")).unwrap_or_default();
    format!(
        "the answer is not {}{place}, as its content type or byte order mark has it (UTF-8 where there is none)",
        encoding.name()
    )
}

/// A body as UTF-8 while it comes.
pub(crate) struct DecodingReader<R> {
    input: R,
    encoding: &'static Encoding,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_at: usize,
    text: Vec<u8>,
    text_at: usize,
    at_end: bool,
    is_done: bool,
}

impl<R: Read> DecodingReader<R> {
    pub(crate) fn new(input: R, encoding: &'static Encoding) -> Self {
        Self {
            input,
            encoding,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: Vec::new(),
            raw_at: 0,
            text: Vec::new(),
            text_at: 0,
            at_end: false,
            is_done: false,
        }
    }

    /// Decodes some more.
    fn fill(&mut self) -> io::Result<()> {
        if self.raw_at == self.raw.len() && !self.at_end {
            self.raw.resize(PIECE, 0);
            let read = self.input.read(&mut self.raw)?;
            self.raw.truncate(read);
            self.raw_at = 0;
            self.at_end = read == 0;
        }
        self.text.resize(3 * PIECE + 16, 0);
        self.text_at = 0;
        let raw = &self.raw[self.raw_at..];
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(raw, &mut self.text, self.at_end);
        self.text.truncate(written);
        self.raw_at += read;
        match result {
            DecoderResult::Malformed(..) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, malformed(self.encoding, None)));
            }
            DecoderResult::InputEmpty => self.is_done = self.at_end,
            DecoderResult::OutputFull => {}
        }
        Ok(())
    }
}

impl<R: Read> Read for DecodingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.encoding == UTF_8 {
            return self.input.read(buffer);
        }
        while self.text_at == self.text.len() {
            if self.is_done {
                return Ok(0);
            }
            self.fill()?;
        }
        let count = buffer.len().min(self.text.len() - self.text_at);
        buffer[..count].copy_from_slice(&self.text[self.text_at..self.text_at + count]);
        self.text_at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[{\"name\": \"Zo\u{eb} \u{20ac}\"}]";

    /// One byte at a time, so that characters come in pieces.
    struct Slowly<'a>(&'a [u8]);
    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(1);
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn read(body: &[u8], content_type: &str) -> Result<String, String> {
        let whole =
            decoded(body, Some(content_type)).map(|text| String::from_utf8(text.into_owned()).unwrap());
        let mut streamed = String::new();
        let encoding = encoding_of(Some(content_type), body)?;
        match DecodingReader::new(Slowly(body), encoding).read_to_string(&mut streamed) {
            Ok(_) => {
                assert_eq!(whole.as_deref().map(|text| text.trim_start_matches('\u{feff}')), Ok(&*streamed));
            }
            Err(_) => assert!(whole.is_err()),
        }
        whole
    }

    #[test]
    fn the_charset_of_the_content_type_is_obeyed() {
        let utf_16 = |big: bool| -> Vec<u8> {
            let order = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            TEXT.encode_utf16().flat_map(order).collect()
        };
        let latin = [b"[{\"name\": \"Zo\xeb \x80\"}]".as_slice()].concat();
        for (body, content_type) in [
            (TEXT.as_bytes().to_vec(), "application/json"),
            (TEXT.as_bytes().to_vec(), "application/json; charset=us-ascii"),
            (latin.clone(), "application/json; charset=ISO-8859-1"),
            (latin, "application/json;version=1; Charset=\"windows-1252\""),
            (utf_16(false), "application/json; charset=utf-16"),
            (utf_16(true), "application/json; charset=utf-16"),
            (utf_16(true), "application/json; charset=utf-16be"),
            ([b"\xff\xfe".to_vec(), utf_16(false)].concat(), "application/json"),
            ([b"\xfe\xff".to_vec(), utf_16(true)].concat(), "application/json; charset=latin1"),
        ] {
            assert_eq!(read(&body, content_type).as_deref(), Ok(TEXT), "{content_type}");
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_named() {
        assert!(read(b"[]", "application/json; charset=x-nobody").unwrap_err().contains("`x-nobody`"));
        assert!(read(b"[\"\xff\"]", "application/json").unwrap_err().contains("UTF-8 from byte 3 on"));
        assert!(
            read(b"[\"\x81\x30\"]", "application/json; charset=shift_jis").unwrap_err().contains("Shift_JIS")
        );
    }
}
