//! Character classes as Python has them, which decide names and conversions in dlt.

/// White space for Python's `str.strip` and `str.isspace`: Unicode's, and the four ASCII separators.
#[inline]
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Trims white space as Python's `str.strip` does.
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// True for an empty text and for one of white space only, as Python sees white space.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

/// The zeros of all decimal digits that are not ASCII. The nine digits of a script follow its zero.
const ZEROS: [u32; 65] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0,
    0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50,
    0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140,
    0x1e2f0, 0x1e950, 0x1fbf0,
];

/// The value of a decimal digit of any script.
#[inline]
pub(crate) fn digit_value(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.is_ascii_digit().then(|| c as u8 - b'0');
    }
    let code = c as u32;
    let zero = ZEROS[..ZEROS.partition_point(|zero| *zero <= code)].last()?;
    u8::try_from(code - zero).ok().filter(|value| *value < 10)
}

/// Whether the character is a decimal digit of any script.
#[inline]
pub fn is_digit(c: char) -> bool {
    digit_value(c).is_some()
}

/// Replaces digits of other scripts by ASCII digits and white space by spaces, as Python does before it
/// reads a number. `None` if a character is left that no number can hold.
pub(crate) fn ascii_number(text: &str) -> Option<String> {
    text.chars()
        .map(|c| match digit_value(c) {
            Some(value) => Some(char::from(b'0' + value)),
            None if is_space(c) => Some(' '),
            None => c.is_ascii().then_some(c),
        })
        .collect()
}
