//! A database that exists in tests only: the standard's spelling, few types.

use cartage_schema::{Column, DataType};

use super::dialect::Dialect;
use cartage_destinations_api::{Error, Result};

#[derive(Debug)]
pub(crate) struct Standard;

impl Dialect for Standard {
    fn column_type(&self, column: &Column) -> Result<String> {
        match column.data_type {
            Some(DataType::Text) => Ok("VARCHAR".to_owned()),
            Some(DataType::Bigint) => Ok("BIGINT".to_owned()),
            Some(DataType::Timestamp) => Ok("TIMESTAMP WITH TIME ZONE".to_owned()),
            other => Err(Error::terminal(format!("no type for {other:?}"))),
        }
    }
}
