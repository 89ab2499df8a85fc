//! The pipeline state as a row of the package.

use cartage_package_store::LoadId;
use cartage_runtime::Clock;
use cartage_schema::{MergeOrigin, Schema};
use cartage_source_api::{JsonPage, Page, SourceError};
use cartage_state::PipelineState;

use crate::ExtractError;

/// Makes the row if the state differs from the one that was extracted last, and notes in both that it was.
pub(crate) fn state_page(
    state: &mut PipelineState,
    schema: &mut Schema,
    load_id: &LoadId,
    clock: &dyn Clock,
) -> Result<Option<Page>, ExtractError> {
    state.bump();
    if !state.needs_extract() {
        return Ok(None);
    }
    let now = clock.now().format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string();
    let row = state.to_row(&now, load_id.as_str());
    let hash = state.compute_hash();
    state.mark_extracted(&hash, &now);
    let failed = |reason: String| ExtractError::Schema { schema: schema.name.clone(), reason };
    let page = JsonPage::from_rows([row]).map_err(|error: SourceError| failed(error.to_string()))?;
    let table = schema.pipeline_state_table();
    schema
        .merge_table(table, MergeOrigin::Resource)
        .map_err(|error| ExtractError::Schema { schema: schema.name.clone(), reason: error.to_string() })?;
    Ok(Some(Page::Json(page)))
}
