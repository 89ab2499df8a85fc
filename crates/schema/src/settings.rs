//! Settings and normalizers of a schema: what decides names, types and hints of what is new.

use cartage_values::{DataType, Detection};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::record::{record, record_serde};
use crate::words::DefaultHint;

/// Rules that give new columns types and hints, and the contract of the whole schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InferenceSettings {
    /// Mode or modes of the contract, in the form that was given.
    pub schema_contract: Option<Value>,
    /// Detections, tried in order.
    pub detections: Option<Vec<Detection>>,
    /// Hints that new columns get by name: exact names, or `re:` and a pattern.
    pub default_hints: Option<IndexMap<DefaultHint, Vec<String>>>,
    /// Types that new columns get by name, whatever their values look like.
    pub preferred_types: Option<IndexMap<String, DataType>>,
    /// `x-` keys, and known keys that are explicitly `null`.
    pub other: Map<String, Value>,
}

record!(InferenceSettings {
    "schema_contract" => schema_contract,
    "detections" => detections,
    "default_hints" => default_hints,
    "preferred_types" => preferred_types,
});
record_serde!(InferenceSettings);

/// Naming convention and configuration of the relational normalizer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Normalizers {
    /// Name of the naming convention. See [`crate::NamingKind`].
    pub names: Option<String>,
    /// Module and configuration of the normalizer of rows.
    pub json: Option<JsonNormalizer>,
    /// Detections that count where the settings have none.
    pub detections: Option<Vec<Detection>>,
    /// Whether tables with data may be renamed by another naming convention.
    pub allow_identifier_change_on_table_with_data: Option<bool>,
    /// False where names of fields are normalized as one identifier, without keeping `__`.
    pub use_break_path_on_normalize: Option<bool>,
    /// `x-` keys, and known keys that are explicitly `null`.
    pub other: Map<String, Value>,
}

record!(Normalizers {
    "names" => names,
    "json" => json,
    "detections" => detections,
    "allow_identifier_change_on_table_with_data" => allow_identifier_change_on_table_with_data,
    "use_break_path_on_normalize" => use_break_path_on_normalize,
});
record_serde!(Normalizers);

/// Module name of the relational normalizer in documents.
pub(crate) const RELATIONAL: &str = "dlt.common.normalizers.json.relational";

/// How many levels are unpacked where nothing else is said.
pub const DEFAULT_MAX_NESTING: u32 = 1000;

/// The normalizer of rows. Its configuration is kept as it is in the document; the methods of
/// [`Normalizers`] read and write it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonNormalizer {
    /// Python module of the normalizer, which is only a name here.
    pub module: Option<String>,
    /// `max_nesting`, `root_key_propagation` and `propagation`.
    pub config: Option<Map<String, Value>>,
    /// `x-` keys, and known keys that are explicitly `null`.
    pub other: Map<String, Value>,
}

record!(JsonNormalizer { "module" => module, "config" => config });
record_serde!(JsonNormalizer);

impl Normalizers {
    /// The relational normalizer with a naming convention.
    pub(crate) fn relational(names: &str) -> Self {
        let json = JsonNormalizer { module: Some(RELATIONAL.to_owned()), ..JsonNormalizer::default() };
        Self { names: Some(names.to_owned()), json: Some(json), ..Self::default() }
    }

    fn config(&self) -> Option<&Map<String, Value>> {
        self.json.as_ref()?.config.as_ref()
    }

    fn config_mut(&mut self) -> &mut Map<String, Value> {
        let json = self.json.get_or_insert_with(|| JsonNormalizer {
            module: Some(RELATIONAL.to_owned()),
            ..JsonNormalizer::default()
        });
        json.config.get_or_insert_default()
    }

    /// How many levels of lists and objects are unpacked in tables that say nothing themselves.
    pub fn max_nesting(&self) -> u32 {
        let levels = self.config().and_then(|config| config.get("max_nesting")?.as_u64());
        levels.map_or(DEFAULT_MAX_NESTING, |levels| u32::try_from(levels).unwrap_or(u32::MAX))
    }

    /// Sets or removes the source's limit on unpacked levels.
    pub fn set_max_nesting(&mut self, levels: Option<u32>) {
        self.set_config("max_nesting", levels.map(Value::from));
    }

    /// Whether nested tables get the id of their root row; `None` leaves it to the merge strategy.
    pub fn root_key_propagation(&self) -> Option<bool> {
        self.config()?.get("root_key_propagation")?.as_bool()
    }

    /// Sets or removes the source's wish for root ids.
    pub fn set_root_key_propagation(&mut self, wish: Option<bool>) {
        self.set_config("root_key_propagation", wish.map(Value::from));
    }

    fn set_config(&mut self, key: &str, value: Option<Value>) {
        match value {
            Some(value) => {
                self.config_mut().insert(key.to_owned(), value);
            }
            // Without a configuration there is nothing to remove, and an empty one would change the hash.
            None if self.config().is_none() => {}
            None => {
                self.config_mut().shift_remove(key);
            }
        }
    }

    /// Columns whose values go from every root row to all rows below it: name in the root to name below.
    pub fn propagation_root(&self) -> Vec<(&str, &str)> {
        self.propagation().map(|all| pairs(all.get("root"))).unwrap_or_default()
    }

    /// Columns whose values go from rows of `table` to all rows below them.
    pub fn propagation_of(&self, table: &str) -> Vec<(&str, &str)> {
        self.propagation()
            .map(|all| pairs(all.get("tables").and_then(|tables| tables.get(table))))
            .unwrap_or_default()
    }

    /// Everything that is propagated from rows of `table`: what all roots propagate, then what the table
    /// itself does. A column that both name goes where the table says.
    pub fn propagation_for(&self, table: &str, is_root: bool) -> Vec<(&str, &str)> {
        let mut all: IndexMap<&str, &str> = IndexMap::new();
        if is_root {
            all.extend(self.propagation_root());
        }
        all.extend(self.propagation_of(table));
        all.into_iter().collect()
    }

    fn propagation(&self) -> Option<&Map<String, Value>> {
        self.config()?.get("propagation")?.as_object()
    }

    /// Adds a column that rows of `table` hand down.
    pub(crate) fn propagate(&mut self, table: &str, from: &str, to: &str) {
        let tables = object(object(self.config_mut(), "propagation"), "tables");
        object(tables, table).insert(from.to_owned(), Value::from(to));
    }

    /// Forgets what rows of a dropped table handed down.
    pub(crate) fn forget_table(&mut self, table: &str) {
        let Some(config) = self.json.as_mut().and_then(|json| json.config.as_mut()) else { return };
        let tables = config.get_mut("propagation").and_then(|all| all.get_mut("tables"));
        if let Some(Value::Object(tables)) = tables {
            tables.shift_remove(table);
        }
    }

    /// Forgets all that rows hand down: a source that configures its schema says it again, and tables that need ids of
    /// their roots get them when normalize begins ([`Schema::propagate_row_ids`](crate::Schema::propagate_row_ids)).
    pub fn forget_propagation(&mut self) {
        if let Some(config) = self.json.as_mut().and_then(|json| json.config.as_mut()) {
            config.shift_remove("propagation");
        }
    }

    /// Removes what is configured and empty, as a new configuration would not have it.
    pub fn drop_empty(&mut self) {
        let Some(json) = self.json.as_mut() else { return };
        let Some(config) = json.config.as_mut() else { return };
        if let Some(Value::Object(propagation)) = config.get_mut("propagation") {
            propagation.retain(|_, columns| columns.as_object().is_none_or(|columns| !columns.is_empty()));
            if propagation.is_empty() {
                config.shift_remove("propagation");
            }
        }
        if config.is_empty() {
            json.config = None;
        }
    }

    /// Merges a propagation configuration (`{root: {..}, tables: {..}}`) after `rename` has been applied to
    /// every column name.
    pub(crate) fn merge_propagation(
        &mut self,
        incoming: &Map<String, Value>,
        rename: impl Fn(&str) -> String,
    ) {
        let renamed = |columns: Option<&Value>| -> Map<String, Value> {
            pairs(columns).into_iter().map(|(from, to)| (rename(from), Value::from(rename(to)))).collect()
        };
        let propagation = object(self.config_mut(), "propagation");
        if incoming.contains_key("root") {
            object(propagation, "root").extend(renamed(incoming.get("root")));
        }
        if let Some(Value::Object(tables)) = incoming.get("tables") {
            let known = object(propagation, "tables");
            for (table, columns) in tables {
                object(known, table).extend(renamed(Some(columns)));
            }
        }
    }
}

/// The object at `key`, made where it is absent or no object.
fn object<'a>(map: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let slot = map.entry(key).or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut().expect("just made an object")
}

fn pairs(columns: Option<&Value>) -> Vec<(&str, &str)> {
    let columns = columns.and_then(Value::as_object);
    columns.into_iter().flatten().filter_map(|(from, to)| Some((from.as_str(), to.as_str()?))).collect()
}
