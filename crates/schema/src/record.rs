//! Objects of a schema document: typed for the keys that dlt knows, kept as they are for `x-` hints.
//!
//! The version hash covers a document as it is written, so reading and writing must not lose the
//! difference between an absent key and a stored default. Every known key is therefore optional, and a
//! known key that is explicitly `null` stays in `other`.

use serde_json::{Map, Value};

/// A key or value of a document that does not belong there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("unknown key `{key}`; own hints start with `x-`")]
    UnknownKey { key: String },
    #[error("`{key}`: {source}")]
    Value { key: String, source: serde_json::Error },
}

/// Implements reading, writing and overlaying of a struct whose known keys are `Option` fields and whose
/// remaining keys are in `other`.
macro_rules! record {
    ($ty:ident { $($key:literal => $field:ident),+ $(,)? }) => {
        impl $ty {
            /// Takes the known keys and the `x-` hints of `map`.
            pub(crate) fn fill(
                &mut self,
                map: serde_json::Map<String, serde_json::Value>,
            ) -> Result<(), $crate::record::RecordError> {
                for (key, value) in map {
                    match key.as_str() {
                        $($key if value.is_null() => { self.other.insert(key, value); })+
                        $($key => {
                            self.$field = Some(serde_json::from_value(value)
                                .map_err(|source| $crate::record::RecordError::Value { key, source })?);
                        })+
                        own if own.starts_with("x-") => { self.other.insert(key, value); }
                        _ => return Err($crate::record::RecordError::UnknownKey { key }),
                    }
                }
                Ok(())
            }

            /// Writes the known keys that are present, then the others.
            #[allow(dead_code, reason = "not every object is written key by key")]
            pub(crate) fn entries<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                $(if let Some(value) = &self.$field { map.serialize_entry($key, value)?; })+
                for (key, value) in &self.other { map.serialize_entry(key, value)?; }
                Ok(())
            }

            /// Lets every key that is present in `newer` replace the one in `self`.
            #[allow(dead_code, reason = "not every object is merged key by key")]
            pub(crate) fn overlay_keys(&mut self, newer: &Self) {
                $(if newer.$field.is_some() {
                    self.$field.clone_from(&newer.$field);
                    self.other.shift_remove($key);
                })+
                for (key, value) in &newer.other {
                    match key.as_str() {
                        $($key => self.$field = None,)+
                        _ => {}
                    }
                    self.other.insert(key.clone(), value.clone());
                }
            }
        }
    };
}
pub(crate) use record;

/// Implements serde for a record that has no fields but the optional ones.
macro_rules! record_serde {
    ($ty:ident) => {
        impl serde::Serialize for $ty {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                self.entries(&mut map)?;
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $ty {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let map = serde_json::Map::deserialize(deserializer)?;
                let mut record = Self::default();
                record.fill(map).map_err(serde::de::Error::custom)?;
                Ok(record)
            }
        }
    };
}
pub(crate) use record_serde;

/// True for the values that count as "hint not set" where dlt has no other rule: `null` and `false`.
pub(crate) fn is_unset(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false))
}

/// Reads a truthy flag from an object of hints.
pub(crate) fn flag(map: &Map<String, Value>, key: &str) -> bool {
    map.get(key).and_then(Value::as_bool).unwrap_or(false)
}
