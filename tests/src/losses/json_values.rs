//! Random values of JSON and CSV.

use super::chance::Chance;
use super::given::Given;
use super::texts;

/// What the values of a column mostly are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Small,
    Whole,
    Long,
    Double,
    Huge,
    Text,
    Moment,
    Object,
    List,
}

impl Kind {
    pub(super) fn any(chance: &mut Chance) -> Self {
        const KINDS: [Kind; 13] = [
            Kind::Bool,
            Kind::Small,
            Kind::Small,
            Kind::Whole,
            Kind::Long,
            Kind::Double,
            Kind::Double,
            Kind::Huge,
            Kind::Text,
            Kind::Text,
            Kind::Moment,
            Kind::Object,
            Kind::List,
        ];
        KINDS[chance.below(KINDS.len())]
    }
}

/// A value of a kind, or null; nested at most so deep.
pub(super) fn value(chance: &mut Chance, kind: Kind, depth: usize) -> Given {
    if chance.percent(7) {
        return Given::Null;
    }
    match kind {
        Kind::Bool => Given::Bool(chance.percent(50)),
        Kind::Small => Given::Digits(chance.integer(-1000, 1000).to_string()),
        Kind::Whole => Given::Digits(chance.integer(i64::MIN.into(), i64::MAX.into()).to_string()),
        Kind::Long => {
            let end = 10_i128.pow(chance.between(18, 25) as u32) - 1;
            Given::Digits(chance.integer(-end, end).to_string())
        }
        Kind::Huge if chance.percent(10) => {
            Given::Huge((*chance.of(&[&"1e400", &"-1e400", &"2.5e308", &"123456e999"])).to_owned())
        }
        Kind::Double | Kind::Huge => Given::Double(texts::double(chance, false)),
        Kind::Text => Given::Text(texts::text(chance)),
        Kind::Moment => Given::Text(texts::moment(chance)),
        Kind::Object if depth > 0 => {
            let mut fields: Vec<(String, Given)> = Vec::new();
            for _ in 0..chance.below(4) {
                let key = texts::key(chance);
                if fields.iter().all(|(known, _)| known != key) {
                    let kind = Kind::any(chance);
                    fields.push((key.to_owned(), value(chance, kind, depth - 1)));
                }
            }
            Given::Object(fields)
        }
        Kind::List if depth > 0 => {
            let usual = Kind::any(chance);
            let count = chance.below(4);
            let item = |_| {
                let kind = if chance.percent(80) { usual } else { Kind::any(chance) };
                value(chance, kind, depth - 1)
            };
            Given::List((0..count).map(item).collect())
        }
        Kind::Object | Kind::List => Given::Bool(true),
    }
}

/// A field of a CSV file; null is an empty one.
pub(super) fn field(chance: &mut Chance, kind: Kind) -> Given {
    let kind = if chance.percent(10) { Kind::any(chance) } else { kind };
    match value(chance, kind, 0) {
        Given::Bool(value) => {
            let texts = if value { ["true", "True", "TRUE", "1"] } else { ["false", "False", "FALSE", "0"] };
            Given::Field(texts[chance.below(4)].to_owned())
        }
        Given::Digits(text) | Given::Huge(text) => Given::Field(text),
        Given::Double(value) => {
            Given::Field(if chance.percent(50) { format!("{value:?}") } else { format!("{value:e}") })
        }
        // Fields without a character are null, quoted or not.
        Given::Text(text) if !text.is_empty() => Given::Field(text),
        _ => Given::Null,
    }
}
