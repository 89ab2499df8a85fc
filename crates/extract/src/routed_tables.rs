//! The tables of pages that go elsewhere than to the table of their resource.

use std::collections::HashMap;
use std::sync::Arc;

use cartage_schema::Naming;
use cartage_schema::hints::ResourceHints;
use cartage_source_api::Route;

use crate::hinted_tables::HintedTables;
use crate::plan::Planned;

/// The targets of pages that go elsewhere than to the table of their resource, or change its hints.
#[derive(Debug)]
pub(crate) struct RoutedTables {
    naming: Naming,
    next_id: usize,
    /// By the position of the resource and the name of the table, which is absent where it is the resource's own.
    routed: HashMap<(usize, Option<String>), Routed>,
}

#[derive(Debug)]
struct Routed {
    /// The hints that came with the page which made the target.
    asked: Option<ResourceHints>,
    /// All hints of the target.
    hints: ResourceHints,
    target: Arc<HintedTables>,
}

impl RoutedTables {
    pub(crate) fn new(naming: Naming, planned: &[Planned]) -> Self {
        Self { naming, next_id: planned.len(), routed: HashMap::new() }
    }

    /// Where a page of the resource at this position goes, and whether nothing went there before.
    ///
    /// Hints of a page are laid over those that its table has: of an earlier page, else of the resource.
    pub(crate) fn find(
        &mut self,
        at: usize,
        resource: &Planned,
        route: Option<&Route>,
    ) -> Result<(Arc<HintedTables>, bool), String> {
        let key = (at, route.and_then(|route| route.table.clone()));
        let asked = route.and_then(|route| route.hints.as_ref());
        let known = self.routed.get(&key);
        match known {
            Some(known) if asked.is_none() || asked == known.asked.as_ref() => {
                return Ok((Arc::clone(&known.target), false));
            }
            None if asked.is_none() && key.1.is_none() => return Ok((Arc::clone(&resource.target), false)),
            _ => {}
        }
        let own = || self.routed.get(&(at, None)).map_or(&resource.hints, |own| &own.hints);
        let base = known.map_or_else(own, |known| &known.hints);
        let mut hints = asked.map_or_else(|| base.clone(), |asked| base.overlaid(asked));
        if key.1.is_some() {
            hints.table_name.clone_from(&key.1);
        }
        let kept = resource.target.keeps_discarded;
        let target = Arc::new(HintedTables::new(self.next_id, &resource.name, &hints, &self.naming, kept)?);
        self.next_id += 1;
        self.routed.insert(key, Routed { asked: asked.cloned(), hints, target: Arc::clone(&target) });
        Ok((target, true))
    }

    /// The targets beyond the resources' own.
    pub(crate) fn routed(&self) -> impl Iterator<Item = &HintedTables> {
        self.routed.values().map(|routed| &*routed.target)
    }
}
