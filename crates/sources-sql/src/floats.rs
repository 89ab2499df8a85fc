//! Floats of 32 bits as those of 64 bits.

/// The nearest float that is written the same: 1.1 stays 1.1.
pub(crate) fn widened(value: f32) -> f64 {
    if value.is_finite() { value.to_string().parse().unwrap_or(value.into()) } else { value.into() }
}

/// Whether a number is one that a float of 32 bits comes near to.
#[cfg(any(feature = "duckdb", feature = "postgres"))]
pub(crate) fn fits_short(number: &str) -> bool {
    #[expect(clippy::cast_possible_truncation, reason = "what is too large becomes infinite")]
    number.parse::<f64>().is_ok_and(|number| (number as f32).is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_floats_keep_their_digits() {
        assert_eq!(widened(1.1).to_string(), "1.1");
        assert_eq!(widened(f32::MIN_POSITIVE).to_string(), f32::MIN_POSITIVE.to_string());
        assert!(widened(f32::NAN).is_nan() && widened(f32::INFINITY).is_infinite());
    }
}
