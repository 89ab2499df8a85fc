//! Documents of schemas (JSON, YAML) and of states: read, brought to the current version, hashed, written again.
#![no_main]

use cartage_fuzz::panics::{Contained, watch};
use cartage_schema::{IdentifierLimits, NamingKind, Schema, SchemaFormat, SchemaTextOptions};
use cartage_state::PipelineState;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: watch(Contained::None), |data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for format in SchemaFormat::ALL.into_iter().filter(|format| format.can_be_read()) {
        if let Ok(schema) = Schema::from_text(format, text) {
            written_and_read(&schema);
            changed(&schema);
        }
    }
    if let Ok(state) = PipelineState::from_json(text) {
        let again = PipelineState::decode(&state.encode()).expect("an encoded state can be decoded");
        assert_eq!(again.compute_hash(), state.compute_hash());
    }
    drop(PipelineState::decode(text));
});

/// A schema that was read is written in a form that is read as the same schema.
fn written_and_read(schema: &Schema) {
    let again = Schema::from_json(&schema.to_json()).expect("what was written can be read");
    assert_eq!(again.compute_hash(), schema.compute_hash());
    for format in SchemaFormat::ALL {
        let text = schema.to_text(format, SchemaTextOptions::default());
        if format.can_be_read() {
            let again = Schema::from_text(format, &text).expect("what was written can be read");
            assert_eq!(again.compute_hash(), schema.compute_hash(), "{format}");
        }
        let options = SchemaTextOptions { remove_defaults: true, remove_processing_hints: true };
        drop(schema.to_text(format, options));
    }
}

/// What stages do with schemas.
fn changed(schema: &Schema) {
    let limits = IdentifierLimits { table_length: 63, column_length: 63, case_sensitive: false };
    drop(schema.verify_identifiers(&limits));
    drop(schema.inference(0.0));
    for name in schema.tables.keys() {
        schema.chain(name);
        schema.write_disposition(name);
        schema.merge_strategy(name);
        drop(schema.contract_for(name, None));
    }
    let Ok(mut other) = Schema::new(&schema.name, schema.naming_kind()) else { return };
    if other.merge_schema(schema).is_ok() {
        drop(schema.changes_to(&other));
    }
    for naming in [NamingKind::SnakeCase, NamingKind::Direct, NamingKind::SqlCiV1] {
        drop(schema.clone().set_naming(naming));
    }
}
