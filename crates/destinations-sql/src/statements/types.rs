//! Types of columns whose names have sizes: what databases share of them, and what is said where there is no such type.

use cartage_destinations_api::{Error, Result};
use cartage_schema::{Column, DataType};

/// The type of a column that has one.
///
/// # Errors
/// Terminal if it has none.
pub fn of(column: &Column) -> Result<DataType> {
    column.data_type.ok_or_else(|| Error::terminal("the column has no type"))
}

/// The first of `names`, each with its most bits, that holds whole numbers of `bits`; of 64 where nothing is said.
///
/// # Errors
/// Terminal if there is none.
pub fn integer(database: &str, bits: Option<u32>, names: &[(u32, &str)]) -> Result<String> {
    let bits = bits.unwrap_or(64);
    let found = names.iter().find(|(most, _)| bits <= *most).map(|(_, name)| (*name).to_owned());
    found.ok_or_else(|| {
        Error::terminal(format!("{database} has no integer of {bits} bits"))
            .with_remedy("give the column the type wei, or decimal with a scale of 0")
    })
}

/// Limits of decimals.
#[derive(Clone, Copy, Debug)]
pub struct Decimals {
    /// Name of the type.
    pub name: &'static str,
    /// Most digits of a decimal, before and after the point together.
    pub digits: u32,
    /// Most digits after the point.
    pub scale: u32,
}

impl Decimals {
    /// The type of a column, with these digits where it says nothing.
    ///
    /// # Errors
    /// Terminal if there is none.
    pub fn of(&self, database: &str, column: &Column, digits: u32, scale: u32) -> Result<String> {
        let (digits, scale) = (column.precision.unwrap_or(digits), column.scale.unwrap_or(scale));
        let most = self.digits;
        if (1..=most).contains(&digits) && scale <= self.scale.min(digits) {
            return Ok(format!("{}({digits},{scale})", self.name));
        }
        let what = format!("{database} has no decimal of precision {digits} and scale {scale}");
        let limit = if self.scale < most {
            format!("of at most {}", self.scale)
        } else {
            "not larger than it".to_owned()
        };
        Err(Error::terminal(what).with_remedy(format!("use a precision of 1 to {most} and a scale {limit}")))
    }
}

/// Digits of a second, at most six.
///
/// # Errors
/// Terminal if there are more.
pub fn fraction(database: &str, digits: Option<u32>) -> Result<Option<u32>> {
    match digits {
        Some(digits) if digits > 6 => {
            Err(Error::terminal(format!("{database} has no time with {digits} fraction digits"))
                .with_remedy("use a precision of 0 to 6"))
        }
        digits => Ok(digits),
    }
}
