//! Names of variant columns, in which values go that their column cannot say.

use cartage_schema::DataType;

use crate::rules::Rules;

/// What the values of a variant are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VariantOf {
    /// Values of a type.
    Type(DataType),
    /// Texts of wei beyond what any destination holds. dlt's label for them is `str`.
    LargeWei,
}

impl Rules {
    /// The name of the variant of a column: `age__v_text`.
    pub(crate) fn variant_name(&self, table: &str, column: &str, of: VariantOf) -> String {
        let suffix = match of {
            VariantOf::Type(DataType::Json) if self.has_complex_variant(table, column) => {
                "v_complex".to_owned()
            }
            VariantOf::Type(of) => format!("v_{of}"),
            VariantOf::LargeWei => "v_str".to_owned(),
        };
        self.naming.shorten_fragments([column, &suffix])
    }

    /// Whether the variant for `json` has its name from an old version of dlt, which called the type `complex`.
    fn has_complex_variant(&self, table: &str, column: &str) -> bool {
        let old = self.naming.shorten_fragments([column, "v_complex"]);
        let known = self.schema.tables.get(table).and_then(|table| table.columns.get(&old));
        known.is_some_and(|known| known.variant == Some(true))
    }
}
