//! `type = "process"`.

use std::sync::Arc;

use cartage_config::ConfigError;
use cartage_schema::hints::ResourceHints;
use cartage_source_api::Resource;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::command::{self, ProgramSettings};
use crate::described::DescribedSchema;
use crate::lines::LinesProducer;
use crate::program::Arguments;
use crate::protocol::{Opened, Opening, open};
use crate::secret_values::secret_values;
use crate::source::{ProgramSource, ProgramTable, Wanted};

/// Keys of the source's table that belong to this type.
pub const PROCESS_KEYS: &[&str] = &[
    "command",
    "output",
    "config",
    "with_resources",
    "env",
    "working_dir",
    "start_timeout",
    "stop_timeout",
    "idle_timeout",
];

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Keys {
    output: OutputKind,
    config: Value,
    with_resources: Option<Vec<String>>,
}

/// What a program writes to its standard output.
#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutputKind {
    /// Rows of one resource, a JSON object a line.
    #[default]
    Jsonl,
    /// Messages of the source protocol.
    Protocol,
}

/// A program that prints rows, or speaks the source protocol. The latter is started, because it says which resources it
/// has.
///
/// # Errors
/// The key that cannot be used, and what to do; what the program says is wrong.
pub fn process(table: &ProgramTable<'_>) -> Result<ProgramSource, ConfigError> {
    let keys: Keys = table.section.without(&[&["command"], command::KEYS].concat()).parse()?;
    let config = if keys.config.is_null() { json!({}) } else { keys.config };
    let secrets = secret_values(&config);
    let settings = ProgramSettings::read(table.section, None, &secrets)?;
    let settings = Arc::new(settings);
    match keys.output {
        OutputKind::Jsonl => {
            for key in ["config", "with_resources"] {
                if table.section.origin(key).is_some() {
                    let message =
                        "only programs that speak the source protocol have it: set `output = \"protocol\"`";
                    return Err(table.section.invalid(key, message));
                }
            }
            let (name, hints) = match table.listed {
                [] => (table.name.to_owned(), ResourceHints::default()),
                [(name, hints)] => (name.clone(), hints.clone()),
                _ => {
                    let message = "a program that prints lines of JSON is one resource; make a source of each program, or set \
                                   `output = \"protocol\"` if it speaks the source protocol";
                    return Err(table.section.invalid("resources", message));
                }
            };
            let producer = Box::new(LinesProducer::new(settings));
            let schema = DescribedSchema::default();
            Ok(ProgramSource { resources: vec![Resource::new(name, hints, producer)], schema })
        }
        OutputKind::Protocol => {
            let opening = Opening {
                pipeline: table.pipeline,
                source: table.name,
                config: &config,
                arguments: &Arguments::default(),
            };
            let Opened { resources, schema, protocol } =
                open(&settings, &opening).map_err(|error| table.failed("command", &error))?;
            let wanted = Wanted::of("with_resources", keys.with_resources);
            table.source(&settings, resources, wanted.as_ref(), schema, Box::new(protocol))
        }
    }
}
