//! Keeps the history of rows: a version that is no longer staged is retired, a new one is inserted.
//!
//! Versions are told apart by a column that identifies content: the hash of the row, or a column of the
//! user. With a merge key only keys that are staged can be retired, so that a load may bring a part of the
//! source. Nested rows are inserted with the version that they belong to and never change.

use cartage_schema::value::{Iso, parse_iso};
use serde_json::Value;

use super::chain::{MergeChain, row_key, where_all};
use crate::error::{Error, Result};
use crate::sql::follow_up::ChainTable;
use crate::sql::script::SqlScript;

const MICROS_PER_DAY: i64 = 86_400_000_000;

pub(super) fn script(chain: &MergeChain<'_>, created_micros: i64) -> Result<SqlScript> {
    let history = History::new(chain, created_micros)?;
    let mut script = SqlScript::default();
    script.push(format!("merge {}: retire versions that are not staged", chain.name()), history.retire());
    script.push(format!("merge {}: insert new versions", chain.name()), history.insert());
    for table in chain.nested {
        script.push(
            format!("merge {}: insert the list elements of new versions", table.target.table),
            history.insert_nested(table)?,
        );
    }
    Ok(script)
}

/// The columns that make a history, and the moments as literals.
struct History<'a> {
    chain: &'a MergeChain<'a>,
    valid_from: &'a str,
    valid_to: &'a str,
    version: &'a str,
    /// When versions of this load begin and others end.
    boundary: String,
    /// What stands in `valid_to` of active versions; `None` is null.
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
            chain.target(chain.root),
            chain.quote(self.valid_to),
            self.boundary,
            where_all(&conditions)
        )
    }

    fn insert(&self) -> String {
        let chain = self.chain;
        let columns = chain.root.columns();
        let values = columns.iter().map(|column| match *column {
            column if column == self.valid_from => self.boundary.clone(),
            column if column == self.valid_to => self.active.clone().unwrap_or_else(|| "NULL".to_owned()),
            column => format!("s.{}", chain.quote(column)),
        });
        format!(
            "INSERT INTO {target} ({}) SELECT {} FROM {} AS s WHERE NOT EXISTS \
             (SELECT 1 FROM {target} AS d WHERE {} AND {})",
            chain.dialect.column_list(&columns),
            values.collect::<Vec<_>>().join(", "),
            chain.source(),
            chain.equal("d", "s", &[self.version]),
            self.is_active("d."),
            target = chain.target(chain.root),
        )
    }

    fn insert_nested(&self, table: &ChainTable<'_>) -> Result<String> {
        let chain = self.chain;
        let mut conditions = vec![chain.is_unknown(table, &[row_key(table)?])];
        conditions.extend(self.has_parent(table)?);
        Ok(chain.copy(table, &chain.staged(table), &conditions))
    }

    /// Where some staged root rows do not come, and their ids say nothing about their content, nested
    /// rows come only below rows that did.
    fn has_parent(&self, table: &ChainTable<'_>) -> Result<Option<String>> {
        let chain = self.chain;
        if self.version_is_row_id() && !chain.is_filtered() {
            return Ok(None);
        }
        let mut above = std::iter::once(chain.root).chain(chain.nested);
        let parent = above.find(|above| Some(above.table.name.as_str()) == table.table.parent.as_deref());
        let link = table.table.complete_columns().find(|column| column.parent_key == Some(true));
        let (Some(parent), Some(link)) = (parent, link) else { return Ok(None) };
        let is_root = parent.table.name == chain.root.table.name;
        let key = if is_root && self.version_is_row_id() { self.version } else { row_key(parent)? };
        Ok(Some(format!(
            "EXISTS (SELECT 1 FROM {} AS p WHERE p.{} = s.{})",
            chain.target(parent),
            chain.quote(key),
            chain.quote(&link.name)
        )))
    }

    /// Whether the version is the row's id: then no column of the root has the hint of a row key.
    fn version_is_row_id(&self) -> bool {
        let table = self.chain.root.table;
        !table.complete_columns().any(|column| column.row_key == Some(true) && column.name != self.version)
    }
}

/// Microseconds since 1970 of a moment in the hints: ISO text or Unix seconds. Without zone it is UTC.
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
        Error::invalid(format!("{option} is {value}, which is no timestamp"))
            .with_remedy("write for instance 9999-12-31")
    })
}
