//! Naming conventions: how names in data become names of tables and columns.
//!
//! dlt builds its conventions on regular expressions. Here each rule is one pass over the characters, because
//! normalize asks for a name whenever a new key turns up.

mod identifier;
mod shorten;

use std::str::FromStr;

use cartage_values::text::is_blank;

pub(crate) use identifier::escape_free;

/// The naming conventions that are built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NamingKind {
    /// Lower case words joined by `_`; the default.
    SnakeCase,
    /// Names stay as they are but for quotes and line ends; paths are joined by `▶`.
    Direct,
    /// Names stay as they are but for double quotes, line ends and runs of `_`.
    DuckCase,
    /// ASCII letters, digits and `_`, in the case of the source.
    SqlCsV1,
    /// As `sql_cs_v1`, in lower case.
    SqlCiV1,
}

/// The name of a naming convention that is not built in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown naming convention `{0}`, use one of snake_case, direct, duck_case, sql_cs_v1, sql_ci_v1")]
pub struct UnknownNaming(pub String);

impl NamingKind {
    /// All conventions, the default one first.
    pub const ALL: [Self; 5] = [Self::SnakeCase, Self::Direct, Self::DuckCase, Self::SqlCsV1, Self::SqlCiV1];

    /// The name that is used in schemas and configurations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SnakeCase => "snake_case",
            Self::Direct => "direct",
            Self::DuckCase => "duck_case",
            Self::SqlCsV1 => "sql_cs_v1",
            Self::SqlCiV1 => "sql_ci_v1",
        }
    }

    /// Whether names that differ in case only are different names.
    pub(crate) const fn is_case_sensitive(self) -> bool {
        matches!(self, Self::Direct | Self::DuckCase | Self::SqlCsV1)
    }

    /// What joins the parts of a path.
    pub(crate) const fn path_separator(self) -> &'static str {
        match self {
            Self::Direct => "▶",
            _ => "__",
        }
    }
}

impl std::fmt::Display for NamingKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for NamingKind {
    type Err = UnknownNaming;

    /// Accepts the short name and the Python module of dlt's convention, current and legacy.
    fn from_str(text: &str) -> Result<Self, UnknownNaming> {
        let short = ["dlt.common.normalizers.naming.", "dlt.common.normalizers.names."]
            .iter()
            .find_map(|module| text.strip_prefix(module))
            .unwrap_or(text);
        let short = short.strip_suffix(".NamingConvention").unwrap_or(short);
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == short)
            .ok_or_else(|| UnknownNaming(text.to_owned()))
    }
}

/// A naming convention with the length limit of a destination. Small and cheap to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Naming {
    kind: NamingKind,
    max_length: Option<usize>,
    keeps_paths: bool,
}

impl Naming {
    /// The convention with a limit in characters, which is the smaller one of the destination's limits for
    /// tables and columns. Names in data keep `__`, as in all schemas that are not migrated from old ones.
    pub fn new(kind: NamingKind, max_length: Option<usize>) -> Self {
        Self { kind, max_length, keeps_paths: true }
    }

    /// Says whether names in data keep path separators (`normalizers.use_break_path_on_normalize`).
    #[must_use]
    pub fn keeping_paths(self, keeps_paths: bool) -> Self {
        Self { keeps_paths, ..self }
    }

    /// Which convention it is.
    pub fn kind(&self) -> NamingKind {
        self.kind
    }

    /// The limit in characters.
    pub fn max_length(&self) -> Option<usize> {
        self.max_length
    }

    /// Whether names that differ in case only are different names.
    pub(crate) fn is_case_sensitive(&self) -> bool {
        self.kind.is_case_sensitive()
    }

    /// What joins the parts of a path.
    pub(crate) fn path_separator(&self) -> &'static str {
        self.kind.path_separator()
    }

    /// Normalizes and shortens one identifier.
    ///
    /// A blank identifier gives an empty name, where dlt raises an error: callers check with
    /// [`is_blank`](cartage_values::text::is_blank) what must not be blank.
    pub fn normalize_identifier(&self, identifier: &str) -> String {
        let identifier = cartage_values::text::trim(identifier);
        shorten::shorten(identifier::normalize(self.kind, identifier), identifier, self.max_length)
    }

    /// Normalizes and shortens one name of a table. The same as an identifier in the built-in conventions.
    pub(crate) fn normalize_table_identifier(&self, identifier: &str) -> String {
        self.normalize_identifier(identifier)
    }

    /// Breaks a path, normalizes its parts, joins them again and shortens the whole.
    pub fn normalize_path(&self, path: &str) -> String {
        let mut parts = self.break_path(path);
        let joined = match (parts.next(), parts.next()) {
            (None, _) => String::new(),
            // One part is the common case, and its whole length is the length of the path.
            (Some(only), None) => self.normalize_identifier(only),
            (Some(first), Some(second)) => {
                let names: Vec<String> = [first, second]
                    .into_iter()
                    .chain(parts)
                    .map(|part| self.normalize_identifier(part))
                    .collect();
                self.make_path(names.iter().map(String::as_str))
            }
        };
        shorten::shorten(joined, path, self.max_length)
    }

    /// Normalizes a path of table names. The same as a path of identifiers in the built-in conventions.
    pub(crate) fn normalize_tables_path(&self, path: &str) -> String {
        self.normalize_path(path)
    }

    /// Normalizes the key of a field in data. Blank keys become `_empty`.
    pub fn normalize_key(&self, key: &str) -> String {
        if is_blank(key) {
            EMPTY_KEY.to_owned()
        } else if self.keeps_paths {
            self.normalize_path(key)
        } else {
            self.normalize_identifier(key)
        }
    }

    /// Normalizes the name of a table in data: of a resource, or of a key that holds a list.
    pub fn normalize_table_key(&self, key: &str) -> String {
        if self.keeps_paths { self.normalize_tables_path(key) } else { self.normalize_table_identifier(key) }
    }

    /// Joins parts with the path separator. Blank parts are left out.
    pub fn make_path<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> String {
        let mut path = String::new();
        for part in parts.into_iter().filter(|part| !is_blank(part)) {
            if !path.is_empty() {
                path.push_str(self.path_separator());
            }
            path.push_str(part);
        }
        path
    }

    /// Splits at the path separator. Blank parts are left out.
    pub fn break_path<'a>(&self, path: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        path.split(self.path_separator()).filter(|part| !is_blank(part))
    }

    /// Joins parts that are normalized already and shortens the whole: names of nested tables, of flattened
    /// columns and of variants.
    pub fn shorten_fragments<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> String {
        let path = self.make_path(parts);
        match self.max_length {
            None => path,
            Some(_) => shorten::shorten(path.clone(), &path, self.max_length),
        }
    }

    /// The normalized prefix of dlt's own tables and columns.
    pub(crate) fn dlt_prefix(&self) -> String {
        self.normalize_table_identifier("_dlt")
    }

    /// Whether a normalized name belongs to dlt's own tables or columns.
    pub fn is_dlt_name(&self, name: &str) -> bool {
        name.starts_with(&self.dlt_prefix())
    }
}

/// Name of fields whose key is blank.
pub const EMPTY_KEY: &str = "_empty";

impl std::fmt::Display for Naming {
    /// dlt's text form: `snake_case_ci_63`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.kind, if self.is_case_sensitive() { "cs" } else { "ci" })?;
        match self.max_length {
            Some(length) => write!(f, "_{length}"),
            None => Ok(()),
        }
    }
}
