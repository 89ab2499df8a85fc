//! Values of placeholders in the form that the server asks for.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use cartage_destinations_api::Param;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

/// Microseconds from 1970 to 2000, where PostgreSQL begins to count.
pub(crate) const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A parameter of a shared statement.
#[derive(Debug)]
pub(crate) struct Bound<'a>(pub(crate) &'a Param);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self.0, ty) {
            (Param::Text(text), _) => out.put_slice(text.as_bytes()),
            (Param::Int(number), &Type::INT2) => out.put_i16(i16::try_from(*number)?),
            (Param::Int(number), &Type::INT4) => out.put_i32(i32::try_from(*number)?),
            (Param::Int(number), &Type::INT8) => out.put_i64(*number),
            (Param::Timestamp(micros), &Type::TIMESTAMP | &Type::TIMESTAMPTZ) => {
                out.put_i64(micros - EPOCH_MICROS);
            }
            (Param::Null, _) => return Ok(IsNull::Yes),
            (other, ty) => return Err(format!("{other:?} cannot be sent as {ty}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_ty: &Type) -> bool {
        true
    }

    /// Text is the same in all types that have a text form, whatever their binary form is.
    fn encode_format(&self, _ty: &Type) -> Format {
        if matches!(self.0, Param::Text(_)) { Format::Text } else { Format::Binary }
    }

    to_sql_checked!();
}
