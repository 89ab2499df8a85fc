//! Values on the tape as the scalars that types are detected in and that are coerced.

use std::borrow::Cow;

use cartage_schema::DataType;
use cartage_values::{Scalar, coerce, decode_typed};
use simd_json::{Node, StaticNode};

use crate::cells::Raw;
use crate::json_text;
use crate::long_numbers::{LongNumber, long_number};

/// First byte of the marker of a typed text.
const MARKER_BYTE: u8 = 0xef;

/// Whether a text may begin with the marker of a typed text. Texts that do not are never typed.
#[inline]
pub(crate) fn may_be_typed(text: &str) -> bool {
    text.as_bytes().first() == Some(&MARKER_BYTE)
}

/// A value as dlt sees it; `None` for null.
pub(crate) fn scalar<'t>(tape: &[Node<'t>], raw: Raw<'t>) -> Option<Scalar<'t>> {
    let at = match raw {
        Raw::Text(text) => return Some(Scalar::Text(String::from_utf8_lossy(text))),
        Raw::Integer(value) => return Some(Scalar::Int(i128::from(value))),
        Raw::Tape(at) => at,
    };
    Some(match tape[at] {
        Node::Static(StaticNode::Null) => return None,
        Node::Static(StaticNode::Bool(value)) => Scalar::Bool(value),
        Node::Static(StaticNode::I64(value)) => Scalar::Int(i128::from(value)),
        Node::Static(StaticNode::U64(value)) => Scalar::Int(i128::from(value)),
        Node::Static(StaticNode::F64(value)) => Scalar::Double(value),
        Node::String(text) if may_be_typed(text) => match long_number(text) {
            Some(LongNumber::Integer(integer)) => integer,
            Some(LongNumber::BeyondDouble) => return None,
            None => decode_typed(text).unwrap_or(Scalar::Text(Cow::Borrowed(text))),
        },
        Node::String(text) => Scalar::Text(Cow::Borrowed(text)),
        Node::Object { .. } | Node::Array { .. } => Scalar::Json(Cow::Owned(json_text::to_text(tape, at))),
    })
}

/// The value as one of type `to`, or the value itself if it cannot be converted.
pub(crate) fn coerced(scalar: Scalar<'_>, from: DataType, to: DataType) -> Result<Scalar<'_>, Scalar<'_>> {
    if from == to {
        return Ok(scalar);
    }
    coerce(scalar.clone(), to).map_err(|_| scalar)
}
