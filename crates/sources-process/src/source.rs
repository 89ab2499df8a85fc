//! From what a program has to resources.

use std::collections::HashMap;
use std::sync::Arc;

use cartage_config::{ConfigError, Section, nearest};
use cartage_schema::hints::{ResourceHints, WriteDispositionConfig};
use cartage_schema::{Naming, NamingKind, WriteDisposition};
use cartage_source_api::{Resource, SourceError};

use crate::command::ProgramSettings;
use crate::described::{Described, DescribedSchema};
use crate::driver::Driver;
use crate::message::Dialect;
use crate::shared::Shared;
use crate::stream::Stream;

/// A program as a source.
#[derive(Debug)]
pub struct ProgramSource {
    /// The resources; where a program is read for several at once, the first one runs it and has no rows.
    pub resources: Vec<Resource>,
    /// What the program says about its schema.
    pub schema: DescribedSchema,
}

/// The table of a source of programs.
#[derive(Clone, Copy, Debug)]
pub struct ProgramTable<'a> {
    /// Name of the source.
    pub name: &'a str,
    /// Name of the pipeline.
    pub pipeline: &'a str,
    /// The keys of the source that belong to its type.
    pub section: &'a Section,
    /// The resources that the user lists, with their hints.
    pub listed: &'a [(String, ResourceHints)],
}

impl ProgramTable<'_> {
    /// A source that a dialect reads. `wanted` are the resources that take part where nobody names some.
    pub(crate) fn source(
        &self,
        settings: &Arc<ProgramSettings>,
        described: Vec<Described>,
        wanted: Option<&Wanted>,
        schema: DescribedSchema,
        dialect: Box<dyn Dialect>,
    ) -> Result<ProgramSource, ConfigError> {
        let names: Vec<&str> = described.iter().map(|resource| resource.name.as_str()).collect();
        let unknown = |name: &str| {
            let near = nearest(name, names.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            format!(
                "program `{}` has no resource `{name}`{}; it has {known}",
                settings.shown,
                near.unwrap_or_default()
            )
        };
        if let Some((name, _)) = self.listed.iter().find(|(name, _)| !names.contains(&name.as_str())) {
            return Err(self.section.invalid("resources", unknown(name)));
        }
        if let Some(Wanted { key, names: wanted }) = wanted
            && let Some(name) = wanted.iter().find(|name| !names.contains(&name.as_str()))
        {
            return Err(self.section.invalid(key, unknown(name)));
        }
        let mut driver = "program".to_owned();
        while names.contains(&driver.as_str()) {
            driver.push('_');
        }
        let shared = Arc::new(Shared::default());
        let mut resources = Vec::with_capacity(described.len() + 1);
        for (number, Described { name, hints, selected, scope, resume }) in described.into_iter().enumerate()
        {
            let own = self.listed.iter().find(|(listed, _)| *listed == name);
            let hints = own.map_or(hints.clone(), |(_, own)| hints.overlaid(own));
            let producer = Box::new(Stream::new(number, Arc::clone(&shared), resume, scope));
            let selected = wanted.map_or(selected, |wanted| wanted.names.contains(&name));
            let parent = Some(driver.clone());
            resources.push(Resource { parent, selected, ..Resource::new(name, hints, producer) });
        }
        let producer = Box::new(Driver::new(dialect, shared, &settings.shown));
        let driver = Resource::new(driver, ResourceHints::default(), producer);
        resources.insert(0, Resource { selected: false, ..driver });
        Ok(ProgramSource { resources, schema })
    }

    /// Checks that no two of these streams become one table, unless the user says so.
    ///
    /// # Errors
    /// Which two, and what to do.
    pub(crate) fn check_tables<'b>(
        &self,
        names: impl IntoIterator<Item = &'b str>,
    ) -> Result<(), ConfigError> {
        let naming = Naming::new(NamingKind::SnakeCase, None);
        let mut seen: HashMap<String, &str> = HashMap::new();
        for name in names {
            let own = self.listed.iter().find(|(listed, _)| listed == name);
            if own.is_some_and(|(_, hints)| hints.table_name.is_some()) {
                continue;
            }
            if let Some(other) = seen.insert(naming.normalize_table_key(name), name) {
                let message = format!(
                    "streams `{other}` and `{name}` both become the table `{}`; list one of them as a resource with a \
                     `table_name` of its own, or leave one out with `streams`",
                    naming.normalize_table_key(name)
                );
                return Err(self.section.invalid("streams", message));
            }
        }
        Ok(())
    }

    /// Whether the table of a resource is replaced, with what the user says about it.
    pub(crate) fn is_replaced(&self, described: &Described) -> bool {
        let own = self.listed.iter().find(|(name, _)| *name == described.name);
        let own = own.and_then(|(_, hints)| hints.write_disposition.as_ref());
        match own.or(described.hints.write_disposition.as_ref()) {
            Some(WriteDispositionConfig::Short(word)) => *word == WriteDisposition::Replace,
            Some(WriteDispositionConfig::Long(options)) => {
                options.disposition == Some(WriteDisposition::Replace)
            }
            None => false,
        }
    }

    /// An error of the program, at the key of the source that it is about.
    pub(crate) fn failed(&self, key: &str, error: &SourceError) -> ConfigError {
        self.section.invalid(key, error.to_string())
    }
}

/// Names of resources that take part, and the key that has them.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) key: &'static str,
    pub(crate) names: Vec<String>,
}

impl Wanted {
    pub(crate) fn of(key: &'static str, names: Option<Vec<String>>) -> Option<Self> {
        names.map(|names| Self { key, names })
    }
}

/// The names of those that take part where nobody names resources.
pub(crate) fn taking_part<'a>(
    described: &'a [Described],
    wanted: Option<&'a Wanted>,
) -> impl Iterator<Item = &'a str> {
    let takes_part = move |resource: &&Described| {
        wanted.map_or(resource.selected, |wanted| wanted.names.contains(&resource.name))
    };
    described.iter().filter(takes_part).map(|resource| resource.name.as_str())
}
