//! The binary form of `numeric`: groups of four decimal digits.

use crate::builders::fit;
use crate::error::ValueError;

const NEGATIVE: u16 = 0x4000;

/// This many groups and one more fit into 64 bits.
const SHORT: usize = 3;

/// The value in units of `10^-scale`.
///
/// # Errors
/// It is NaN or infinite, or has more digits than the column.
pub(super) fn unscaled(cell: &[u8], precision: u8, scale: u8) -> Result<i128, ValueError> {
    let broken = || ValueError::new("a numeric is not in PostgreSQL's binary form");
    let (head, groups) = cell.split_first_chunk::<8>().ok_or_else(broken)?;
    let weight = i64::from(i16::from_be_bytes([head[2], head[3]]));
    let sign = u16::from_be_bytes([head[4], head[5]]);
    match sign {
        0 | NEGATIVE => {}
        0xC000 => return Err(ValueError::new("NaN is not a decimal")),
        _ => return Err(ValueError::new("an infinite value is not a decimal")),
    }
    let mut groups = groups.chunks_exact(2).map(|group| u16::from_be_bytes([group[0], group[1]]));
    let Some(mut last) = groups.next_back() else { return Ok(0) };
    let count = i64::from(u16::from_be_bytes([head[0], head[1]]));
    // What the last group counts, as a power of ten. Its zeros go, so that no more digits are kept than are needed.
    let mut exponent = 4 * (weight - count + 1);
    let mut unit = 10_000_i64;
    while last % 10 == 0 && unit > 10 {
        (last, exponent, unit) = (last / 10, exponent + 1, unit / 10);
    }
    let value = if groups.len() <= SHORT {
        // As nearly all are: 128 bits take several times as long.
        let whole = groups.fold(0_i64, |sum, group| sum * 10_000 + i64::from(group));
        Some(i128::from(whole * unit + i64::from(last)))
    } else {
        let whole = groups.try_fold(0_i128, |sum, group| sum.checked_mul(10_000)?.checked_add(group.into()));
        whole.and_then(|whole| whole.checked_mul(unit.into())?.checked_add(last.into()))
    };
    let value = value.map(|value| if sign == NEGATIVE { -value } else { value });
    value.and_then(|value| fit(value, -exponent, precision, scale)).ok_or_else(|| {
        ValueError::new(format!(
            "a number has more digits than decimal({precision}, {scale}) holds; another `precision` and `scale` of up to \
             38 digits can be set in the hints of the column"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(weight: i16, sign: u16, groups: &[u16]) -> Vec<u8> {
        let head = [groups.len() as u16, weight.cast_unsigned(), sign, 9];
        head.iter().chain(groups).flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn groups_become_units_of_the_column() {
        assert_eq!(unscaled(&cell(0, 0, &[12, 3400]), 38, 9), Ok(12_340_000_000));
        assert_eq!(unscaled(&cell(0, NEGATIVE, &[12, 3400]), 4, 2), Ok(-1234));
        assert_eq!(unscaled(&cell(1, 0, &[5]), 38, 0), Ok(50_000));
        assert_eq!(unscaled(&cell(-1, 0, &[1]), 38, 4), Ok(1));
        assert_eq!(unscaled(&cell(0, 0, &[]), 1, 0), Ok(0));
        let nines: Vec<u16> = [vec![99], vec![9999; 9]].concat();
        assert_eq!(unscaled(&cell(9, 0, &nines), 38, 0), Ok(10_i128.pow(38) - 1));
        // 38 digits, of which 37 after the point: the last group has three zeros.
        let long: Vec<u16> = [vec![9], vec![9999; 9], vec![9000]].concat();
        assert_eq!(unscaled(&cell(0, 0, &long), 38, 37), Ok(10_i128.pow(38) - 1));
        assert!(unscaled(&cell(-5, 0, &[1]), 38, 9).is_err());
        assert!(unscaled(&cell(0, 0xC000, &[]), 38, 9).unwrap_err().reason.contains("NaN"));
    }
}
