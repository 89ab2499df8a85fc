//! Which rows of a column are not null.

use arrow::array::BooleanBufferBuilder;
use arrow::buffer::NullBuffer;

/// Nulls of a column. Columns without nulls hold a number only.
#[derive(Debug, Default)]
pub(super) struct Validity {
    len: usize,
    bits: Option<BooleanBufferBuilder>,
}

impl Validity {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Appends a row that is not null.
    #[inline]
    pub(super) fn push_valid(&mut self) {
        if let Some(bits) = &mut self.bits {
            bits.append(true);
        }
        self.len += 1;
    }

    /// Appends `count` nulls.
    pub(super) fn push_nulls(&mut self, count: usize) {
        let len = self.len;
        let bits = self.bits.get_or_insert_with(|| {
            let mut bits = BooleanBufferBuilder::new(len + count);
            bits.append_n(len, true);
            bits
        });
        bits.append_n(count, false);
        self.len += count;
    }

    /// Removes all rows after the first `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        if let Some(bits) = &mut self.bits {
            bits.truncate(len);
        }
        self.len = self.len.min(len);
    }

    pub(super) fn finish(mut self) -> Option<NullBuffer> {
        self.bits.as_mut().map(|bits| NullBuffer::new(bits.finish())).filter(|nulls| nulls.null_count() > 0)
    }
}
