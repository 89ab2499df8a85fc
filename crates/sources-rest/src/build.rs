//! From tables to resources that can be fetched.

use std::path::Path;
use std::sync::Arc;

use cartage_runtime::Random;
use indexmap::IndexMap;
use reqwest::Method;
use serde_json::{Map, Value};

use crate::background::Background;
use crate::config::{
    AuthTable, ClientTable, ConfigIssue, EndpointTable, Paginator, ResourceTable, StepTable, word,
};
use crate::endpoint::{CursorParams, Endpoint, Field, Parent, Step};
use crate::expression::Expression;
use crate::http::{Action, Authenticator, Client, Internet, Network, Redactor, origin};
use crate::producer::RestProducer;
use crate::request::join;
use crate::template::{Template, fields_in, is_address, plain};

/// What the resources of a source share.
#[derive(Debug)]
pub struct RestSource {
    client: Arc<Client>,
    table: ClientTable,
    auth: Option<Arc<Authenticator>>,
    paginator: Option<Paginator>,
    fallback_auth: AuthTable,
    background: Arc<Background>,
}

/// A resource of such a source.
#[derive(Debug)]
pub struct RestResource {
    /// Makes its pages.
    pub producer: RestProducer,
    /// The resource whose rows it needs.
    pub parent: Option<String>,
    /// Whether it takes part where no resources are selected.
    pub selected: bool,
    /// What the endpoint says about the cursor, as a hint of the resource.
    pub incremental: Option<Value>,
}

impl RestSource {
    /// Checks what the resources share. `fallback_auth` has credentials that are given beside `client`; `random`
    /// spreads requests that are tried again.
    ///
    /// # Errors
    /// [`ConfigIssue`] with a key below `client`.
    pub fn new(
        table: ClientTable,
        fallback_auth: AuthTable,
        base_dir: &Path,
        random: Arc<dyn Random>,
    ) -> Result<Self, ConfigIssue> {
        Self::over(Arc::new(Internet), table, fallback_auth, base_dir, random)
    }

    /// The same over another network.
    pub(crate) fn over(
        network: Arc<dyn Network>,
        table: ClientTable,
        fallback_auth: AuthTable,
        base_dir: &Path,
        random: Arc<dyn Random>,
    ) -> Result<Self, ConfigIssue> {
        let redactor = Redactor::default();
        let auth = table.auth.clone().map(|auth| auth.or(&fallback_auth).check()).transpose()?;
        let auth = auth.map(|auth| Arc::new(Authenticator::new(auth, &redactor)));
        let client = Client::new(&table.session, &table.headers, &redactor, base_dir, random, network)?;
        Ok(Self {
            client: Arc::new(client),
            auth,
            paginator: table.paginator.as_ref().map(crate::config::PaginatorTable::check).transpose()?,
            table,
            fallback_auth,
            background: Arc::default(),
        })
    }

    /// Checks one resource; `known` are the names of all.
    ///
    /// # Errors
    /// [`ConfigIssue`] with a key of the resource's table.
    pub fn resource(
        &self,
        name: &str,
        table: ResourceTable,
        known: &[&str],
    ) -> Result<RestResource, ConfigIssue> {
        let draft = Draft::new(name, table.endpoint)?;
        let parent = draft.parent(&table.include_from_parent, known)?;
        let has_parent = parent.is_some();
        let under_endpoint = |fault: ConfigIssue| fault.under("endpoint");
        let Draft { path, endpoint, is_single_entity, mut params, incremental, cursor, .. } = draft;
        params.retain(|_, value| !is_bound(value));
        let auth = match endpoint.auth {
            Some(auth) => {
                let auth = auth.or(&self.fallback_auth).check().map_err(under_endpoint)?;
                Some(Arc::new(Authenticator::new(auth, &self.client.redactor)))
            }
            None => self.auth.clone(),
        };
        let own = endpoint.paginator.as_ref().map(crate::config::PaginatorTable::check).transpose();
        let paginator = match own.map_err(under_endpoint)? {
            Some(paginator) => paginator,
            None if is_single_entity => Paginator::SinglePage,
            None => self.paginator.clone().unwrap_or(Paginator::Auto),
        };
        let selector = endpoint.data_selector.or_else(|| is_single_entity.then(|| "$".to_owned()));
        let selector = selector.map(|text| text.parse()).transpose().map_err(
            |error: cartage_row_readers::SelectorError| {
                ConfigIssue::new("endpoint.data_selector", error.to_string())
            },
        )?;
        let actions = endpoint.response_actions.iter().map(Action::check).collect::<Result<_, _>>();
        let shown_path = endpoint.path.unwrap_or_else(|| name.to_owned());
        let static_url = join(&self.table.base_url, &shown_path)
            .map_err(|reason| ConfigIssue::new("endpoint.path", reason))?;
        let mut home = vec![origin(&static_url)];
        home.extend(join(&self.table.base_url, "").ok().map(|url| origin(&url)));
        let input = self.shown(&method_of(endpoint.method.as_deref())?, &shown_path);
        let built = Endpoint {
            client: Arc::clone(&self.client),
            auth,
            home,
            base_url: self.table.base_url.clone(),
            method: method_of(endpoint.method.as_deref())?,
            path,
            params,
            headers: endpoint.headers,
            json: endpoint.json,
            data: endpoint.data,
            paginator,
            selector,
            actions: actions.map_err(under_endpoint)?,
            steps: steps(&table.processing_steps)?,
            cursor,
            parent,
            // Children go on with their parents.
            resume: table.resume && !has_parent,
        };
        Ok(RestResource {
            parent: built.parent.as_ref().map(|parent| parent.name.clone()),
            producer: RestProducer::new(built, input, Arc::clone(&self.background)),
            selected: table.selected,
            incremental,
        })
    }
}

impl RestSource {
    /// An endpoint as reports name it.
    fn shown(&self, method: &Method, path: &str) -> String {
        let base =
            join(&self.table.base_url, "").map(|url| self.client.redactor.url(&url)).unwrap_or_default();
        let path = self.client.redactor.text(path);
        if is_address(&path) || base.is_empty() {
            return format!("{method} {path}");
        }
        format!("{method} {}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'))
    }
}

fn method_of(text: Option<&str>) -> Result<Method, ConfigIssue> {
    let text = text.unwrap_or("GET").to_uppercase();
    let known = word("endpoint.method", &text, &["GET", "POST", "PUT", "PATCH"])?;
    Method::from_bytes(known.as_bytes()).map_err(|_| ConfigIssue::new("endpoint.method", "no such method"))
}

fn steps(tables: &[StepTable]) -> Result<Vec<Step>, ConfigIssue> {
    let mut steps = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let compile = |key: &str, text: &Option<String>| {
            let compiled = text.as_deref().map(Expression::compile).transpose();
            compiled.map_err(|reason| ConfigIssue::new(format!("processing_steps.{at}.{key}"), reason))
        };
        steps.extend(compile("filter", &table.filter)?.map(Step::Filter));
        steps.extend(compile("map", &table.map)?.map(Step::Map));
        steps.extend(compile("yield_map", &table.yield_map)?.map(Step::YieldMap));
    }
    Ok(steps)
}

/// An endpoint while its placeholders are sorted out.
struct Draft {
    name: String,
    path: Template,
    endpoint: EndpointTable,
    params: IndexMap<String, Value>,
    /// Whether the path ends with a placeholder: then one object is meant.
    is_single_entity: bool,
    incremental: Option<Value>,
    cursor: CursorParams,
}

impl Draft {
    fn new(name: &str, mut endpoint: EndpointTable) -> Result<Self, ConfigIssue> {
        if endpoint.json.is_some() && endpoint.data.is_some() {
            return Err(ConfigIssue::new("endpoint.data", "give `json` or `data`, not both"));
        }
        let text = endpoint.path.clone().unwrap_or_else(|| name.to_owned());
        // A value in the query says nothing about how many rows there are.
        let in_path = text.split(['?', '#']).next().unwrap_or_default();
        let last = in_path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let is_single_entity = last.split_once('{').is_some_and(|(_, behind)| behind.contains('}'));
        let path = Template::parse(&text).map_err(|reason| ConfigIssue::new("endpoint.path", reason))?;
        let params = std::mem::take(&mut endpoint.params);
        let mut draft = Self {
            name: name.to_owned(),
            path,
            endpoint,
            params,
            is_single_entity,
            incremental: None,
            cursor: CursorParams::default(),
        };
        draft.find_cursor()?;
        draft.bind_path()?;
        Ok(draft)
    }

    /// Takes the cursor from `incremental` or from the one parameter that is of this type.
    fn find_cursor(&mut self) -> Result<(), ConfigIssue> {
        let typed = |value: &Value| value.get("type").and_then(Value::as_str).map(str::to_owned);
        let mut table = self.endpoint.incremental.clone();
        for (param, value) in &self.params {
            let Value::Object(fields) = value else { continue };
            let key = format!("endpoint.params.{param}");
            match word(&key, &typed(value).unwrap_or_default(), &["resolve", "incremental"])? {
                "incremental" if table.is_some() => {
                    return Err(ConfigIssue::new(key, "an endpoint has one cursor; this is the second"));
                }
                "incremental" => {
                    if fields.contains_key("end_param") || fields.contains_key("end_value") {
                        return Err(ConfigIssue::new(
                            key,
                            "`end_value` and `end_param` belong in `endpoint.incremental`",
                        ));
                    }
                    let mut fields = fields.clone();
                    fields.shift_remove("type");
                    fields.insert("start_param".to_owned(), param.clone().into());
                    table = Some(fields);
                }
                _ => {}
            }
        }
        let Some(mut table) = table else { return Ok(()) };
        self.cursor = cursor_params(&mut table)?;
        self.incremental = Some(Value::Object(table));
        Ok(())
    }

    /// Puts parameters that the path names into it.
    fn bind_path(&mut self) -> Result<(), ConfigIssue> {
        let fields: Vec<String> = self.path.fields().map(str::to_owned).collect();
        for field in &fields {
            if self.is_context(field) {
                continue;
            }
            match self.params.get(field) {
                Some(Value::Object(table)) if table.get("type").is_some_and(|kind| kind == "resolve") => {}
                Some(Value::Object(_)) => {
                    let reason = format!("`{{{field}}}` needs a parameter of type resolve");
                    return Err(ConfigIssue::new("endpoint.path", reason));
                }
                Some(value) => {
                    let value = value.clone();
                    self.path.bind(field, &value);
                    self.params.shift_remove(field);
                }
                None => {
                    let reason = format!(
                        "`{{{field}}}` is not known; name a parameter of `params`, `resources.<parent>.<field>` or \
                         `incremental.start_value`, and double braces that are meant as text"
                    );
                    return Err(ConfigIssue::new("endpoint.path", reason));
                }
            }
        }
        let unbound = self.params.iter().find(|(param, value)| is_resolve(value) && !fields.contains(param));
        match unbound {
            Some((param, _)) => Err(ConfigIssue::new(
                format!("endpoint.params.{param}"),
                format!(
                    "the path has no `{{{param}}}`; for a query parameter write \
                     {param} = \"{{resources.<parent>.<field>}}\""
                ),
            )),
            None => Ok(()),
        }
    }

    fn is_context(&self, field: &str) -> bool {
        field.starts_with("resources.") || self.incremental.is_some() && field.starts_with("incremental.")
    }

    /// The parent that placeholders name.
    fn parent(&self, included: &[String], known: &[&str]) -> Result<Option<Parent>, ConfigIssue> {
        let mut found: Vec<(String, String, String)> = Vec::new();
        for (param, value) in self.params.iter().filter(|(_, value)| is_resolve(value)) {
            let part = |key: &str| {
                value.get(key).map(plain).ok_or_else(|| {
                    ConfigIssue::new(
                        format!("endpoint.params.{param}"),
                        format!("a parameter of type resolve needs `{key}`"),
                    )
                })
            };
            found.push((param.clone(), part("resource")?, part("field")?));
        }
        for field in self.all_fields()?.into_iter().filter(|field| field.starts_with("resources.")) {
            let mut parts = field.splitn(3, '.').skip(1);
            let (Some(resource), Some(path)) = (parts.next(), parts.next()) else {
                let reason = format!("`{{{field}}}` should be `{{resources.<parent>.<field>}}`");
                return Err(ConfigIssue::new("endpoint", reason));
            };
            if !found.iter().any(|(placeholder, ..)| *placeholder == field) {
                let (resource, path) = (resource.to_owned(), path.to_owned());
                found.push((field, resource, path));
            }
        }
        let Some((_, name, _)) = found.first() else {
            if included.is_empty() {
                return Ok(None);
            }
            let reason = "there is no parent; a placeholder `{resources.<parent>.<field>}` would name one";
            return Err(ConfigIssue::new("include_from_parent", reason));
        };
        if let Some((_, other, _)) = found.iter().find(|(_, other, _)| other != name) {
            let reason = format!("`{name}` and `{other}` cannot both be the parent");
            return Err(ConfigIssue::new("endpoint", reason));
        }
        if !known.contains(&name.as_str()) || *name == self.name {
            let reason = format!(
                "the parent `{name}` is not another resource of this source; there are {}",
                known.join(", ")
            );
            return Err(ConfigIssue::new("endpoint", reason));
        }
        let name = name.clone();
        let fields = found.into_iter().map(|(placeholder, _, text)| {
            let path = text.parse().map_err(|reason: String| ConfigIssue::new("endpoint", reason))?;
            Ok(Field { placeholder, path, text })
        });
        Ok(Some(Parent {
            name,
            fields: fields.collect::<Result<_, ConfigIssue>>()?,
            included: included.to_vec(),
        }))
    }

    /// The placeholders of all parts, each checked to be one that can have a value.
    fn all_fields(&self) -> Result<Vec<String>, ConfigIssue> {
        let mut all: Vec<String> = self.path.fields().map(str::to_owned).collect();
        let table = |map: &IndexMap<String, Value>| {
            let entries = map.iter().filter(|(_, value)| !is_bound(value));
            Value::Object(entries.map(|(key, value)| (key.clone(), value.clone())).collect())
        };
        let parts = [
            ("params", Some(table(&self.params))),
            ("headers", Some(table(&self.endpoint.headers))),
            ("json", self.endpoint.json.clone()),
            ("data", self.endpoint.data.clone()),
        ];
        for (key, value) in parts {
            let mut fields = Vec::new();
            let key = format!("endpoint.{key}");
            fields_in(&value.unwrap_or_default(), &mut fields)
                .map_err(|reason| ConfigIssue::new(&key, reason))?;
            if let Some(unknown) = fields.iter().find(|field| !self.is_context(field)) {
                let reason = format!(
                    "`{{{unknown}}}` is not known; there are `resources.<parent>.<field>` and, with `incremental`, \
                     `incremental.start_value`; double braces that are meant as text"
                );
                return Err(ConfigIssue::new(key, reason));
            }
            all.extend(fields);
        }
        Ok(all)
    }
}

/// Takes what is for requests out of the table of a cursor.
fn cursor_params(table: &mut Map<String, Value>) -> Result<CursorParams, ConfigIssue> {
    let mut text = |key: &str| match table.shift_remove(key) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    let (start, end) = (text("start_param"), text("end_param"));
    let convert = text("convert").or_else(|| text("transform"));
    let convert = convert.as_deref().map(Expression::compile).transpose();
    let convert = convert.map_err(|reason| ConfigIssue::new("endpoint.incremental.convert", reason))?;
    Ok(CursorParams { start, end, convert })
}

fn is_resolve(value: &Value) -> bool {
    value.get("type").is_some_and(|kind| kind == "resolve")
}

/// Whether a parameter is a table, whose value comes in another way.
fn is_bound(value: &Value) -> bool {
    value.is_object()
}
