//! What the values of a cursor are: by this they compare.
//!
//! dlt compares texts as texts, whatever they say. Then `10:00:00Z` is later than `10:00:00.5Z` and `9` more than
//! `10`, and newer rows are skipped forever. Here they compare by the type of the cursor's column: that of a hint
//! or of the stored table, else the one that the first value gives to the column.

use std::borrow::Cow;
use std::cmp::Ordering;

use cartage_row_readers::JsonPath;
use cartage_schema::{DataType, Detection, Schema, Table};
use cartage_values::{Decimal, Iso, parse_iso};

use crate::direction::Extreme;
use crate::instant::{PER_DAY, PER_NANO, PER_SECOND, instant, is_day, is_timestamp};
use crate::number;
use crate::value::CursorValue;

/// How values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    kind: Kind,
    /// The type that decided, where it was not the first value.
    column: Option<DataType>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The first text decides; as long as all are days, either way gives the same order.
    Undecided,
    /// As what they are: texts as texts.
    Plain,
    /// As points in time, texts too.
    Instants,
    TimesOfDay,
    /// As numbers, texts too.
    Numbers,
}

/// A value that is not of the kind that the others are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stranger {
    /// Its text with its type.
    pub(crate) value: String,
    /// What it should be.
    pub(crate) wanted: &'static str,
    /// Why it should.
    pub(crate) because: String,
}

impl Default for Meaning {
    /// That of a cursor of which nothing is known, in a source that detects times.
    fn default() -> Self {
        Self { kind: Kind::Undecided, column: None }
    }
}

impl Meaning {
    /// Values that compare as what they are.
    pub(crate) const PLAIN: Self = Self { kind: Kind::Plain, column: None };

    /// What the column of a cursor says.
    pub(crate) fn of_column(path: &JsonPath, root: &Table, schema: &Schema) -> Self {
        let naming = schema.naming(None);
        let Some(keys) = path.keys() else { return Self::default() };
        let names: Vec<String> = keys.iter().map(|key| naming.normalize_identifier(key)).collect();
        let column = naming.make_path(names.iter().map(String::as_str));
        let typed = |table: &Table| table.columns.get(&column)?.data_type;
        let stored = || typed(schema.tables.get(&root.name)?);
        let inference = schema.inference(0.0).ok();
        let preferred = || inference.as_ref()?.preferred_type(&column);
        if let Some(data_type) = typed(root).or_else(stored).or_else(preferred) {
            return Self::of_type(data_type);
        }
        let detects = |detection| {
            inference.as_ref().is_none_or(|inference| inference.detections().contains(&detection))
        };
        if detects(Detection::IsoTimestamp) || detects(Detection::IsoDate) {
            Self::default()
        } else {
            Self::PLAIN
        }
    }

    pub(crate) fn of_type(data_type: DataType) -> Self {
        let kind = match data_type {
            DataType::Timestamp | DataType::Date => Kind::Instants,
            DataType::Time => Kind::TimesOfDay,
            DataType::Bigint | DataType::Double | DataType::Decimal | DataType::Wei => Kind::Numbers,
            _ => Kind::Plain,
        };
        Self { kind, column: Some(data_type) }
    }

    /// Numbers as the ends of a range say that texts are numbers as well.
    #[must_use]
    pub(crate) fn with_ends<'a>(self, ends: impl IntoIterator<Item = &'a CursorValue<'static>>) -> Self {
        let is_number = |end: &CursorValue<'_>| {
            matches!(end, CursorValue::Int(_) | CursorValue::Float(_) | CursorValue::Decimal(_))
        };
        if self.kind == Kind::Undecided && ends.into_iter().any(is_number) {
            return Self { kind: Kind::Numbers, ..self };
        }
        self
    }

    pub(crate) fn is_undecided(self) -> bool {
        self.kind == Kind::Undecided
    }

    /// Whether texts compare as something else than texts.
    pub(crate) fn reads_texts(self) -> bool {
        matches!(self.kind, Kind::Instants | Kind::TimesOfDay | Kind::Numbers)
    }

    /// Decides by a value of a row and those that it is compared with. True if it is decided now.
    pub(crate) fn decide<'a>(
        &mut self,
        value: &CursorValue<'_>,
        others: impl Iterator<Item = &'a CursorValue<'static>>,
    ) -> bool {
        let kind = match value {
            CursorValue::Text(text) => {
                let mut kind = match (is_timestamp(text), is_day(text)) {
                    (true, _) => Kind::Instants,
                    (_, true) => Kind::Undecided,
                    _ => Kind::Plain,
                };
                for other in others {
                    kind = match other {
                        // A text that is not a time among times is told, not compared as a text.
                        CursorValue::Text(other) if is_timestamp(other) => Kind::Instants,
                        CursorValue::Timestamp { .. } | CursorValue::Date(_) => Kind::Instants,
                        // Texts have no order with these.
                        CursorValue::Int(_) | CursorValue::Float(_) | CursorValue::Decimal(_) => Kind::Plain,
                        CursorValue::Text(other) if !is_day(other) && kind == Kind::Undecided => Kind::Plain,
                        _ => kind,
                    };
                }
                kind
            }
            CursorValue::Timestamp { .. } | CursorValue::Date(_) => Kind::Instants,
            // What a later text means is decided then.
            _ => Kind::Undecided,
        };
        self.kind = kind;
        kind != Kind::Undecided
    }

    /// By what a value compares, where that is not the value itself.
    pub(crate) fn key(self, value: &CursorValue<'_>) -> Result<Option<CursorValue<'static>>, Stranger> {
        let key = match self.kind {
            Kind::Undecided | Kind::Plain => return Ok(None),
            Kind::Instants => as_instant(value),
            Kind::TimesOfDay => match value {
                CursorValue::Text(text) => match parse_iso(text) {
                    Some(Iso::Time(micros)) => Some(CursorValue::Time(i128::from(micros) * 1_000)),
                    _ => None,
                },
                CursorValue::Time(_) => return Ok(None),
                _ => None,
            },
            Kind::Numbers => match value {
                CursorValue::Text(text) => as_number(text),
                CursorValue::Int(_)
                | CursorValue::Float(_)
                | CursorValue::Decimal(_)
                | CursorValue::Bool(_) => {
                    return Ok(None);
                }
                _ => None,
            },
        };
        key.map(Some).ok_or_else(|| self.stranger(value))
    }

    fn stranger(self, value: &CursorValue<'_>) -> Stranger {
        let wanted = match self.kind {
            Kind::TimesOfDay => "a time of day",
            Kind::Numbers => "a number",
            _ => "a point in time",
        };
        let because = match self.column {
            Some(data_type) => format!("its column has the type {data_type}"),
            None => "the values that it is compared with are".to_owned(),
        };
        Stranger { value: value.to_string(), wanted, because }
    }

    /// `Greater` where `a` lies further in the direction of the cursor; `None` where they have no order.
    pub(crate) fn rank(self, extreme: Extreme, a: &CursorValue<'_>, b: &CursorValue<'_>) -> Option<Ordering> {
        if let (Kind::Undecided, CursorValue::Text(x), CursorValue::Text(y)) = (self.kind, a, b)
            && let (Some(x), Some(y)) = (instant(x), instant(y))
        {
            return extreme.rank(&CursorValue::Int(x), &CursorValue::Int(y));
        }
        let is_moment =
            |value: &CursorValue<'_>| matches!(value, CursorValue::Timestamp { .. } | CursorValue::Date(_));
        if is_moment(a) && is_moment(b) {
            return extreme.rank(&as_instant(a)?, &as_instant(b)?);
        }
        let (x, y) = (self.key(a).ok()?, self.key(b).ok()?);
        extreme.rank(x.as_ref().unwrap_or(a), y.as_ref().unwrap_or(b))
    }

    /// A text that stands for a number, as the number, so that it can be counted with.
    pub(crate) fn counted(self, value: CursorValue<'static>) -> CursorValue<'static> {
        match &value {
            CursorValue::Text(text) if self.kind == Kind::Numbers => as_number(text).unwrap_or(value),
            _ => value,
        }
    }
}

/// Numbers are seconds, as in columns of timestamps.
fn as_instant(value: &CursorValue<'_>) -> Option<CursorValue<'static>> {
    let instant = match value {
        CursorValue::Text(text) => instant(text)?,
        CursorValue::Timestamp { nanos, .. } => nanos.checked_mul(PER_NANO)?,
        CursorValue::Date(days) => i128::from(*days) * PER_DAY,
        CursorValue::Int(seconds) => seconds.checked_mul(PER_SECOND)?,
        CursorValue::Float(_) | CursorValue::Decimal(_) => number::floor(&value.decimal()?, 18)?.0,
        CursorValue::Bool(_) | CursorValue::Time(_) => return None,
    };
    Some(CursorValue::Int(instant))
}

fn as_number(text: &str) -> Option<CursorValue<'static>> {
    let text = text.trim();
    if let Ok(integer) = text.parse() {
        return Some(CursorValue::Int(integer));
    }
    Decimal::parse(text).filter(Decimal::is_finite).map(CursorValue::Decimal)
}

/// A value with that by which it compares.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) value: CursorValue<'static>,
    key: Option<CursorValue<'static>>,
}

impl Mark {
    pub(crate) fn new(value: CursorValue<'static>, meaning: Meaning) -> Result<Self, Stranger> {
        Ok(Self { key: meaning.key(&value)?, value })
    }

    /// By what it compares.
    pub(crate) fn by(&self) -> &CursorValue<'static> {
        self.key.as_ref().unwrap_or(&self.value)
    }

    /// Takes another value, whose key is known. Texts are overwritten in place: rows in the order of the cursor do
    /// this each time.
    pub(crate) fn put(&mut self, value: &CursorValue<'_>, key: Option<CursorValue<'static>>) {
        match (&mut self.value, value) {
            (CursorValue::Text(mine), CursorValue::Text(text)) => {
                let mine: &mut String = Cow::to_mut(mine);
                mine.clear();
                mine.push_str(text);
            }
            (mine, value) => *mine = value.clone().into_owned(),
        }
        self.key = key;
    }
}
