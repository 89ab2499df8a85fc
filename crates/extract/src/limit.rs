//! `--limit`: where a resource ends although its source has more.
//!
//! A limit of pages is kept by the feed, which asks for no more of them; one of rows by the extraction, which cuts the
//! last page and closes the resource.

/// How much of each resource is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceLimit {
    /// At most this many pages. Files come in pages of about one MiB.
    pub pages: Option<u64>,
    /// At most this many rows; the last page is cut.
    pub rows: Option<u64>,
}

impl ResourceLimit {
    /// How many pages are asked for.
    pub(crate) fn page_count(self) -> u64 {
        if self.rows == Some(0) { 0 } else { self.pages.unwrap_or(u64::MAX) }
    }

    /// How many more rows may be taken from a resource after `taken` rows.
    pub(crate) fn rows_left(self, taken: u64) -> u64 {
        self.rows.map_or(u64::MAX, |rows| rows.saturating_sub(taken))
    }

    /// Whether a resource ends after `taken` rows.
    pub(crate) fn is_reached(self, taken: u64) -> bool {
        self.rows_left(taken) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_rows_ends_where_they_are_taken_and_none_never() {
        let limit = ResourceLimit { rows: Some(3), pages: None };
        assert_eq!((limit.rows_left(2), limit.rows_left(4)), (1, 0));
        assert!(limit.is_reached(3) && !limit.is_reached(2));
        assert!(!ResourceLimit::default().is_reached(u64::MAX - 1));
    }

    #[test]
    fn no_rows_need_no_page() {
        assert_eq!(ResourceLimit { rows: Some(0), pages: Some(5) }.page_count(), 0);
        assert_eq!(ResourceLimit { rows: None, pages: Some(5) }.page_count(), 5);
    }
}
