//! What the answer of a query looks like, by what the server says when it prepares it.

use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::prelude::Queryable;
use mysql_async::{Column, Conn};

use super::error::statement;
use super::types::{MysqlType, column_of};
use crate::error::SqlError;
use crate::reflected::{Reflected, ReflectedColumn};
use crate::statement::without_bounds;

/// The character set of bytes that are not text.
const BINARY: u16 = 63;
/// Bytes of a character in UTF-8, as lengths count them.
const CHARACTER: u32 = 4;

pub(super) async fn of_query(conn: &mut Conn, query: &str) -> Result<Reflected, SqlError> {
    // Bounds do not matter for how the answer looks.
    let query = without_bounds(query);
    let prepared = conn.prep(format!("SELECT * FROM ({query}\n) AS q")).await;
    let prepared = prepared.map_err(|cause| statement("the query is refused", &cause))?;
    let columns = prepared.columns().iter().map(reflected).collect();
    Ok(Reflected { columns, ..Reflected::default() })
}

fn reflected(column: &Column) -> ReflectedColumn {
    let name = column.name_str().into_owned();
    let of = type_of(column);
    let found = column_of(&name, &of);
    ReflectedColumn {
        declared: of.name,
        nullable: true,
        kind: found.kind,
        expression: found.expression,
        precision: found.precision,
        name,
    }
}

fn type_of(column: &Column) -> MysqlType {
    use ColumnType as T;
    let flags = column.flags();
    let (is_unsigned, length) = (flags.contains(ColumnFlags::UNSIGNED_FLAG), column.column_length());
    // An expression of NULL has neither characters nor a character set.
    let is_binary = column.character_set() == BINARY && length > 0;
    let mut of = MysqlType { is_unsigned, ..MysqlType::default() };
    let name = match column.column_type() {
        T::MYSQL_TYPE_TINY => "tinyint",
        T::MYSQL_TYPE_SHORT => "smallint",
        T::MYSQL_TYPE_INT24 => "mediumint",
        T::MYSQL_TYPE_LONG => "int",
        T::MYSQL_TYPE_LONGLONG => "bigint",
        T::MYSQL_TYPE_YEAR => "year",
        T::MYSQL_TYPE_BIT => {
            of.precision = Some(length.into());
            "bit"
        }
        T::MYSQL_TYPE_FLOAT => "float",
        T::MYSQL_TYPE_DOUBLE => "double",
        T::MYSQL_TYPE_DECIMAL | T::MYSQL_TYPE_NEWDECIMAL => {
            // The length counts point and sign, too.
            of.scale = column.decimals().into();
            let extra = i64::from(of.scale > 0) + i64::from(!is_unsigned);
            of.precision = Some(i64::from(length) - extra);
            "decimal"
        }
        T::MYSQL_TYPE_DATE | T::MYSQL_TYPE_NEWDATE => "date",
        T::MYSQL_TYPE_TIME | T::MYSQL_TYPE_TIME2 => "time",
        T::MYSQL_TYPE_DATETIME | T::MYSQL_TYPE_DATETIME2 => "datetime",
        T::MYSQL_TYPE_TIMESTAMP | T::MYSQL_TYPE_TIMESTAMP2 => "timestamp",
        T::MYSQL_TYPE_GEOMETRY => "geometry",
        T::MYSQL_TYPE_JSON => "json",
        T::MYSQL_TYPE_STRING | T::MYSQL_TYPE_VAR_STRING | T::MYSQL_TYPE_VARCHAR => {
            of.length = Some(if is_binary { length } else { length / CHARACTER });
            if is_binary { "varbinary" } else { "varchar" }
        }
        T::MYSQL_TYPE_TINY_BLOB
        | T::MYSQL_TYPE_BLOB
        | T::MYSQL_TYPE_MEDIUM_BLOB
        | T::MYSQL_TYPE_LONG_BLOB => {
            if is_binary {
                "blob"
            } else {
                "text"
            }
        }
        T::MYSQL_TYPE_ENUM | T::MYSQL_TYPE_SET | T::MYSQL_TYPE_NULL => "text",
        _ => "other",
    };
    MysqlType { name: name.to_owned(), ..of }
}
