//! Small expressions over rows, in jq.

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars, data, unwrap_valr};
use jaq_json::{Val, read};
use serde_json::Value;

/// What is taken of jaq's library beyond its core, by name and number of arguments. The rest needs crates whose
/// features would change how much of the workspace is built: regular expressions, dates, formats, mathematics.
const LIBRARY: [(&str, usize); 43] = [
    ("null", 0),
    ("isboolean", 0),
    ("isnumber", 0),
    ("isstring", 0),
    ("isarray", 0),
    ("isobject", 0),
    ("nan", 0),
    ("infinite", 0),
    ("isnan", 0),
    ("isinfinite", 0),
    ("isfinite", 0),
    ("isnormal", 0),
    ("abs", 0),
    ("type", 0),
    ("values", 0),
    ("nulls", 0),
    ("booleans", 0),
    ("numbers", 0),
    ("finites", 0),
    ("normals", 0),
    ("strings", 0),
    ("arrays", 0),
    ("objects", 0),
    ("iterables", 0),
    ("scalars", 0),
    ("add", 0),
    ("add", 1),
    ("min_by", 1),
    ("max_by", 1),
    ("min", 0),
    ("max", 0),
    ("unique_by", 1),
    ("unique", 0),
    ("pick", 1),
    ("keys", 0),
    ("flatten", 0),
    ("flatten", 1),
    ("split", 1),
    ("@text", 0),
    ("first", 0),
    ("last", 0),
    ("any", 0),
    ("all", 0),
];

/// A compiled expression.
pub(crate) struct Expression {
    text: String,
    filter: Filter<data::JustLut<Val>>,
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl Expression {
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let library = jaq_std::defs().filter(|def| LIBRARY.contains(&(def.name, def.args.len())));
        let defs = jaq_core::defs().chain(library).chain(jaq_json::defs());
        let funs = jaq_core::funs().chain(jaq_std::base_funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let broken = |what: &str| format!("`{text}` is no expression in jq: {what}");
        let modules = Loader::new(defs)
            .load(&arena, File { code: text, path: () })
            .map_err(|_| broken("it cannot be parsed"))?;
        let filter = Compiler::default().with_funs(funs).compile(modules).map_err(|errors| {
            let names: Vec<String> = errors
                .into_iter()
                .flat_map(|(_, errors)| errors)
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            broken(&format!("{} is not known", names.join(", ")))
        })?;
        Ok(Self { text: text.to_owned(), filter })
    }

    /// All outputs for one input, as JSON texts of one line.
    pub(crate) fn outputs(&self, input: &[u8]) -> Result<Vec<String>, String> {
        let failed = |reason: String| format!("the expression `{}` failed: {reason}", self.text);
        let input = read::parse_single(input).map_err(|error| failed(error.to_string()))?;
        let ctx = Ctx::<data::JustLut<Val>>::new(&self.filter.lut, Vars::new([]));
        let outputs = self.filter.id.run((ctx, input)).map(unwrap_valr);
        outputs
            .map(|output| output.map(|value| value.to_string()).map_err(|error| failed(error.to_string())))
            .collect()
    }

    /// Whether the first output is neither `false` nor `null`.
    pub(crate) fn holds(&self, input: &[u8]) -> Result<bool, String> {
        Ok(self.outputs(input)?.first().is_some_and(|output| output != "false" && output != "null"))
    }

    /// The first output as a value.
    pub(crate) fn value(&self, input: &Value) -> Result<Value, String> {
        let output = self.outputs(input.to_string().as_bytes())?.into_iter().next().unwrap_or_default();
        serde_json::from_str(&output)
            .map_err(|_| format!("the expression `{}` gives nothing for {input}", self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_filter_change_and_unfold_rows() {
        let row = br#"{"id": 5, "name": "Ann \u00e9", "tags": ["a", "b"], "big": 12345678901234567890123}"#;
        assert!(Expression::compile(".id > 3").unwrap().holds(row).unwrap());
        assert!(!Expression::compile(".missing").unwrap().holds(row).unwrap());
        let outputs = |text: &str| Expression::compile(text).unwrap().outputs(row).unwrap();
        assert_eq!(outputs("del(.tags, .big) | .id += 1"), [r#"{"id":6,"name":"Ann é"}"#]);
        assert_eq!(outputs(".tags[]"), [r#""a""#, r#""b""#]);
        assert_eq!(outputs(".big"), ["12345678901234567890123"]);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        assert!(Expression::compile(".id >").unwrap_err().contains(".id >"));
        assert!(Expression::compile("no_such(.id)").unwrap_err().contains("no_such"));
        assert!(Expression::compile("error").unwrap().outputs(b"1").unwrap_err().contains("error"));
    }
}
