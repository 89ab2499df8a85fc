//! Which types there are values for.

use std::collections::HashSet;

use arrow::datatypes::DataType;

/// The type of the values themselves, inside dictionaries and runs.
pub fn value_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => value_type(values),
        DataType::RunEndEncoded(_, values) => value_type(values.data_type()),
        plain => plain,
    }
}

/// Why values of a type cannot be taken, at whatever depth the reason is; `None` where they can.
pub fn refusal(data_type: &DataType) -> Option<String> {
    match data_type {
        DataType::Union(..) => Some("columns cannot hold unions".to_owned()),
        DataType::Dictionary(_, values) => refusal(values),
        DataType::RunEndEncoded(_, field)
        | DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => refusal(field.data_type()),
        DataType::Struct(fields) => {
            let mut names = HashSet::new();
            let twice = fields.iter().find(|field| !names.insert(field.name()));
            match twice {
                Some(field) => Some(format!("a struct has two fields with the name `{}`", field.name())),
                None => fields.iter().find_map(|field| refusal(field.data_type())),
            }
        }
        _ => None,
    }
}
