//! What a contract lets in of a table that is about to be merged into a schema.

use serde_json::Value;

use crate::column::Column;
use crate::contract::ContractModes;
use crate::schema::Schema;
use crate::table::Table;
use crate::words::{ContractEntity, ContractMode};

/// What a contract lets in.
#[derive(Clone, Debug, PartialEq)]
pub struct ContractCheck {
    /// The table without the columns that may not come in; `None` if the table itself may not.
    pub table: Option<Table>,
    /// Everything that the contract has something against, in the order of the columns.
    pub breaches: Vec<ContractViolation>,
}

/// Something that a contract does not let in.
#[derive(Clone, Debug, PartialEq)]
pub struct ContractViolation {
    /// What kind of thing it is.
    pub entity: ContractEntity,
    /// What is to happen: never [`ContractMode::Evolve`].
    pub mode: ContractMode,
    /// The column as it would come in; `None` for a whole table.
    pub column: Option<Column>,
    /// The column as it is, where its type or hints were to change.
    pub existing: Option<Column>,
}

impl ContractCheck {
    /// The first thing that is frozen, so that nothing of the table may come in.
    pub fn frozen(&self) -> Option<&ContractViolation> {
        self.breaches.iter().find(|breach| breach.mode == ContractMode::Freeze)
    }
}

impl Schema {
    /// What of `incoming` may be merged into this schema under a contract.
    ///
    /// A table is new while none of its columns has a type. New tables, and those that may add columns once, may
    /// bring any column. Columns without a type count as new ones until they get it. dlt's own columns may
    /// always come.
    pub fn admit(&self, incoming: Table, modes: &ContractModes) -> ContractCheck {
        if modes.is_evolve() {
            return ContractCheck { table: Some(incoming), breaches: Vec::new() };
        }
        let known = self.tables.get(&incoming.name);
        let is_new = self.is_new_table(&incoming.name);
        if is_new && modes.tables != ContractMode::Evolve {
            let breach = ContractViolation {
                entity: ContractEntity::Tables,
                mode: modes.tables,
                column: None,
                existing: None,
            };
            return ContractCheck { table: None, breaches: vec![breach] };
        }
        let naming = self.naming(None);
        let evolves = is_new || known.is_some_and(Table::evolves_columns_once);
        let new_columns = if evolves { ContractMode::Evolve } else { modes.columns };
        let mut breaches = Vec::new();
        let mut table = incoming;
        table.columns.retain(|name, column| {
            let existing =
                known.and_then(|known| known.columns.get(name)).filter(|known| known.is_complete());
            let breached = if naming.is_dlt_name(name) {
                None
            } else if column.variant == Some(true) {
                Some((ContractEntity::DataType, modes.data_type))
            } else if let Some(existing) = existing {
                changes_type(column, existing).then_some((ContractEntity::DataType, modes.data_type))
            } else {
                Some((ContractEntity::Columns, new_columns))
            };
            let Some((entity, mode)) = breached.filter(|(_, mode)| *mode != ContractMode::Evolve) else {
                return true;
            };
            let (column, existing) = (Some(column.clone()), existing.cloned());
            breaches.push(ContractViolation { entity, mode, column, existing });
            false
        });
        ContractCheck { table: Some(table), breaches }
    }
}

/// Whether a column says something else about the type than the one that is there. What it does not say does
/// not change.
fn changes_type(column: &Column, existing: &Column) -> bool {
    fn differs<T: PartialEq>(column: &Column, key: &str, new: Option<&T>, known: Option<&T>) -> bool {
        let says_none = column.other.get(key).is_some_and(Value::is_null);
        (new.is_some() || says_none) && new != known
    }
    differs(column, "data_type", column.data_type.as_ref(), existing.data_type.as_ref())
        || differs(column, "nullable", column.nullable.as_ref(), existing.nullable.as_ref())
        || differs(column, "precision", column.precision.as_ref(), existing.precision.as_ref())
        || differs(column, "scale", column.scale.as_ref(), existing.scale.as_ref())
        || differs(column, "timezone", column.timezone.as_ref(), existing.timezone.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naming::NamingKind;
    use cartage_values::DataType;

    fn schema() -> Schema {
        let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
        let items = Table::root("items", "items")
            .with_column(Column::typed("id", DataType::Bigint, true))
            .with_column(Column::new("later"));
        schema.tables.insert("items".to_owned(), items);
        schema
    }

    fn breaches(schema: &Schema, columns: &[Column]) -> Vec<(String, ContractEntity)> {
        let table = columns
            .iter()
            .fold(Table::root("items", "items"), |table, column| table.with_column(column.clone()));
        let modes = ContractModes::all(ContractMode::DiscardValue);
        let given = table.columns.len();
        let admission = schema.admit(table, &modes);
        let left = admission.table.unwrap().columns.len();
        assert_eq!(left + admission.breaches.len(), given);
        let name = |breach: ContractViolation| (breach.column.unwrap().name, breach.entity);
        admission.breaches.into_iter().map(name).collect()
    }

    #[test]
    fn what_is_known_may_be_said_again_and_changes_of_type_may_not() {
        let schema = schema();
        let same = Column::typed("id", DataType::Bigint, true);
        assert_eq!(breaches(&schema, &[same.clone(), Column::new("id"), Column::new("_dlt_id")]), []);
        let type_change = [("id".to_owned(), ContractEntity::DataType)];
        assert_eq!(
            breaches(&schema, &[Column { data_type: Some(DataType::Text), ..same.clone() }]),
            type_change
        );
        assert_eq!(breaches(&schema, &[Column { nullable: Some(false), ..same.clone() }]), type_change);
        assert_eq!(breaches(&schema, &[Column { precision: Some(32), ..same }]), type_change);
    }

    #[test]
    fn columns_without_a_type_are_new_until_they_get_one() {
        let mut schema = schema();
        let later = ("later".to_owned(), ContractEntity::Columns);
        assert_eq!(breaches(&schema, &[Column::new("later")]), [later]);
        schema.tables.get_mut("items").unwrap().set_evolve_columns_once(true);
        assert_eq!(breaches(&schema, &[Column::new("later")]), []);
    }

    #[test]
    fn tables_are_refused_as_a_whole_while_none_of_their_columns_has_a_type() {
        let admission = schema().admit(Table::root("new", "new"), &ContractModes::all(ContractMode::Freeze));
        assert_eq!(admission.table, None);
        assert_eq!(admission.frozen().map(|breach| breach.entity), Some(ContractEntity::Tables));
    }
}
