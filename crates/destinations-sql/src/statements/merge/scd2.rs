//! Keeps the history of rows: a version that is no longer staged is retired, a new one is inserted.
//!
//! Versions are told apart by a column that identifies content: the hash of the row, or a column of the
//! user. A staged row that is marked as deleted and has nothing but its keys retires the version that is there and
//! is not a version itself. With a merge key only keys that are staged can be retired, so that a load may bring a
//! part of the source. Nested rows are inserted with the version that they belong to and never change.
//!
//! Most nested rows belong to versions that were never there, and need not be looked for in a table that
//! may be large: where the version is the row's id, the staged versions that the destination knows are
//! looked up once.

use cartage_destinations_api::{Error, Result, SqlScript};
use cartage_values::{Iso, parse_iso};
use serde_json::Value;

use super::chain::{MergeChain, row_key, where_all};
use crate::statements::chain_table::ChainTable;
use crate::statements::dialect::Lookup;

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// The staged versions that were there before, and whether as active ones; of this connection only.
const KNOWN: &str = "_cartage_known";
/// The rows of a nested table that belong to known versions.
const KNOWN_BELOW: &str = "_cartage_known_below";

pub(super) fn script(chain: &MergeChain<'_>, created_micros: i64) -> Result<SqlScript> {
    let history = History::new(chain, created_micros)?;
    let name = chain.name();
    let looks_up = history.looks_up();
    let mut script = SqlScript::default();
    if looks_up {
        script.push(format!("merge {name}: find staged versions that are known"), history.find_known());
    }
    script.push(format!("merge {name}: retire versions that are not staged"), history.retire());
    script.push(format!("merge {name}: insert new versions"), history.insert(looks_up));
    for table in chain.nested {
        history.insert_nested(table, looks_up, &mut script)?;
    }
    if looks_up {
        script.push(format!("merge {name}: forget them"), chain.dialect.drop_temporary(KNOWN));
    }
    Ok(script)
}

/// The columns that make a history, and the timestamps as literals.
struct History<'a> {
    chain: &'a MergeChain<'a>,
    valid_from: &'a str,
    valid_to: &'a str,
    version: &'a str,
    /// When versions of this load begin and others end.
    boundary: String,
    /// The value of `valid_to` in active versions; `None` is null.
    active: Option<String>,
}

impl<'a> History<'a> {
    fn new(chain: &'a MergeChain<'a>, created_micros: i64) -> Result<Self> {
        let table = chain.root.table;
        let column = |hint: &str| {
            table.complete_columns().find(|column| column.has_own_hint(hint)).ok_or_else(|| {
                Error::terminal(format!("table {} has no column with the hint {hint}", table.name))
            })
        };
        let valid_to = column("x-valid-to")?;
        let literal = |micros| chain.dialect.timestamp_literal(micros);
        let boundary = match table.other.get("x-boundary-timestamp") {
            None | Some(Value::Null) => created_micros,
            Some(value) => moment("boundary_timestamp", value)?,
        };
        let active = match valid_to.other.get("x-active-record-timestamp") {
            None | Some(Value::Null) => None,
            Some(value) => Some(literal(moment("active_record_timestamp", value)?)),
        };
        Ok(Self {
            chain,
            valid_from: &column("x-valid-from")?.name,
            valid_to: &valid_to.name,
            version: &column("x-row-version")?.name,
            boundary: literal(boundary),
            active,
        })
    }

    /// Whether a version is active; `prefix` is an alias with its point, or nothing.
    fn is_active(&self, prefix: &str) -> String {
        let until = format!("{prefix}{}", self.chain.quote(self.valid_to));
        self.active
            .as_ref()
            .map_or_else(|| format!("{until} IS NULL"), |active| format!("{until} = {active}"))
    }

    fn retire(&self) -> String {
        let chain = self.chain;
        let mut conditions = vec![self.is_active("")];
        conditions.extend(chain.absent(&[self.version]));
        format!(
            "UPDATE {} SET {} = {}{}",
            chain.searched(chain.root),
            chain.quote(self.valid_to),
            self.boundary,
            where_all(&conditions)
        )
    }

    /// Whether known versions are looked up once for all statements.
    fn looks_up(&self) -> bool {
        !self.chain.nested.is_empty() && self.has_identity()
    }

    fn find_known(&self) -> String {
        let chain = self.chain;
        let target = chain.searched(chain.root);
        let select = format!(
            "SELECT {} AS k, CASE WHEN {} THEN 1 ELSE 0 END AS is_active FROM {target} WHERE {}",
            chain.quote(self.version),
            self.is_active(""),
            chain.is_staged(&[self.version])
        );
        chain.dialect.create_temporary(KNOWN, &select)
    }

    fn insert(&self, looked_up: bool) -> String {
        let chain = self.chain;
        let columns = chain.root.columns();
        let values = columns.iter().map(|column| match *column {
            column if column == self.valid_from => self.boundary.clone(),
            column if column == self.valid_to => self.active.clone().unwrap_or_else(|| "NULL".to_owned()),
            column => format!("s.{}", chain.quote(column)),
        });
        let target = chain.target(chain.root);
        let active = if looked_up {
            let version = chain.quote(self.version);
            let equal = vec![("k".to_owned(), format!("s.{version}"))];
            Lookup { source: KNOWN, alias: "d", equal, condition: Some("d.is_active = 1".to_owned()) }
        } else {
            let condition = Some(self.is_active("d."));
            Lookup { condition, ..chain.lookup(&target, "d", &[self.version], "s") }
        };
        let is_new = chain.dialect.is_not_found(&active);
        let whole = chain.is_whole("s.").map(|whole| format!(" AND {whole}")).unwrap_or_default();
        format!(
            "INSERT INTO {target} ({}) SELECT {} FROM {} AS s WHERE {is_new}{whole}",
            chain.dialect.column_list(&columns),
            values.collect::<Vec<_>>().join(", "),
            chain.source(),
        )
    }

    fn insert_nested(&self, table: &ChainTable<'_>, looked_up: bool, script: &mut SqlScript) -> Result<()> {
        let chain = self.chain;
        let (name, staged) = (&table.target.table, chain.staged(table));
        let row_key = row_key(table)?;
        let insert = format!("merge {name}: insert the list elements of new versions");
        let Some(link) = chain.link(table).filter(|_| looked_up) else {
            let is_unknown = chain.is_unknown(table, &[row_key]);
            let conditions: Vec<_> = std::iter::once(is_unknown).chain(self.has_parent(table)?).collect();
            script.push(insert, chain.copy(table, &staged, &conditions));
            return Ok(());
        };
        let (target, row_key, link) = (chain.target(table), chain.quote(row_key), chain.quote(link));
        // In this form the database reads its own rows only if there are staged ones to look for.
        let among = |source: &'static str, value: &str| Lookup {
            source,
            alias: "k",
            equal: vec![("k".to_owned(), format!("s.{value}"))],
            condition: None,
        };
        let known = format!(
            "SELECT {row_key} AS k FROM {target} WHERE {row_key} IN (SELECT s.{row_key} FROM {staged} AS s \
             WHERE {})",
            chain.dialect.is_found(&among(KNOWN, &link))
        );
        let is_unknown = chain.dialect.is_not_found(&among(KNOWN_BELOW, &row_key));
        script.push(
            format!("merge {name}: find the list elements of known versions"),
            chain.dialect.create_temporary(KNOWN_BELOW, &known),
        );
        script.push(insert, chain.copy(table, &staged, &[is_unknown]));
        script.push(format!("merge {name}: forget them"), chain.dialect.drop_temporary(KNOWN_BELOW));
        Ok(())
    }

    /// Whether the ids of staged rows say which version they belong to, and all of them come.
    fn has_identity(&self) -> bool {
        self.version_is_row_id() && !self.chain.is_filtered()
    }

    /// Where some staged root rows do not come, and their ids say nothing about their content, nested
    /// rows come only below rows that did.
    fn has_parent(&self, table: &ChainTable<'_>) -> Result<Option<String>> {
        let chain = self.chain;
        if self.has_identity() {
            return Ok(None);
        }
        let mut above = std::iter::once(chain.root).chain(chain.nested);
        let parent = above.find(|above| Some(above.table.name.as_str()) == table.table.parent.as_deref());
        let link = table.table.complete_columns().find(|column| column.parent_key == Some(true));
        let (Some(parent), Some(link)) = (parent, link) else { return Ok(None) };
        let is_root = parent.table.name == chain.root.table.name;
        let key = if is_root && self.version_is_row_id() { self.version } else { row_key(parent)? };
        Ok(Some(chain.dialect.is_found(&Lookup {
            source: &chain.target(parent),
            alias: "p",
            equal: vec![(chain.quote(key), format!("s.{}", chain.quote(&link.name)))],
            condition: None,
        })))
    }

    /// Whether the version is the row's id: then no column of the root has the hint of a row key.
    fn version_is_row_id(&self) -> bool {
        let table = self.chain.root.table;
        !table.complete_columns().any(|column| column.row_key == Some(true) && column.name != self.version)
    }
}

/// Microseconds since 1970 of a timestamp in the hints: ISO text or Unix seconds. Without zone it is UTC.
fn moment(option: &str, value: &Value) -> Result<i64> {
    let micros = match value {
        Value::String(text) => parse_iso(text).and_then(|moment| match moment {
            Iso::Timestamp { micros, .. } => Some(micros),
            Iso::Date(days) => Some(i64::from(days) * MICROS_PER_DAY),
            Iso::Time(_) => None,
        }),
        #[expect(clippy::cast_possible_truncation, reason = "moments beyond are refused by the database")]
        Value::Number(number) => number.as_f64().map(|seconds| (seconds * 1e6).round() as i64),
        _ => None,
    };
    micros.ok_or_else(|| {
        Error::invalid(format!("{option} is {value}, which is not a timestamp"))
            .with_remedy("write for instance 9999-12-31")
    })
}
