//! A function of the program that embeds Cartage.

use super::{DestinationKind, process};

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "function",
    summary: "a function of the program that embeds Cartage",
    capabilities: || process::handed_over("function"),
    place: None,
    template: None,
    feature: Some("process"),
    page: Some("destinations/your-own.md"),
};
