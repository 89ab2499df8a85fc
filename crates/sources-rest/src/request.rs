//! A request before it is sent: what paginators change and messages name.

use indexmap::IndexMap;
use reqwest::{Method, Url};
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

use crate::template::plain;

/// One request without its credentials.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The address without the parameters below.
    pub(crate) url: Url,
    pub(crate) params: IndexMap<String, Value>,
    pub(crate) headers: IndexMap<String, String>,
    pub(crate) body: Body,
}

/// What a request carries.
#[derive(Clone, Debug, Default)]
pub(crate) enum Body {
    #[default]
    Nothing,
    Json(Value),
    Form(Map<String, Value>),
    Text(String),
}

impl Request {
    /// The address with its parameters.
    pub(crate) fn full_url(&self) -> Url {
        let mut url = self.url.clone();
        append(&mut url, &self.params);
        url
    }

    /// Tells requests apart, in a text that says nothing about them.
    pub(crate) fn fingerprint(&self) -> String {
        let body = match &self.body {
            Body::Nothing => String::new(),
            Body::Json(value) => value.to_string(),
            Body::Form(fields) => form(fields),
            Body::Text(text) => text.clone(),
        };
        format!("{:016x}", xxh3_64(format!("{} {}\n{body}", self.method, self.full_url()).as_bytes()))
    }

    /// Puts a value at a dotted path in the JSON body.
    pub(crate) fn set_in_body(&mut self, path: &str, value: Value) {
        if !matches!(self.body, Body::Json(Value::Object(_))) {
            self.body = Body::Json(Value::Object(Map::new()));
        }
        let Body::Json(body) = &mut self.body else { return };
        let mut at = body;
        for key in path.split('.') {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            let Some(map) = at.as_object_mut() else { return };
            at = map.entry(key).or_insert(Value::Null);
        }
        *at = value;
    }
}

/// Adds parameters as forms encode them: lists repeat the name, null is left out.
pub(crate) fn append(url: &mut Url, params: &IndexMap<String, Value>) {
    let pairs: Vec<(&str, String)> = params.iter().flat_map(|(name, value)| pairs(name, value)).collect();
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
}

fn pairs<'a>(name: &'a str, value: &Value) -> Vec<(&'a str, String)> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => {
            items.iter().filter(|item| !item.is_null()).map(|item| (name, plain(item))).collect()
        }
        value => vec![(name, plain(value))],
    }
}

/// A table as the body of a form.
pub(crate) fn form(fields: &Map<String, Value>) -> String {
    // Only the encoding of the query is of use.
    let Ok(mut url) = Url::parse("form:") else { return String::new() };
    for (name, value) in fields {
        let pairs = pairs(name, value);
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
    }
    url.query().unwrap_or_default().to_owned()
}

/// A path below a base, joined by one slash; an address stays as it is.
pub(crate) fn join(base: &str, path: &str) -> Result<Url, String> {
    let text = if crate::template::is_address(path) || base.is_empty() {
        path.to_owned()
    } else if path.is_empty() {
        base.to_owned()
    } else {
        format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'))
    };
    let url = Url::parse(&text).map_err(|error| {
        format!("`{text}` is not a URL ({error}); set `base_url` to one that begins with https://")
    })?;
    if matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err(format!("`{text}` is not a URL that can be fetched; it must begin with https:// or http://"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_are_joined_by_one_slash_and_parameters_encoded() {
        assert_eq!(join("https://a.b/v1/", "/x").unwrap().as_str(), "https://a.b/v1/x");
        assert_eq!(join("https://a.b/v1", "x/ä b").unwrap().as_str(), "https://a.b/v1/x/%C3%A4%20b");
        assert_eq!(join("https://a.b", "http://c.d/e").unwrap().as_str(), "http://c.d/e");
        assert!(join("a.b", "x").is_err());
        assert!(join("file:///etc", "passwd").is_err());
        let params = IndexMap::from([
            ("q".to_owned(), json!("a b&c")),
            ("l".to_owned(), json!([1, null, 2])),
            ("n".to_owned(), Value::Null),
        ]);
        let mut url = join("https://a.b?x=1", "").unwrap();
        append(&mut url, &params);
        assert_eq!(url.as_str(), "https://a.b/?x=1&q=a+b%26c&l=1&l=2");
        assert_eq!(form(json!({"a": 1, "b": "x y"}).as_object().unwrap()), "a=1&b=x+y");
    }

    #[test]
    fn a_value_is_put_deep_into_the_body() {
        let url = join("https://a.b", "").unwrap();
        let mut request = Request {
            method: Method::POST,
            url,
            params: IndexMap::new(),
            headers: IndexMap::new(),
            body: Body::Json(json!({"a": {"b": 1}})),
        };
        request.set_in_body("a.c.d", json!(2));
        assert!(matches!(&request.body, Body::Json(body) if *body == json!({"a": {"b": 1, "c": {"d": 2}}})));
    }
}
