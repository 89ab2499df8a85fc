//! Which kind a column of an Arrow type is.

use arrow::datatypes::DataType;

use crate::kind::Kind;

/// The kind that holds every value of the type. All other types are text.
pub(crate) fn kind_of(of: &DataType) -> Kind {
    match of {
        DataType::Boolean => Kind::Bool,
        DataType::UInt64 => Kind::Unsigned,
        integer if integer.is_integer() => Kind::Integer,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Kind::Float,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => {
            Kind::decimal((*precision).into(), (*scale).into()).unwrap_or(Kind::Text)
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            Kind::Binary
        }
        DataType::Date32 | DataType::Date64 => Kind::Date,
        DataType::Time32(_) | DataType::Time64(_) => Kind::Time,
        DataType::Timestamp(_, zone) => Kind::Timestamp { aware: zone.is_some() },
        DataType::Dictionary(_, values) => kind_of(values),
        nested if nested.is_nested() => Kind::Json,
        _ => Kind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_kind_that_holds_it() {
        for (of, kind) in [
            (DataType::UInt32, Kind::Integer),
            (DataType::UInt64, Kind::Unsigned),
            (DataType::Decimal128(5, -2), Kind::Decimal { precision: 7, scale: 0 }),
            (DataType::Decimal256(60, 2), Kind::Text),
            (DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)), Kind::Text),
            (DataType::new_list(DataType::Int8, true), Kind::Json),
            (DataType::Null, Kind::Text),
        ] {
            assert_eq!(kind_of(&of), kind, "{of}");
        }
    }
}
