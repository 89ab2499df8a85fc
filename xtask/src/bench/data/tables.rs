//! The shapes of the sets that are tables: flat, wide and orders.

use super::shape::{Shape, list, maybe, object};

pub(super) fn flat() -> Shape {
    object([("row", Shape::Row), ("description", Shape::Text(6, 8)), ("timestamp", Shape::Time)])
}

/// 120 columns of seven kinds, a tenth of the values null.
pub(super) fn wide() -> Shape {
    let kind = |nth: u64| match nth % 7 {
        0 => Shape::Int(1_000_000_000),
        1 => Shape::Text(1, 2),
        2 => Shape::Float(100_000),
        3 => Shape::Bool,
        4 => Shape::Time,
        5 => Shape::Hash(12),
        _ => Shape::OneOf(&["red", "amber", "green", "blue"]),
    };
    let mut keys = vec![("id".to_owned(), Shape::Row)];
    keys.extend((1..120).map(|nth| (format!("column_{nth:03}"), maybe(10, kind(nth)))));
    Shape::Object(keys)
}

/// An order with at least and at most this many lines.
pub(in super::super) fn order(least: u64, most: u64) -> Shape {
    object([
        ("id", Shape::Row),
        ("customer_id", Shape::Int(50_000)),
        ("status", Shape::OneOf(&["open", "paid", "shipped", "returned"])),
        ("ordered_at", Shape::Time),
        ("total", Shape::Float(5_000)),
        ("note", maybe(50, Shape::Text(3, 9))),
        (
            "address",
            object([("street", Shape::Text(2, 3)), ("city", Shape::Text(1, 1)), ("zip", Shape::Int(99_999))]),
        ),
        (
            "lines",
            list(
                least,
                most,
                object([
                    ("sku", Shape::Hash(8)),
                    ("quantity", Shape::Int(20)),
                    ("price", Shape::Float(500)),
                    ("gift", Shape::Bool),
                ]),
            ),
        ),
    ])
}
