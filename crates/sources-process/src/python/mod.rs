//! `type = "python"`: functions, and sources of dlt, run by a package of ours in the user's Python.

use std::path::PathBuf;
use std::sync::Arc;

use cartage_config::ConfigError;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::command::{self, ProgramSettings};
use crate::private_files::PrivateFiles;
use crate::program::Arguments;
use crate::protocol::{Opened, Opening, open};
use crate::secret_values::secret_values;
use crate::source::{ProgramSource, ProgramTable, Wanted};

/// Keys of the source's table that belong to this type.
pub const PYTHON_KEYS: &[&str] = &[
    "source",
    "args",
    "python",
    "with_resources",
    "env",
    "working_dir",
    "start_timeout",
    "stop_timeout",
    "idle_timeout",
];

/// Names and texts of files of the package.
macro_rules! files {
    ($($name:literal,)*) => {
        &[$((concat!("cartage_source/", $name), include_str!(concat!("cartage_source/", $name)))),*]
    };
}

/// The package that imports the user's function and speaks the source protocol for it.
const PACKAGE: &[(&str, &str)] = files![
    "__init__.py",
    "__main__.py",
    "channel.py",
    "classes.py",
    "columns.py",
    "conversation.py",
    "converters.py",
    "dlt_context.py",
    "dlt_extract.py",
    "dlt_hints.py",
    "dlt_items.py",
    "dlt_memory.py",
    "dlt_sources.py",
    "ending.py",
    "errors.py",
    "finding.py",
    "opening.py",
    "output.py",
    "pages.py",
    "plain.py",
    "reporting.py",
    "signatures.py",
    "state.py",
    "tables.py",
    "typed_json.py",
    "values.py",
];

/// Where Python is looked for, from the folder of the pipeline file, if the settings do not say.
const VIRTUAL_ENVIRONMENTS: [&str; 2] = [".venv/bin/python", "venv/bin/python"];

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Keys {
    source: Option<String>,
    args: Value,
    python: Option<PathBuf>,
    with_resources: Option<Vec<String>>,
}

/// A function of Python. It is imported, because it says which resources it has.
///
/// # Errors
/// The key that cannot be used, and what to do; what Python says is wrong.
pub fn python(table: &ProgramTable<'_>) -> Result<ProgramSource, ConfigError> {
    let section = table.section;
    let keys: Keys = section.without(command::KEYS).parse()?;
    let Some(source) = keys.source else {
        let message = "a source in Python needs the function to call, such as `shop:orders` for `orders` in shop.py, or \
                       `dlt.sources.rest_api:rest_api_source`";
        return Err(section.invalid("source", message));
    };
    let args = if keys.args.is_null() { json!({}) } else { keys.args };
    let secrets = secret_values(&args);
    let python = keys.python.map(|path| path.to_string_lossy().into_owned());
    let python = python.unwrap_or_else(|| {
        let found = VIRTUAL_ENVIRONMENTS.iter().find(|path| section.base_dir().join(path).is_file());
        found.map_or_else(|| "python3".to_owned(), |path| (*path).to_owned())
    });
    let settings = ProgramSettings::read(&section.only(command::KEYS), Some(vec![python]), &secrets)?;
    let settings = Arc::new(settings);
    let failed = |key: &str, error| table.failed(key, &error);
    let files = PrivateFiles::new().map_err(|error| failed("source", error))?;
    for (name, text) in PACKAGE {
        files.write_text(name, text).map_err(|error| failed("source", error))?;
    }
    let package = files.folder().join("cartage_source");
    let words = vec!["-u".to_owned(), package.to_string_lossy().into_owned()];
    let config = json!({"source": source, "args": args});
    let arguments = Arguments { words, files: Some(files.folder()) };
    let opening =
        Opening { pipeline: table.pipeline, source: table.name, config: &config, arguments: &arguments };
    let Opened { resources, schema, mut protocol } =
        open(&settings, &opening).map_err(|error| failed("source", error))?;
    // All of the package is imported by now, but processes that the code of the user starts may look for it.
    protocol.keep(files);
    let wanted = Wanted::of("with_resources", keys.with_resources);
    table.source(&settings, resources, wanted.as_ref(), schema, Box::new(protocol))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_package_is_whole() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/python/cartage_source");
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let names = entries.map(|name| format!("cartage_source/{}", name.to_string_lossy()));
        let mut names: Vec<String> = names.filter(|name| !name.ends_with("__pycache__")).collect();
        names.sort();
        assert_eq!(names, PACKAGE.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
}
