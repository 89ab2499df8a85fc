//! Schema contracts: whether new tables, new columns and other types are welcome.

use cartage_values::UnknownWord;
use serde_json::Value;

use crate::words::ContractMode;

/// The modes of the three things a contract is about. Whatever it leaves out evolves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractModes {
    /// What becomes of rows whose table is new.
    pub tables: ContractMode,
    /// New columns of tables that are not new.
    pub columns: ContractMode,
    /// Variants, and changed types of columns.
    pub data_type: ContractMode,
}

impl ContractModes {
    /// The modes of a schema without a contract.
    pub const EVOLVE: Self = Self::all(ContractMode::Evolve);

    /// One mode for everything.
    pub const fn all(mode: ContractMode) -> Self {
        Self { tables: mode, columns: mode, data_type: mode }
    }

    /// True if nothing is restricted.
    pub fn is_evolve(&self) -> bool {
        *self == Self::EVOLVE
    }

    /// Reads a mode for everything, or an object of modes for `tables`, `columns` and `data_type`.
    ///
    /// # Errors
    /// Unknown modes and keys, with those that are known.
    pub fn parse(contract: &Value) -> Result<Self, ContractError> {
        let modes = match contract {
            Value::Null => return Ok(Self::EVOLVE),
            Value::String(mode) => return Ok(Self::all(mode.parse()?)),
            Value::Object(modes) => modes,
            _ => return Err(ContractError::Form),
        };
        let mut contract = Self::EVOLVE;
        for (entity, mode) in modes {
            let slot = match entity.as_str() {
                "tables" => &mut contract.tables,
                "columns" => &mut contract.columns,
                "data_type" => &mut contract.data_type,
                _ => return Err(ContractError::Entity(entity.clone())),
            };
            *slot = match mode {
                Value::Null => ContractMode::Evolve,
                Value::String(mode) => mode.parse()?,
                _ => return Err(ContractError::Form),
            };
        }
        Ok(contract)
    }
}

/// A schema contract that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContractError {
    /// Neither a mode nor an object of modes.
    #[error("write a mode like \"freeze\", or an object of modes for `tables`, `columns` and `data_type`")]
    Form,
    /// An object of modes with a key that is none of the three.
    #[error("unknown key `{0}`, use `tables`, `columns` or `data_type`")]
    Entity(String),
    /// An unknown mode.
    #[error(transparent)]
    Mode(#[from] UnknownWord),
}
