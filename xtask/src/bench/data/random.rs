//! Numbers that look random and are the same everywhere.

/// The sequence of one row (splitmix64).
pub(in super::super) struct Random(u64);

impl Random {
    pub(in super::super) fn new(set: u64, row: u64) -> Self {
        let mut random =
            Self((set + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ row.wrapping_mul(0xA076_1D64_78BD_642F));
        random.next();
        random
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(in super::super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
}
