//! The binary form of `numeric`: groups of four decimal digits.

use bytes::{BufMut, BytesMut};

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NOT_A_NUMBER: u16 = 0xC000;

/// Appends `value / 10^scale` as a cell, its length first.
pub(super) fn put_i128(out: &mut BytesMut, value: i128, scale: u32) {
    let sign = if value < 0 { NEGATIVE } else { POSITIVE };
    // Groups are counted from the decimal point, so the fraction is filled up to whole groups.
    let fill = (4 - scale % 4) % 4;
    let magnitude = value.unsigned_abs();
    let low = 10_u128.pow(4 - fill);
    // Least significant first; 38 digits and three of filling are eleven groups.
    let mut groups = [0_u16; 12];
    let mut count = 0;
    let first = (magnitude % low) as u16 * 10_u16.pow(fill);
    let mut rest = magnitude / low;
    groups[count] = first;
    count += 1;
    while rest > u128::from(u64::MAX) {
        groups[count] = (rest % 10_000) as u16;
        rest /= 10_000;
        count += 1;
    }
    let mut rest = rest as u64;
    while rest > 0 {
        groups[count] = (rest % 10_000) as u16;
        rest /= 10_000;
        count += 1;
    }
    let fraction_groups = scale.div_ceil(4) as usize;
    put(out, sign, &groups[..count], fraction_groups, scale);
}

/// Writes groups that are given least significant first, the last `fraction_groups` of them after the point.
fn put(out: &mut BytesMut, sign: u16, groups: &[u16], fraction_groups: usize, scale: u32) {
    let end = groups.iter().rposition(|group| *group != 0).map_or(0, |last| last + 1);
    let begin = groups.iter().position(|group| *group != 0).unwrap_or(0).min(end);
    let digits = &groups[begin..end];
    let weight = if digits.is_empty() { 0 } else { end as i16 - 1 - fraction_groups as i16 };
    let sign = if digits.is_empty() && sign == NEGATIVE { POSITIVE } else { sign };
    out.put_i32(8 + 2 * digits.len() as i32);
    out.put_i16(digits.len() as i16);
    out.put_i16(weight);
    out.put_u16(sign);
    out.put_u16(scale as u16);
    for group in digits.iter().rev() {
        out.put_u16(*group);
    }
}

/// Appends a decimal text such as `-12.50`; `false`, and nothing appended, if it is none.
pub(super) fn put_text(out: &mut BytesMut, text: &str) -> bool {
    if text.eq_ignore_ascii_case("nan") {
        put(out, NOT_A_NUMBER, &[], 0, 0);
        return true;
    }
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (NEGATIVE, rest),
        None => (POSITIVE, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        None => (text, 0),
        Some(at) => match text[at + 1..].parse::<i32>() {
            Ok(exponent) if exponent.abs() < 10_000 => (&text[..at], exponent),
            _ => return false,
        },
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    // Digits after the point; an exponent moves the point.
    let mut scale = fraction.len() as i32 - exponent;
    if scale < 0 {
        digits.resize(digits.len() + scale.unsigned_abs() as usize, b'0');
        scale = 0;
    }
    let scale = scale as usize;
    if scale > 16_383 || digits.len() > 131_072 {
        return false;
    }
    digits.resize(digits.len() + (4 - scale % 4) % 4, b'0');
    let groups: Vec<u16> = digits
        .rchunks(4)
        .map(|group| group.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')))
        .collect();
    put(out, sign, &groups, scale.div_ceil(4), scale as u32);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Length, number of groups, weight, sign, scale, groups.
    fn words(bytes: &BytesMut) -> Vec<i32> {
        let mut words = vec![i32::from_be_bytes(bytes[..4].try_into().unwrap())];
        words.extend(bytes[4..].chunks(2).map(|pair| i32::from(i16::from_be_bytes([pair[0], pair[1]]))));
        words
    }

    fn of(value: i128, scale: u32) -> Vec<i32> {
        let mut out = BytesMut::new();
        put_i128(&mut out, value, scale);
        words(&out)
    }

    fn of_text(text: &str) -> Vec<i32> {
        let mut out = BytesMut::new();
        assert!(put_text(&mut out, text), "{text}");
        words(&out)
    }

    #[test]
    fn groups_stand_on_both_sides_of_the_point() {
        assert_eq!(of(0, 0), [8, 0, 0, 0, 0]);
        assert_eq!(of(1, 0), [10, 1, 0, 0, 0, 1]);
        assert_eq!(of(123_456_789, 0), [14, 3, 2, 0, 0, 1, 2345, 6789]);
        assert_eq!(of(-12_345, 2), [12, 2, 0, 0x4000, 2, 123, 4500]);
        assert_eq!(of(5, 9), [10, 1, -3, 0, 9, 5000]);
        assert_eq!(of(1_000_000_000, 9), [10, 1, 0, 0, 9, 1]);
        assert_eq!(of(10_000, 0), [10, 1, 1, 0, 0, 1]);
    }

    #[test]
    fn texts_and_numbers_agree_to_the_last_digit() {
        let most = 10_i128.pow(38) - 1;
        for (value, scale) in
            [(0, 3), (1, 1), (-7, 38), (12_345_678, 5), (most, 0), (-most, 38), (most, 9), (100, 2)]
        {
            let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale as usize + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
            let sign = if value < 0 { "-" } else { "" };
            assert_eq!(of(value, scale), of_text(&format!("{sign}{whole}.{fraction}")), "{value} {scale}");
        }
    }

    #[test]
    fn exponents_are_understood_and_other_texts_are_refused() {
        assert_eq!(of_text("1.5e3"), of_text("1500"));
        assert_eq!(of_text("15e-1"), of_text("1.5"));
        assert_eq!(of_text("NaN"), [8, 0, 0, -16_384, 0]);
        for text in ["", "-", "1.2.3", "inf", "0x1", "1e", "one", "1e99999"] {
            let mut out = BytesMut::new();
            assert!(!put_text(&mut out, text), "{text}");
            assert!(out.is_empty());
        }
    }
}
