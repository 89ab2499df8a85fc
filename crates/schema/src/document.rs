//! Reading and writing schemas as JSON documents, the form in which dlt stores them.

use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::{Map, Value};

use crate::contract::ContractModes;
use crate::error::SchemaError;
use crate::hash::hash_document;
use crate::migrate::migrate;
use crate::pattern::Pattern;
use crate::schema::{Optional, Schema};
use crate::table::Table;
use crate::words::WriteDisposition;

impl Schema {
    /// Reads a document. Documents of older engines are migrated, those of newer ones refused.
    ///
    /// Where the document is of the current engine, `version_hash` is what it says, even if the content was
    /// changed by hand; [`is_modified`](Self::is_modified) tells.
    ///
    /// # Errors
    /// [`SchemaError::Json`], [`SchemaError::Invalid`], [`SchemaError::NewerEngine`], and
    /// [`SchemaError::ParentNotFound`] for a nested table without parent.
    pub fn from_json(text: &str) -> Result<Self, SchemaError> {
        Self::from_value(serde_json::from_str(text)?)
    }

    /// Reads a document that is parsed already. See [`from_json`](Self::from_json).
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn from_value(document: Value) -> Result<Self, SchemaError> {
        let Value::Object(document) = document else { return Err(invalid("document", "must be an object")) };
        let schema = read(migrate(document)?)?;
        schema.validate()?;
        Ok(schema)
    }

    /// The document on one line, as `_dlt_version` holds it.
    pub fn to_json(&self) -> String {
        let document = serde_json::to_value(self).expect("a schema is representable as JSON");
        cartage_values::canonical::to_compact(&document)
    }

    /// The document indented by two spaces, as files hold it.
    pub fn to_json_pretty(&self) -> String {
        serde_json::to_string_pretty(self).expect("a schema is representable as JSON")
    }

    /// A copy without what the stages noted in it, for people and exports.
    #[must_use]
    pub fn without_processing_hints(&self) -> Self {
        let mut schema = self.clone();
        schema.tables.values_mut().for_each(Table::remove_processing_hints);
        schema
    }

    /// Whether a stored document was changed by hand: its content does not have the hash that it says.
    /// Documents of older engines cannot be checked and pass.
    ///
    /// # Errors
    /// [`SchemaError::Json`] if the text is not a JSON object.
    pub fn is_tampered(text: &str) -> Result<bool, SchemaError> {
        let document: Map<String, Value> = serde_json::from_str(text)?;
        let engine = document.get("engine_version").and_then(Value::as_u64);
        let stored = document.get("version_hash").and_then(Value::as_str).map(str::to_owned);
        match stored {
            Some(stored) if engine == Some(u64::from(Self::ENGINE_VERSION)) => {
                Ok(hash_document(document) != stored)
            }
            _ => Ok(false),
        }
    }

    fn validate(&self) -> Result<(), SchemaError> {
        for table in self.tables.values() {
            match &table.parent {
                Some(parent) if table.is_nested() && !self.tables.contains_key(parent) => {
                    return Err(SchemaError::ParentNotFound {
                        schema: self.name.clone(),
                        table: table.name.clone(),
                        parent: parent.clone(),
                    });
                }
                _ => {}
            }
        }
        for name in [self.version_table_name(), self.loads_table_name()] {
            if !self.tables.contains_key(&name) {
                return Err(invalid("tables", &format!("table `{name}` is missing")));
            }
        }
        let settings = &self.settings;
        let hints = settings.default_hints.iter().flat_map(|hints| hints.values().flatten());
        let types = settings.preferred_types.iter().flat_map(|types| types.keys());
        for text in hints.chain(types) {
            Pattern::checked(text)
                .map_err(|source| SchemaError::Pattern { schema: self.name.clone(), source })?;
        }
        if let Some(contract) = &settings.schema_contract {
            ContractModes::parse(contract)?;
        }
        Ok(())
    }
}

fn invalid(path: &str, reason: &str) -> SchemaError {
    SchemaError::Invalid { path: path.to_owned(), reason: reason.to_owned() }
}

/// Reads a document of the current engine.
fn read(mut document: Map<String, Value>) -> Result<Schema, SchemaError> {
    let name: String = take(&mut document, "name")?;
    let mut schema = Schema::new(&name, crate::naming::NamingKind::SnakeCase)?;
    schema.engine_version = take(&mut document, "engine_version")?;
    schema.version = take::<Option<u64>>(&mut document, "version")?.unwrap_or_default();
    schema.version_hash =
        take::<Option<String>>(&mut document, "version_hash")?.filter(|hash| !hash.is_empty());
    schema.previous_hashes =
        take::<Option<Vec<String>>>(&mut document, "previous_hashes")?.unwrap_or_default();
    schema.settings = take::<Option<_>>(&mut document, "settings")?.unwrap_or_default();
    schema.normalizers = take::<Option<_>>(&mut document, "normalizers")?.unwrap_or_default();
    if let Some(names) = &schema.normalizers.names {
        names.parse::<crate::naming::NamingKind>()?;
    }
    schema.tables.clear();
    for (name, table) in take::<Map<String, Value>>(&mut document, "tables")? {
        let path = format!("table `{name}`");
        let Value::Object(table) = table else { return Err(invalid(&path, "must be an object")) };
        let table = Table::from_map(&name, table).map_err(|error| invalid(&path, &error.to_string()))?;
        schema.tables.insert(name, with_defaults(table));
    }
    let mut rest = Optional::default();
    rest.fill(document).map_err(|error| invalid("document", &error.to_string()))?;
    schema.imported_version_hash = rest.imported_version_hash;
    schema.description = rest.description;
    Ok(schema)
}

fn take<T: serde::de::DeserializeOwned>(
    document: &mut Map<String, Value>,
    key: &str,
) -> Result<T, SchemaError> {
    let value = document.shift_remove(key).unwrap_or_default();
    serde_json::from_value(value).map_err(|error| invalid(&format!("`{key}`"), &error.to_string()))
}

/// Root tables always say their write disposition and resource.
fn with_defaults(mut table: Table) -> Table {
    if !table.is_nested() {
        if table.write_disposition.is_none() {
            table.other.shift_remove("write_disposition");
            table.write_disposition = Some(WriteDisposition::Append);
        }
        if table.resource.is_none() {
            table.other.shift_remove("resource");
            table.resource = Some(table.name.clone());
        }
    }
    table
}

impl Serialize for Schema {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("version", &self.version)?;
        map.serialize_entry("version_hash", &self.version_hash)?;
        map.serialize_entry("engine_version", &self.engine_version)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("tables", &self.tables)?;
        map.serialize_entry("settings", &self.settings)?;
        map.serialize_entry("normalizers", &self.normalizers)?;
        map.serialize_entry("previous_hashes", &self.previous_hashes)?;
        if let Some(hash) = &self.imported_version_hash {
            map.serialize_entry("imported_version_hash", hash)?;
        }
        // dlt leaves an empty description out, which the hash would notice.
        if let Some(description) = self.description.as_ref().filter(|text| !text.is_empty()) {
            map.serialize_entry("description", description)?;
        }
        map.end()
    }
}

impl<'de> serde::Deserialize<'de> for Schema {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
