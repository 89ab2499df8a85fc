//! What a plain YAML word means, by the rules of YAML 1.1, which dlt's library has: `no` and `off` are booleans
//! there, and a hand-edited schema must mean the same to both programs.

use serde_json::Value;

/// The value of a plain scalar. Dates stay texts: no key of a schema holds a date.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Value::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    integer(text).or_else(|| float(text)).unwrap_or_else(|| Value::String(text.to_owned()))
}

fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = sign(text);
    let digits = digits.replace('_', "");
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let parsed = if let Some(digits) = digits.strip_prefix("0x") {
        i64::from_str_radix(digits, 16)
    } else if let Some(digits) = digits.strip_prefix("0b") {
        i64::from_str_radix(digits, 2)
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(&digits, 8)
    } else {
        digits.parse()
    };
    parsed.ok().map(|number| if negative { -number } else { number }.into())
}

fn float(text: &str) -> Option<Value> {
    let (negative, digits) = sign(text);
    let digits = digits.replace('_', "");
    // A float has a point, and an exponent has a sign, or it is a text: `1e5` is one.
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((&digits, "+0"));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.')?;
    let has_digits = !(whole.is_empty() && fraction.is_empty());
    let exponent_digits = exponent.strip_prefix(['+', '-'])?;
    if !has_digits || !is_number(whole) || !is_number(fraction) || exponent_digits.is_empty() {
        return None;
    }
    let number: f64 = format!("0{whole}.{fraction}0e{exponent}").parse().ok()?;
    serde_json::Number::from_f64(if negative { -number } else { number }).map(Value::Number)
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Whether a text can be written without quotes and is read back as that text.
pub(super) fn is_plain(text: &str) -> bool {
    let mut characters = text.chars();
    let begins = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let fits = |c: char| c.is_alphanumeric() || "_-./ ()+=".contains(c);
    // `y` and `n` are booleans to some readers; `=` alone has a meaning.
    let is_word = matches!(text, "y" | "Y" | "n" | "N");
    begins && characters.all(fits) && !text.ends_with(' ') && !is_word && resolve(text).is_string()
}
