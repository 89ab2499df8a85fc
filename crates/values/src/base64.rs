//! Base64 as Python's two decoders take it.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Digits without padding. Bits after the last byte do not matter to Python.
const DIGITS: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The strict decoder: no other characters, and as much padding as is needed. Where none is needed, any number
/// of `=` is fine.
pub(crate) fn decode_strict(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let is_padded = match digits.len() % 4 {
        0 => !digits.is_empty() || padding == 0,
        2 => padding == 2,
        3 => padding == 1,
        _ => false,
    };
    is_padded.then(|| DIGITS.decode(digits).ok())?
}

/// The lenient decoder: characters that do not belong there are skipped, and nothing is read after the
/// padding.
pub(crate) fn decode_lenient(text: &str) -> Option<Vec<u8>> {
    let mut digits = String::with_capacity(text.len());
    let mut padding = 0;
    for c in text.chars() {
        if c == '=' && digits.len() % 4 >= 2 {
            padding += 1;
            if digits.len() % 4 + padding >= 4 {
                return DIGITS.decode(digits).ok();
            }
        } else if c.is_ascii_alphanumeric() || matches!(c, '+' | '/') {
            digits.push(c);
            padding = 0;
        }
    }
    digits.len().is_multiple_of(4).then(|| DIGITS.decode(digits).ok())?
}
