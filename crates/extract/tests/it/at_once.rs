//! Producers of which only a few are worked on at once, because each holds something that others need.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use cartage_runtime::NextItemMode;
use cartage_source_api::{JsonPage, Page, Producer, Resource, SourceError};
use serde_json::json;

use crate::support::{Pipeline, resource, values};

/// Which producers have begun and were not closed, and the most that there were.
#[derive(Debug, Default)]
struct Open {
    now: BTreeSet<usize>,
    most: usize,
}

struct Limited {
    number: usize,
    pages: usize,
    most: usize,
    open: Arc<Mutex<Open>>,
}

impl Producer for Limited {
    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        let mut open = self.open.lock().unwrap();
        open.now.insert(self.number);
        open.most = open.most.max(open.now.len());
        drop(open);
        if self.pages == 0 {
            return Ok(None);
        }
        self.pages -= 1;
        JsonPage::from_rows([json!({"id": self.number})]).map(|page| Some(Page::Json(page)))
    }

    fn close(&mut self) {
        self.open.lock().unwrap().now.remove(&self.number);
    }

    fn most_at_once(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.most)
    }
}

/// Twelve producers of 0 to 5 pages, among others.
fn resources(most: usize, open: &Arc<Mutex<Open>>) -> Vec<Resource> {
    let limited = (0..12).map(|number| {
        let producer = Limited { number, pages: number % 6, most, open: Arc::clone(open) };
        resource(&format!("t{number}"), json!({"table_name": "t"}), producer)
    });
    let other = values("other", json!({}), vec![vec![json!({"a": 1})]; 9]);
    std::iter::once(other).chain(limited).collect()
}

#[test]
fn no_more_than_so_many_are_open_and_all_come_to_their_end_in_an_order_that_is_fixed() {
    for mode in [NextItemMode::RoundRobin, NextItemMode::Fifo] {
        for most in [1, 2, 3, 20] {
            let mut orders = Vec::new();
            for _ in 0..3 {
                let mut pipeline = Pipeline::new();
                pipeline.settings.next_item_mode = mode;
                let open = Arc::default();
                let report = pipeline.run(resources(most, &open)).unwrap();
                let open = open.lock().unwrap();
                assert!(open.now.is_empty() && open.most <= most, "{open:?}");
                let rows = pipeline.package(&report).rows("t");
                assert_eq!(rows.len(), 30);
                orders.push(rows);
            }
            assert!(orders.windows(2).all(|pair| pair[0] == pair[1]));
        }
    }
}

#[test]
fn a_limit_closes_what_it_ends() {
    for (pages, rows) in [(Some(1), None), (None, Some(2))] {
        let mut pipeline = Pipeline::new();
        pipeline.settings.limit.pages = pages;
        pipeline.settings.limit.rows = rows;
        let open = Arc::default();
        pipeline.run(resources(2, &open)).unwrap();
        assert!(open.lock().unwrap().now.is_empty());
    }
}
