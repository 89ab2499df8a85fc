//! Rules that hold for any value.

use cartage_values::{DataType, Decimal, Scalar, coerce, parse_iso_timestamp, timestamp_to_text};
use proptest::prelude::*;

proptest! {
    #[test]
    fn timestamps_survive_their_text(micros in -62_135_596_800_000_000_i64..253_402_300_800_000_000, aware: bool) {
        prop_assert_eq!(parse_iso_timestamp(&timestamp_to_text(micros, aware)), Some((micros, aware)));
    }

    #[test]
    fn a_date_is_the_same_day_as_a_timestamp_or_none(days: i32) {
        let back = coerce(Scalar::Date(days), DataType::Timestamp)
            .and_then(|moment| coerce(moment, DataType::Date));
        prop_assert!(back.is_err() || back == Ok(Scalar::Date(days)), "{back:?}");
        prop_assert_eq!(back.is_ok(), i64::from(days).abs() <= i64::MAX / 86_400_000_000);
    }

    #[test]
    fn decimals_survive_their_text(text in "-?[0-9]{1,50}(\\.[0-9]{0,20})?(E[+-]?[0-9]{1,2})?") {
        let decimal = Decimal::parse(&text).unwrap();
        prop_assert_eq!(Decimal::parse(&decimal.to_string()), Some(decimal));
    }

    #[test]
    fn floats_survive_their_text(bits: u64) {
        let float = f64::from_bits(bits);
        prop_assume!(float.is_finite());
        let text = coerce(Scalar::Double(float), DataType::Text).unwrap();
        prop_assert_eq!(coerce(text, DataType::Double), Ok(Scalar::Double(float)));
        prop_assert_eq!(Decimal::from_f64(float).to_f64().to_bits(), float.to_bits());
    }

    #[test]
    fn no_text_makes_a_conversion_panic(text in "\\PC{0,24}") {
        for to in DataType::ALL {
            if let Ok(value) = coerce(Scalar::Text(text.as_str().into()), *to) {
                prop_assert_eq!(value.data_type(), *to);
            }
        }
    }

    #[test]
    fn no_text_of_digits_and_signs_makes_a_conversion_panic(text in "[0-9WTZxe:,. +_/-]{0,24}") {
        for to in DataType::ALL {
            let _ = coerce(Scalar::Text(text.as_str().into()), *to);
        }
    }
}
