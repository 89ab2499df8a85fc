//! Small expressions over rows, in jq.

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars, data, unwrap_valr};
use jaq_json::{Val, read};
use serde_json::Value;

/// What is left out of jaq's library: the environment holds secrets, an expression does not end the program, and
/// the same input yields the same rows at any time.
const LEFT_OUT: [&str; 4] = ["env", "halt", "halt_error", "now"];

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
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let defs = defs.filter(|def| !LEFT_OUT.contains(&def.name));
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let funs = funs.filter(|(name, ..)| !LEFT_OUT.contains(name));
        let arena = Arena::default();
        let broken = |what: &str| format!("`{text}` is not a jq expression: {what}");
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
            .map_err(|_| format!("the expression `{}` returns nothing for {input}", self.text))
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
    fn the_library_of_jq_is_there() {
        let row = br#"{"at": "2024-05-01T10:00:00Z", "n": 2.5, "name": "Ann Lee <a@b.c>", "list": [3, 1, [2]], "key": "a b"}"#;
        for (text, output) in [
            (r#".name | capture("(?<first>[A-Z][a-z]+)") | .first"#, r#""Ann""#),
            (r#".name | test("lee"; "i")"#, "true"),
            (r#".name | gsub("[^A-Za-z]+"; "_")"#, r#""Ann_Lee_a_b_c_""#),
            (".at | fromdateiso8601", "1714557600"),
            (".at | fromdate | todate", r#""2024-05-01T10:00:00Z""#),
            (r#".at | strptime("%Y-%m-%dT%H:%M:%SZ") | mktime"#, "1714557600"),
            (r#".at | fromdate | strftime("%d.%m.%Y")"#, r#""01.05.2024""#),
            (".n | floor, ceil, sqrt * 0", "2|3|0.0"),
            (".n | pow(.; 2)", "6.25"),
            ("@base64 \"\\(.key)\"", r#""YSBi""#),
            ("@uri \"q=\\(.key)\"", r#""q=a%20b""#),
            (".list | flatten | sort | map(tostring) | join(\",\")", r#""1,2,3""#),
            (".name | ascii_downcase | ltrimstr(\"ann \")", r#""lee <a@b.c>""#),
            (".list | first, last[0], (flatten | add, min, max)", "3|2|6|1|3"),
            ("to_entries | map(.key) | join(\",\")", r#""at,n,name,list,key""#),
            ("with_entries(select(.value | type == \"number\"))", r#"{"n":2.5}"#),
            (".list | tojson | fromjson | length", "3"),
            ("[limit(2; .list[])] | tostring", r#""[3,1]""#),
        ] {
            let outputs = Expression::compile(text).and_then(|expression| expression.outputs(row));
            assert_eq!(outputs.map(|outputs| outputs.join("|")).as_deref(), Ok(output), "{text}");
        }
        for text in ["env", "now", "halt", "$ENV", "input"] {
            assert!(Expression::compile(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        assert!(Expression::compile(".id >").unwrap_err().contains(".id >"));
        assert!(Expression::compile("no_such(.id)").unwrap_err().contains("no_such"));
        assert!(Expression::compile("error").unwrap().outputs(b"1").unwrap_err().contains("error"));
    }
}
