//! Resources whose rows one producer hands out for all of them, such as those of a program.

use std::collections::HashMap;

use cartage_source_api::{OpenContext, Page, Producer, SourceError};

use crate::feed::caught;
use crate::plan::Planned;

/// Messages that are taken of a program until each of its resources has shown a row. One is about a megabyte.
const MESSAGES: usize = 64;

type FirstPage = Result<Option<Page>, SourceError>;

/// The first page of each resource that is handed its rows, by its place in the plan. Producers that only hand out are
/// taken away.
pub(super) fn first_pages(
    planned: &[Planned],
    producers: &mut [Option<Box<dyn Producer>>],
    context: &OpenContext,
) -> HashMap<usize, FirstPage> {
    let mut found = HashMap::new();
    for at in 0..planned.len() {
        let hands_out = planned[at].is_hidden && planned[at].has_checkpoints;
        let Some(mut driver) = producers[at].take_if(|_| hands_out) else { continue };
        let children: Vec<usize> =
            (0..planned.len()).filter(|child| planned[*child].parent == Some(at)).collect();
        let mut of_children = HashMap::new();
        let read = caught(|| read(&mut *driver, &children, producers, context, &mut of_children));
        let failed = read.err().map(|error| with_causes(&error));
        for child in children {
            let page = match (of_children.remove(&child), &failed) {
                (Some(page), _) => page,
                (None, None) => Ok(None),
                (None, Some(reason)) => Err(SourceError::Config(reason.clone())),
            };
            found.insert(child, page);
        }
        driver.close();
    }
    found
}

fn read(
    driver: &mut dyn Producer,
    children: &[usize],
    producers: &mut [Option<Box<dyn Producer>>],
    context: &OpenContext,
    found: &mut HashMap<usize, FirstPage>,
) -> Result<(), SourceError> {
    driver.open(context)?;
    for child in children {
        if let Some(producer) = &mut producers[*child] {
            producer.open(context)?;
        }
    }
    for _ in 0..MESSAGES {
        let Some(message) = driver.next_page()? else { return Ok(()) };
        for child in children {
            let Some(producer) = &mut producers[*child] else { continue };
            producer.take_parent_page(&message)?;
            loop {
                match producer.next_page() {
                    Ok(None) => break,
                    Ok(Some(page)) if page.rows() > 0 => drop(found.entry(*child).or_insert(Ok(Some(page)))),
                    Ok(Some(_)) => {}
                    Err(error) => {
                        found.insert(*child, Err(error));
                        break;
                    }
                }
            }
        }
        if found.len() == children.len() {
            return Ok(());
        }
    }
    Ok(())
}

fn with_causes(error: &SourceError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
