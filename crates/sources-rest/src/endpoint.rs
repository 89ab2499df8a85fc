//! A resource, ready to be fetched.

use std::sync::Arc;

use cartage_row_readers::{JsonPath, Selector};
use cartage_source_api::CursorRange;
use indexmap::IndexMap;
use reqwest::Method;
use serde_json::Value;

use crate::config::Paginator;
use crate::expression::Expression;
use crate::http::{Action, Authenticator, Client, Origin, origin};
use crate::request::{Body, Request, join};
use crate::template::{Template, Values, expand};

/// Everything that requests of one resource need.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) client: Arc<Client>,
    pub(crate) auth: Option<Arc<Authenticator>>,
    /// Where credentials may go.
    pub(crate) home: Vec<Origin>,
    pub(crate) base_url: String,
    pub(crate) method: Method,
    pub(crate) path: Template,
    pub(crate) params: IndexMap<String, Value>,
    pub(crate) headers: IndexMap<String, Value>,
    pub(crate) json: Option<Value>,
    pub(crate) data: Option<Value>,
    pub(crate) paginator: Paginator,
    pub(crate) selector: Option<Selector>,
    pub(crate) actions: Vec<Action>,
    pub(crate) steps: Vec<Step>,
    pub(crate) cursor: CursorParams,
    pub(crate) parent: Option<Parent>,
    /// Whether the state remembers positions.
    pub(crate) resume: bool,
}

/// What happens to each row.
#[derive(Debug)]
pub(crate) enum Step {
    Filter(Expression),
    Map(Expression),
    YieldMap(Expression),
}

/// Where the range of the cursor goes.
#[derive(Debug, Default)]
pub(crate) struct CursorParams {
    pub(crate) start: Option<String>,
    pub(crate) end: Option<String>,
    pub(crate) convert: Option<Expression>,
}

/// What is taken from the rows of the parent.
#[derive(Debug)]
pub(crate) struct Parent {
    pub(crate) name: String,
    /// Placeholders and the fields that they stand for.
    pub(crate) fields: Vec<Field>,
    /// Fields that go into every row.
    pub(crate) included: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) placeholder: String,
    pub(crate) path: JsonPath,
    pub(crate) text: String,
}

impl Endpoint {
    /// The values of the cursor, which all requests of a run share.
    pub(crate) fn cursor_values(&self, range: Option<&CursorRange>) -> Result<Values, String> {
        let mut values = Values::new();
        let Some(range) = range else { return Ok(values) };
        let convert = |value: &Value| match &self.cursor.convert {
            Some(expression) if !value.is_null() => expression.value(value),
            _ => Ok(value.clone()),
        };
        for (name, value) in [
            ("incremental.initial_value", &range.initial),
            ("incremental.start_value", &range.start),
            ("incremental.last_value", &range.start),
            ("incremental.end_value", &range.end),
        ] {
            values.insert(name.to_owned(), convert(value)?);
        }
        Ok(values)
    }

    /// The first request for one set of values.
    pub(crate) fn request(&self, values: &Values) -> Result<Request, String> {
        let path = match self.path.whole_address(values) {
            Some(address) => self.own_address(address)?,
            None => self.path.expand_path(values).map_err(|reason| format!("`path`: {reason}"))?,
        };
        let mut params = IndexMap::new();
        for (name, value) in &self.params {
            let value =
                expand(value, values, false).map_err(|reason| format!("`params.{name}`: {reason}"))?;
            params.insert(name.clone(), value);
        }
        for (param, name) in
            [(&self.cursor.start, "incremental.last_value"), (&self.cursor.end, "incremental.end_value")]
        {
            if let (Some(param), Some(value)) = (param, values.get(name)) {
                params.insert(param.clone(), value.clone());
            }
        }
        let mut headers = IndexMap::new();
        for (name, value) in &self.headers {
            let value =
                expand(value, values, false).map_err(|reason| format!("`headers.{name}`: {reason}"))?;
            if !value.is_null() {
                headers.insert(name.clone(), crate::template::plain(&value));
            }
        }
        let url = join(&self.base_url, &path)?;
        Ok(Request { method: self.method.clone(), url, params, headers, body: self.body(values)? })
    }

    /// An address that a row names as a whole. It must be one of the API: the row does not say who is asked.
    fn own_address(&self, address: &str) -> Result<String, String> {
        let url = join("", address)?;
        if self.home.contains(&origin(&url)) {
            return Ok(address.to_owned());
        }
        Err(format!(
            "`path`: a row names the address `{address}`, which is not one of this API; a source whose `base_url` is \
             there can ask it"
        ))
    }

    fn body(&self, values: &Values) -> Result<Body, String> {
        if let Some(json) = &self.json {
            let json = expand(json, values, true).map_err(|reason| format!("`json`: {reason}"))?;
            return Ok(Body::Json(json));
        }
        let Some(data) = &self.data else { return Ok(Body::Nothing) };
        Ok(match expand(data, values, false).map_err(|reason| format!("`data`: {reason}"))? {
            Value::Object(fields) => Body::Form(fields),
            other => Body::Text(crate::template::plain(&other)),
        })
    }
}
