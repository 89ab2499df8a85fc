//! A column of one block, as far as the block knows it.

use cartage_schema::DataType;
use cartage_values::{cuts_fraction, parse_iso_timestamp};
use simd_json::{Node, StaticNode};

use crate::cells::Raw;
use crate::columns::{ColumnBuilder, Limits, Physical};
use crate::scalars::may_be_typed;

/// Length of a timestamp with microseconds and no zone. Shorter ones have no more digits.
const MICROSECONDS: usize = "2024-01-01T10:00:00.123456".len();

/// A column as this block sees it.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent facts, most of them noted for merging"
)]
pub(crate) struct BlockColumn {
    pub(crate) seen: bool,
    pub(crate) data_type: Option<DataType>,
    pub(crate) physical: Physical,
    pub(crate) limits: Limits,
    pub(crate) nullable: bool,
    /// Whether there are hints, but no type yet.
    pub(crate) hinted: bool,
    pub(crate) assumed: Option<DataType>,
    pub(crate) null_while_untyped: bool,
    pub(crate) unfolded_while_untyped: bool,
    /// Whether the contract refused it.
    pub(crate) refused: bool,
    pub(crate) builder: Option<ColumnBuilder>,
}

impl BlockColumn {
    /// Appends a value if it has the type of the column, or is null where it may be.
    #[inline]
    pub(crate) fn append(&mut self, row: usize, tape: &[Node<'_>], raw: Raw<'_>) -> bool {
        let (Some(builder), Some(data_type)) = (&mut self.builder, self.data_type) else { return false };
        match raw {
            Raw::Text(text) => data_type == DataType::Text && builder.push_text(row, text),
            Raw::Integer(value) => data_type == DataType::Bigint && builder.push_bigint(row, value),
            Raw::Tape(at) => match (&tape[at], data_type) {
                (Node::String(text), DataType::Text) => {
                    !may_be_typed(text) && builder.push_text(row, text.as_bytes())
                }
                (Node::String(text), DataType::Timestamp) => {
                    let moment = parse_iso_timestamp(text);
                    let is_whole = text.len() <= MICROSECONDS || !cuts_fraction(text);
                    moment.is_some_and(|(micros, _)| is_whole && builder.push_timestamp(row, micros))
                }
                (Node::Static(StaticNode::I64(value)), DataType::Bigint) => builder.push_bigint(row, *value),
                // The parser has all integers that are not negative as unsigned.
                (Node::Static(StaticNode::U64(value)), DataType::Bigint) => {
                    i64::try_from(*value).is_ok_and(|value| builder.push_bigint(row, value))
                }
                (Node::Static(StaticNode::F64(value)), DataType::Double) => builder.push_double(row, *value),
                (Node::Static(StaticNode::Bool(value)), DataType::Bool) => builder.push_bool(row, *value),
                (Node::Static(StaticNode::Null), _) => self.nullable,
                _ => false,
            },
        }
    }

    pub(crate) fn unseen() -> Self {
        Self {
            seen: false,
            data_type: None,
            physical: Physical::Text,
            limits: Limits::None,
            nullable: true,
            hinted: false,
            assumed: None,
            null_while_untyped: false,
            unfolded_while_untyped: false,
            refused: false,
            builder: None,
        }
    }
}
