//! The schema: tables, settings and normalizers under one name, with a version.

use cartage_values::{DataType, Detection};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::contract::ContractModes;
use crate::error::SchemaError;
use crate::naming::{Naming, NamingKind};
use crate::nesting::Nesting;
use crate::pattern::{self, Pattern};
use crate::record::record;
use crate::settings::{InferenceSettings, Normalizers};
use crate::system_tables;
use crate::table::Table;
use crate::table_names::normalize_table;
use crate::words::{DefaultHint, MergeStrategy, WriteDisposition};

/// Longest name of a schema.
pub(crate) const MAX_NAME: usize = 64;

/// Everything known about the tables of one source.
///
/// Values in, values out: a schema knows no files. Names in it are normalized already.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Name, which is that of the source.
    pub name: String,
    /// Goes up by one with every change that was stored. Zero on schemas that were never stored.
    pub version: u64,
    /// Hash of the content when it was stored last; absent if it never was.
    pub version_hash: Option<String>,
    /// Version of the form of the document.
    pub engine_version: u32,
    /// Tables by name.
    pub tables: IndexMap<String, Table>,
    /// Rules for new columns, and the contract of the schema.
    pub settings: InferenceSettings,
    /// Naming convention and configuration of the normalizer.
    pub normalizers: Normalizers,
    /// Hashes of earlier versions, newest first.
    pub previous_hashes: Vec<String>,
    /// Hash of the imported schema that this one was made from.
    pub imported_version_hash: Option<String>,
    /// What the schema is about, for people.
    pub description: Option<String>,
    /// Whether the destination appends rows that are to be merged, because it cannot merge. Such tables need no
    /// keys that only merges need. Not part of the document: set by callers that know the destination.
    pub appends_merges: bool,
}

/// The keys of a document that are not required.
#[derive(Clone, Debug, Default)]
pub(crate) struct Optional {
    pub(crate) imported_version_hash: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) other: Map<String, Value>,
}

record!(Optional { "imported_version_hash" => imported_version_hash, "description" => description });

impl Schema {
    /// Version of the form of documents that this crate writes. It is dlt's.
    pub const ENGINE_VERSION: u32 = 11;

    /// A schema with the system tables, detections and default hints that dlt gives to a new schema.
    ///
    /// # Errors
    /// [`SchemaError::InvalidName`] if the name is not an identifier. [`normalize_schema_name`] makes one.
    pub fn new(name: &str, naming: NamingKind) -> Result<Self, SchemaError> {
        if !is_valid_name(name) {
            return Err(SchemaError::InvalidName(name.to_owned()));
        }
        let mut schema = Self {
            name: name.to_owned(),
            version: 0,
            version_hash: None,
            engine_version: Self::ENGINE_VERSION,
            tables: IndexMap::new(),
            settings: InferenceSettings {
                detections: Some(vec![Detection::IsoTimestamp]),
                ..InferenceSettings::default()
            },
            normalizers: Normalizers::relational(naming.as_str()),
            previous_hashes: Vec::new(),
            appends_merges: false,
            imported_version_hash: None,
            description: None,
        };
        schema.add_standard_hints();
        for table in [system_tables::version(), system_tables::loads()] {
            let table = normalize_table(table, &schema.naming(None));
            schema.tables.insert(table.name.clone(), table);
        }
        Ok(schema)
    }

    /// The naming convention of the schema. `max_length` is the destination's limit, which documents do not
    /// hold.
    pub fn naming(&self, max_length: Option<usize>) -> Naming {
        let keeps_paths = self.normalizers.use_break_path_on_normalize.unwrap_or(true);
        Naming::new(self.naming_kind(), max_length).keeping_paths(keeps_paths)
    }

    /// Which naming convention the schema has. Documents with an unknown one are refused when read.
    pub fn naming_kind(&self) -> NamingKind {
        let name = self.normalizers.names.as_deref();
        name.and_then(|name| name.parse().ok()).unwrap_or(NamingKind::SnakeCase)
    }

    /// The table of this name.
    ///
    /// # Errors
    /// [`SchemaError::TableNotFound`].
    pub fn table(&self, name: &str) -> Result<&Table, SchemaError> {
        self.tables
            .get(name)
            .ok_or_else(|| SchemaError::TableNotFound { schema: self.name.clone(), table: name.to_owned() })
    }

    /// Normalized name of `_dlt_version`.
    pub fn version_table_name(&self) -> String {
        self.naming(None).normalize_table_identifier(system_tables::VERSION)
    }

    /// Normalized name of `_dlt_loads`.
    pub fn loads_table_name(&self) -> String {
        self.naming(None).normalize_table_identifier(system_tables::LOADS)
    }

    /// Normalized name of `_dlt_pipeline_state`.
    pub fn state_table_name(&self) -> String {
        self.naming(None).normalize_table_identifier(system_tables::STATE)
    }

    /// The table that holds the pipeline state, as extract adds it to the default schema. Normalize adds the
    /// row id.
    pub fn pipeline_state_table(&self) -> Table {
        normalize_table(system_tables::state(), &self.naming(None))
    }

    /// Tables with data of the source, in order, without dlt's own.
    pub fn data_tables(&self) -> impl Iterator<Item = &Table> {
        let prefix = self.naming(None).dlt_prefix();
        self.tables.values().filter(move |table| !table.name.starts_with(&prefix))
    }

    /// dlt's own tables, in order.
    pub fn dlt_tables(&self) -> impl Iterator<Item = &Table> {
        let prefix = self.naming(None).dlt_prefix();
        self.tables.values().filter(move |table| table.name.starts_with(&prefix))
    }

    /// True if the table does not exist or has no column with a type.
    pub fn is_new_table(&self, name: &str) -> bool {
        self.tables.get(name).is_none_or(Table::is_new)
    }

    /// The root of the chain that a table belongs to: the table itself if it is not nested.
    pub fn root_of(&self, name: &str) -> Option<&Table> {
        let mut table = self.tables.get(name)?;
        // A document with a cycle of parents would never end otherwise.
        for _ in 0..=self.tables.len() {
            match table.parent.as_deref().filter(|_| table.is_nested()) {
                None => return Some(table),
                Some(parent) => table = self.tables.get(parent)?,
            }
        }
        None
    }

    /// Which tables lie below which.
    pub fn nesting(&self) -> Nesting<'_> {
        Nesting::of(&self.tables)
    }

    /// The table and all tables below it, as [`Nesting::chain`] lists them. Callers that need many chains ask
    /// [`Schema::nesting`] once.
    pub fn chain(&self, name: &str) -> Vec<&Table> {
        self.nesting().chain(name)
    }

    /// A hint of the table or of the nearest table above it that has one.
    fn inherited<'a, T>(&'a self, name: &str, hint: impl Fn(&'a Table) -> Option<T>) -> Option<T> {
        let mut table = self.tables.get(name)?;
        for _ in 0..=self.tables.len() {
            if let Some(value) = hint(table) {
                return Some(value);
            }
            table = self.tables.get(table.parent.as_deref().filter(|_| table.is_nested())?)?;
        }
        None
    }

    /// Write disposition of a table, from its root where it is nested.
    pub fn write_disposition(&self, table: &str) -> WriteDisposition {
        self.inherited(table, |table| table.write_disposition).unwrap_or(WriteDisposition::Append)
    }

    /// File format of a table, from the nearest table above it that has one.
    pub fn file_format(&self, table: &str) -> Option<&str> {
        self.inherited(table, |table| table.file_format.as_deref())
    }

    /// Table format of a table, from the nearest table above it that has one.
    pub fn table_format(&self, table: &str) -> Option<&str> {
        self.inherited(table, |table| table.table_format.as_deref())
    }

    /// The merge strategy that a table asks for, from the nearest table above it that has one. `None` leaves
    /// it to the destination.
    pub fn merge_strategy(&self, table: &str) -> Option<MergeStrategy> {
        self.inherited(table, Table::merge_strategy)
    }

    /// The contract of a table: its own or that of the nearest table above it, else that of the schema. dlt's
    /// own tables always evolve. `incoming` takes part instead of the stored table of its name.
    ///
    /// # Errors
    /// [`SchemaError::Contract`] if a contract was changed by hand to something that cannot be read.
    pub fn contract_for(&self, table: &str, incoming: Option<&Table>) -> Result<ContractModes, SchemaError> {
        if self.naming(None).is_dlt_name(table) {
            return Ok(ContractModes::EVOLVE);
        }
        let own = match incoming {
            Some(incoming) => incoming.schema_contract.as_ref().or_else(|| {
                let parent = incoming.parent.as_deref().filter(|_| incoming.is_nested())?;
                self.inherited(parent, |table| table.schema_contract.as_ref())
            }),
            None => self.inherited(table, |table| table.schema_contract.as_ref()),
        };
        let contract = own.or(self.settings.schema_contract.as_ref());
        Ok(contract.map_or(Ok(ContractModes::EVOLVE), ContractModes::parse)?)
    }

    /// Sets or removes the contract of the whole schema.
    ///
    /// # Errors
    /// [`SchemaError::Contract`] if it cannot be read; the schema is unchanged.
    pub fn set_contract(&mut self, contract: Option<Value>) -> Result<(), SchemaError> {
        if let Some(contract) = &contract {
            ContractModes::parse(contract)?;
        }
        // One that says nothing is none, as in dlt.
        let says_nothing =
            |contract: &Value| contract.is_null() || contract.as_object().is_some_and(Map::is_empty);
        self.settings.schema_contract = contract.filter(|contract| !says_nothing(contract));
        Ok(())
    }

    /// Adds a detection at the end, unless it is there.
    pub fn add_detection(&mut self, detection: Detection) {
        let detections = self.settings.detections.get_or_insert_default();
        if !detections.contains(&detection) {
            detections.push(detection);
        }
    }

    /// Removes a detection.
    pub fn remove_detection(&mut self, detection: Detection) {
        if let Some(detections) = &mut self.settings.detections {
            detections.retain(|known| *known != detection);
        }
    }

    /// Adds names and patterns to the default hints. Names are normalized; those that are there stay.
    ///
    /// # Errors
    /// [`SchemaError::Pattern`]; the schema is unchanged.
    pub fn merge_default_hints(
        &mut self,
        hints: &IndexMap<DefaultHint, Vec<String>>,
    ) -> Result<(), SchemaError> {
        for text in hints.values().flatten() {
            self.check_pattern(text)?;
        }
        let naming = self.naming(None);
        for (hint, names) in hints {
            let names = names.iter().map(|name| pattern::normalize(&naming, name)).collect();
            self.add_default_hint(*hint, names);
        }
        Ok(())
    }

    /// Adds or changes preferred types. Names are normalized.
    ///
    /// # Errors
    /// [`SchemaError::Pattern`]; the schema is unchanged.
    pub fn merge_preferred_types(&mut self, types: &IndexMap<String, DataType>) -> Result<(), SchemaError> {
        for text in types.keys() {
            self.check_pattern(text)?;
        }
        let naming = self.naming(None);
        let known = self.settings.preferred_types.get_or_insert_default();
        for (text, data_type) in types {
            let text = pattern::normalize(&naming, text);
            let same = known.keys().find(|key| pattern::canonical(key) == pattern::canonical(&text)).cloned();
            known.insert(same.unwrap_or(text), *data_type);
        }
        Ok(())
    }

    fn check_pattern(&self, text: &str) -> Result<(), SchemaError> {
        match Pattern::checked(text) {
            Ok(_) => Ok(()),
            Err(source) => Err(SchemaError::Pattern { schema: self.name.clone(), source }),
        }
    }

    /// Adds the hints by which the normalizer links rows.
    pub(crate) fn add_standard_hints(&mut self) {
        let naming = self.naming(None);
        let column = |name: &str| naming.normalize_identifier(name);
        let (id, root, parent) = (column("_dlt_id"), column("_dlt_root_id"), column("_dlt_parent_id"));
        let not_null =
            vec![id.clone(), root.clone(), parent.clone(), column("_dlt_list_idx"), column("_dlt_load_id")];
        self.add_default_hint(DefaultHint::NotNull, not_null);
        self.add_default_hint(DefaultHint::ParentKey, vec![parent]);
        self.add_default_hint(DefaultHint::RootKey, vec![root]);
        self.add_default_hint(DefaultHint::Unique, vec![id.clone()]);
        self.add_default_hint(DefaultHint::RowKey, vec![id]);
    }

    fn add_default_hint(&mut self, hint: DefaultHint, names: Vec<String>) {
        let known = self.settings.default_hints.get_or_insert_default().entry(hint).or_default();
        for name in names {
            if !known.iter().any(|old| pattern::canonical(old) == pattern::canonical(&name)) {
                known.push(name);
            }
        }
    }

    /// Merges a propagation configuration (`{root: {..}, tables: {..}}`) into that of the normalizer. Column
    /// names are normalized.
    pub fn merge_propagation(&mut self, propagation: &Map<String, Value>) {
        let naming = self.naming(None);
        self.normalizers.merge_propagation(propagation, |column| naming.normalize_path(column));
    }
}

/// Whether the name can be that of a schema: an identifier of at most 64 characters.
fn is_valid_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && characters.all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().count() <= MAX_NAME
}

/// Makes a name of a schema out of any text, as dlt does.
///
/// ```
/// assert_eq!(cartage_schema::normalize_schema_name("My Shop"), "my_shop");
/// ```
pub fn normalize_schema_name(name: &str) -> String {
    Naming::new(NamingKind::SnakeCase, Some(MAX_NAME)).normalize_identifier(name)
}
