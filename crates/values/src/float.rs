//! Shortest text of floating point numbers in the two styles that dlt knows.

use std::io::Write as _;

/// Where the styles of Python and of its JSON library part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Python's `repr`: `1e-05`, `1e+16`.
    Python,
    /// orjson: `0.00001`, `1e-6`, `1e+16`.
    Json,
}

/// The shortest decimal digits that read back as the same number: `d.ddd * 10^exponent`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits {
    negative: bool,
    ascii: [u8; 17],
    len: usize,
    exponent: i32,
}

impl Digits {
    /// The digits of a finite number.
    pub(crate) fn of(float: f64) -> Self {
        // Where two shortest texts are equally near, Python takes the even digit, as `serde_json` does and the
        // standard library does not.
        let mut text = [0_u8; 40];
        let mut rest = &mut text[..];
        serde_json::to_writer(&mut rest, &float).expect("17 digits and an exponent fit");
        let unused = rest.len();
        let text = &text[..text.len() - unused];
        let (mantissa, exponent) = split_exponent(text);
        let mut all = Self { negative: float.is_sign_negative(), ascii: [b'0'; 17], len: 0, exponent: -1 };
        let point = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(mantissa.len());
        for (at, digit) in mantissa.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
            // Zeros in front move the point; they are not digits of the number.
            if all.len == 0 && *digit == b'0' {
                all.exponent -= i32::from(at > point);
                continue;
            }
            all.exponent += i32::from(at < point);
            if all.len < all.ascii.len() {
                all.ascii[all.len] = *digit;
                all.len += 1;
            }
        }
        if all.len == 0 {
            return Self { len: 1, exponent: 0, ..all };
        }
        all.exponent += exponent;
        while all.len > 1 && all.ascii[all.len - 1] == b'0' {
            all.len -= 1;
        }
        all
    }

    /// Appends the number. Numbers without fraction end in `.0` unless they have an exponent.
    pub(crate) fn write(&self, out: &mut Vec<u8>, style: Style) {
        if self.negative {
            out.push(b'-');
        }
        let digits = &self.ascii[..self.len];
        if !self.is_plain(style) {
            out.push(digits[0]);
            if digits.len() > 1 {
                out.push(b'.');
                out.extend_from_slice(&digits[1..]);
            }
            let sign = if self.exponent < 0 { '-' } else { '+' };
            let width = if style == Style::Python { 2 } else { 1 };
            write!(out, "e{sign}{:0width$}", self.exponent.unsigned_abs())
                .expect("writing to memory cannot fail");
            return;
        }
        let zeros = |out: &mut Vec<u8>, count: usize| out.extend(std::iter::repeat_n(b'0', count));
        match usize::try_from(self.exponent) {
            Err(_) => {
                out.extend_from_slice(b"0.");
                zeros(out, self.exponent.unsigned_abs() as usize - 1);
                out.extend_from_slice(digits);
            }
            Ok(exponent) if exponent + 1 >= digits.len() => {
                out.extend_from_slice(digits);
                zeros(out, exponent + 1 - digits.len());
                out.extend_from_slice(b".0");
            }
            Ok(exponent) => {
                out.extend_from_slice(&digits[..=exponent]);
                out.push(b'.');
                out.extend_from_slice(&digits[exponent + 1..]);
            }
        }
    }

    fn is_plain(&self, style: Style) -> bool {
        let smallest = if style == Style::Python { -4 } else { -5 };
        (smallest..16).contains(&self.exponent)
    }
}

fn split_exponent(text: &[u8]) -> (&[u8], i32) {
    let Some(at) = text.iter().position(|byte| *byte == b'e') else { return (text, 0) };
    let exponent = std::str::from_utf8(&text[at + 1..]).ok().and_then(|exponent| exponent.parse().ok());
    (&text[..at], exponent.unwrap_or(0))
}

/// Appends a float as Python's `str` does: `1.0`, `1e-05`, `1e+16`, `nan`, `inf`.
pub fn write_python_float(out: &mut Vec<u8>, float: f64) {
    if float.is_nan() {
        out.extend_from_slice(b"nan");
    } else if float.is_infinite() {
        out.extend_from_slice(if float < 0.0 { b"-inf" } else { b"inf" });
    } else {
        Digits::of(float).write(out, Style::Python);
    }
}
