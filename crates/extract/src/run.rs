//! The stage: from producers to published packages.

use cartage_incremental::{Bounds, bind};
use cartage_package_store::PackageSettings;
use cartage_schema::{Schema, SchemaError, WriteDisposition};
use cartage_source_api::{Producer, SchemaSettings};
use cartage_state::PipelineState;

use crate::ExtractError;
use crate::gather::Extraction;
use crate::handoff;
use crate::plan::{Planned, plan, plan_cuts};
use crate::publish::Publisher;
use crate::refresh::refresh;
use crate::report::ExtractReport;
use crate::request::ExtractRequest;
use crate::settings::ExtractSettings;
use crate::split_policy::DestinationWrites;

/// Extracts one source into packages and publishes them in `extracted/`: one, unless
/// [`PackageLimits`](crate::PackageLimits) end it earlier.
///
/// If there is nothing to load (no rows, no table to empty, no change of the state) nothing is published.
///
/// # Errors
/// Whatever fails, or if the run is cancelled: what is not published yet is removed. Packages that were
/// published stay, each with the state as of its end.
/// [`ExtractError::Source`] names source, resource and place.
pub fn run(request: ExtractRequest<'_>) -> Result<ExtractReport, ExtractError> {
    let ExtractRequest { store, lock, source, settings, runtime, .. } = request;
    let (mut schema, mut state) = (request.base_schema, request.base_state);
    let mut package_settings = request.package_settings;
    package_settings.on_bad_row = Some(source.on_bad_row);
    package_settings.name_collisions = Some(source.name_collisions);

    let max_name_length = package_settings.destination.max_name_length();
    let writes = DestinationWrites::of(&package_settings.destination);
    schema.appends_merges = writes.appends_merges();

    let source_name = source.name.clone();
    let schema_settings = source.schema.clone();
    let (mut planned, producers) = plan(source, &settings, &schema.naming(max_name_length))?;
    let mut documents =
        Documents { schema: &mut schema, state: &mut state, package_settings: &mut package_settings };
    let visible: Vec<&Planned> = planned.iter().filter(|resource| !resource.is_hidden).collect();
    documents
        .prepare(&settings, &schema_settings, &visible)
        .map_err(|error| ExtractError::Schema { schema: source_name.clone(), reason: error.to_string() })?;

    let producers = bind_cursors(&mut planned, producers, &schema, &mut state, settings.limit.rows).map_err(
        |(resource, reason)| ExtractError::Hints { source_name: source_name.clone(), resource, reason },
    )?;

    plan_cuts(&mut planned, &schema, &writes);
    let publisher = Publisher {
        store,
        lock,
        settings: package_settings,
        run_id: request.run_id,
        producer: request.producer,
        published: request.published,
        halt: request.halt,
    };
    Extraction::new(source_name, planned, schema, state, settings, runtime, publisher).gather(producers)
}

/// Gives the producers of resources with a cursor their range. An error comes with the name of the resource.
pub(crate) fn bind_cursors(
    planned: &mut [Planned],
    producers: Vec<Box<dyn Producer>>,
    schema: &Schema,
    state: &mut PipelineState,
    max_rows: Option<u64>,
) -> Result<Vec<Box<dyn Producer>>, (String, String)> {
    let bound = planned.iter_mut().zip(producers).map(|(resource, producer)| {
        let Some(cursor) = resource.cursor.take() else { return Ok(producer) };
        let meaning = cursor.meaning(resource.target.root(), schema);
        let bounds = Bounds { meaning, max_rows, has_parent: resource.parent.is_some() };
        bind(producer, cursor, &resource.name, &schema.name, state, &bounds)
            .map_err(|reason| (resource.name.clone(), reason))
    });
    bound.collect()
}

/// What a run changes before the first row.
struct Documents<'a> {
    schema: &'a mut Schema,
    state: &'a mut PipelineState,
    package_settings: &'a mut PackageSettings,
}

impl Documents<'_> {
    fn prepare(
        &mut self,
        settings: &ExtractSettings,
        schema_settings: &SchemaSettings,
        planned: &[&Planned],
    ) -> Result<(), SchemaError> {
        if let Some(mode) = settings.refresh {
            let names: Vec<&str> = planned.iter().map(|resource| resource.name.as_str()).collect();
            if let Some(tables) = refresh(mode, &names, schema_settings.inherits, self.schema, self.state)? {
                self.package_settings.refresh = Some(tables);
            }
        }
        schema_settings.apply(self.schema)?;
        // Load needs them, and they are not part of the schema.
        for Planned { target, .. } in planned {
            handoff::note(self.package_settings, target);
        }
        for resource in
            planned.iter().filter(|resource| resource.target.disposition == WriteDisposition::Replace)
        {
            // As in dlt, the source is known to the state from then on.
            self.state.source_state_mut(&self.schema.name);
            self.state.reset_resource(&self.schema.name, &resource.name);
        }
        Ok(())
    }
}
