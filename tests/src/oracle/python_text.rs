//! JSON text as Python writes it. Rows are ordered by this text, so it must be the same to the byte.

use serde_json::Value;

/// `json.dumps(value, ensure_ascii=False, separators=(",", ":"))`.
pub(crate) fn compact(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(compact).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| format!("{}:{}", quoted(key), compact(value));
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(","))
        }
        other => scalar(other),
    }
}

/// A value that is neither a list nor an object.
pub(crate) fn scalar(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => float(number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Python's `repr` of a finite float: the shortest digits, with an exponent outside 1e-4 to 1e16.
pub(crate) fn float(number: f64) -> String {
    let shortest = format!("{number:e}");
    let (digits, exponent) = shortest.split_once('e').expect("the format has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a number");
    if (-4..16).contains(&exponent) {
        let plain = format!("{number}");
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_look_as_in_python() {
        let cases = [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e-7, "1.5e-07"),
            (f64::MAX, "1.7976931348623157e+308"),
            (123_456.789, "123456.789"),
            (5e-324, "5e-324"),
        ];
        for (number, text) in cases {
            assert_eq!(float(number), text);
        }
    }

    #[test]
    fn texts_keep_letters_and_escape_control_characters() {
        assert_eq!(
            compact(&serde_json::json!(["é\u{1}\n\"", null, {"a": 2.0}])),
            "[\"é\\u0001\\n\\\"\",null,{\"a\":2.0}]"
        );
    }
}
