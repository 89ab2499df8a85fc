//! Random texts, numbers and keys: those that readers like to take for something else.

use super::chance::Chance;
use super::moments;

const TEXTS: [&str; 40] = [
    "",
    " ",
    "  x ",
    "0",
    "007",
    "02139",
    "+49",
    "-5",
    "1.10",
    "1e5",
    "1E400",
    "1_000",
    "1,5",
    "0x1F",
    "NaN",
    "inf",
    "null",
    "None",
    "true",
    "False",
    "yes",
    "{}",
    "[1, 2]",
    "{\"a\": 1}",
    "a,b;c",
    "it's",
    "say \"hi\"",
    "a\nb",
    "tab\there",
    "\\n",
    "ключ",
    "日本語",
    "🦀",
    "e\u{301}",
    "\u{feff}x",
    "١٢",
    "AQID",
    "-0",
    "9223372036854775808",
    "0.1000000000000000055511151231257827",
];

const KEYS: [&str; 24] = [
    "a",
    "b",
    "c",
    "amount",
    "Name",
    "name",
    "Col A",
    "col_a",
    "colA",
    "x-y",
    "ключ",
    "price €",
    "item.sub",
    "3d",
    "select",
    "e\u{301}t\u{e9}",
    "camelCase",
    "HTTPCode",
    "value",
    "list",
    "_under",
    "sp ace",
    "ID2",
    "日本",
];

/// A key of a row.
pub(super) fn key(chance: &mut Chance) -> &'static str {
    KEYS[chance.below(KEYS.len())]
}

/// A text of any kind.
pub(super) fn text(chance: &mut Chance) -> String {
    match chance.below(10) {
        0..5 => TEXTS[chance.below(TEXTS.len())].to_owned(),
        5 => moment(chance),
        6 => chance.integer(i64::MIN.into(), i64::MAX.into()).to_string(),
        7 => format!("{:?}", double(chance, false)),
        8 => "long text ".repeat(chance.between(1, 300)),
        _ => format!("text {}", chance.below(1000)),
    }
}

/// A text of a date, a time or both.
pub(super) fn moment(chance: &mut Chance) -> String {
    let (year, month, day) = moments::civil(chance.integer(-719_000, 2_932_000) as i64);
    let date = format!("{year:04}-{month:02}-{day:02}");
    let clock = format!("{:02}:{:02}:{:02}", chance.below(24), chance.below(60), chance.below(60));
    let fraction = *chance.of(&[&"", &".5", &".123", &".123456", &".123456789", &".000000001", &".100000"]);
    let zone = *chance.of(&[&"", &"Z", &"+00:00", &"+02:00", &"-05:30"]);
    match chance.below(5) {
        0 => date,
        1 => format!("{clock}{fraction}"),
        2 => format!("{date} {clock}{fraction}{zone}"),
        _ => format!("{date}T{clock}{fraction}{zone}"),
    }
}

/// A double of any size; what JSON cannot say only where that is wanted.
pub(super) fn double(chance: &mut Chance, any: bool) -> f64 {
    let double = match chance.below(8) {
        0 => *chance.of(&[&f64::MAX, &f64::MIN, &f64::MIN_POSITIVE, &5e-324, &-0.0, &0.1, &1e22, &1e23]),
        1 => chance.integer(-1000, 1000) as f64,
        2 => chance.integer(i64::MIN.into(), i64::MAX.into()) as f64,
        3 => chance.integer(-100_000, 100_000) as f64 / 100.0,
        4 if any => *chance.of(&[&f64::NAN, &f64::INFINITY, &f64::NEG_INFINITY]),
        _ => f64::from_bits(chance.bits()),
    };
    if any || double.is_finite() { double } else { 0.5 }
}
