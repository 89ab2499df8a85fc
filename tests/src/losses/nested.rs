//! Values as Arrow arrays that hold other arrays.

use std::sync::Arc;

use anyhow::{Result, bail};
use arrow::array::{
    ArrayRef, DictionaryArray, FixedSizeListArray, Int32Array, LargeListArray, LargeListViewArray, ListArray,
    ListViewArray, MapArray, RunArray, StructArray, UInt16Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Fields, Int32Type};

use super::arrays::array as plain;
use super::given::Given;

/// Values as an array of a nested type, a dictionary or runs.
///
/// # Errors
/// If a value is not one of the type.
pub(super) fn array(data_type: &DataType, values: &[&Given]) -> Result<ArrayRef> {
    let nulls = || Some(values.iter().map(|given| **given != Given::Null).collect::<NullBuffer>());
    let lists: Vec<&[Given]> = values.iter().map(|given| items(given)).collect();
    let flat: Vec<&Given> = lists.iter().flat_map(|items| items.iter()).collect();
    let lengths = || lists.iter().map(|items| items.len());
    Ok(match data_type {
        DataType::List(field) => Arc::new(ListArray::try_new(
            Arc::clone(field),
            OffsetBuffer::from_lengths(lengths()),
            plain(field.data_type(), &flat)?,
            nulls(),
        )?),
        DataType::LargeList(field) => Arc::new(LargeListArray::try_new(
            Arc::clone(field),
            OffsetBuffer::from_lengths(lengths()),
            plain(field.data_type(), &flat)?,
            nulls(),
        )?),
        DataType::ListView(field) => {
            let sizes: Vec<i32> = lengths().map(|length| length as i32).collect();
            Arc::new(ListViewArray::try_new(
                Arc::clone(field),
                ScalarBuffer::from_iter(starts(&sizes)),
                ScalarBuffer::from(sizes),
                plain(field.data_type(), &flat)?,
                nulls(),
            )?)
        }
        DataType::LargeListView(field) => {
            let sizes: Vec<i64> = lengths().map(|length| length as i64).collect();
            Arc::new(LargeListViewArray::try_new(
                Arc::clone(field),
                ScalarBuffer::from_iter(starts(&sizes)),
                ScalarBuffer::from(sizes),
                plain(field.data_type(), &flat)?,
                nulls(),
            )?)
        }
        DataType::FixedSizeList(field, size) => {
            let padding = vec![Given::Null; *size as usize];
            let padded = lists.iter().flat_map(|items| if items.is_empty() { &padding[..] } else { items });
            let padded: Vec<&Given> = padded.collect();
            let items = plain(field.data_type(), &padded)?;
            Arc::new(FixedSizeListArray::try_new(Arc::clone(field), *size, items, nulls())?)
        }
        DataType::Struct(fields) => structure(fields, values, nulls())?,
        DataType::Map(entries, is_sorted) => {
            let DataType::Struct(fields) = entries.data_type() else { bail!("a map without pairs") };
            let pairs: Vec<&[(Given, Given)]> = values.iter().map(|given| pairs(given)).collect();
            let flat = || pairs.iter().flat_map(|pairs| pairs.iter());
            let keys = plain(fields[0].data_type(), &flat().map(|pair| &pair.0).collect::<Vec<_>>())?;
            let items = plain(fields[1].data_type(), &flat().map(|pair| &pair.1).collect::<Vec<_>>())?;
            Arc::new(MapArray::try_new(
                Arc::clone(entries),
                OffsetBuffer::from_lengths(pairs.iter().map(|pairs| pairs.len())),
                StructArray::try_new(fields.clone(), vec![keys, items], None)?,
                nulls(),
                *is_sorted,
            )?)
        }
        DataType::Dictionary(keys, of) => {
            let inner = plain(of, values)?;
            let key = |nth: usize| (*values[nth] != Given::Null).then_some(nth);
            let rows = 0..values.len();
            if **keys == DataType::UInt16 {
                let keys: UInt16Array = rows.map(|nth| key(nth).map(|nth| nth as u16)).collect();
                Arc::new(DictionaryArray::try_new(keys, inner)?)
            } else {
                let keys: Int32Array = rows.map(|nth| key(nth).map(|nth| nth as i32)).collect();
                Arc::new(DictionaryArray::try_new(keys, inner)?)
            }
        }
        DataType::RunEndEncoded(_, of) => {
            let ends: Int32Array = (1..=values.len() as i32).collect();
            let inner = plain(of.data_type(), values)?;
            Arc::new(RunArray::<Int32Type>::try_new(&ends, inner.as_ref())?)
        }
        other => bail!("no values are made of type {other}"),
    })
}

fn structure(fields: &Fields, values: &[&Given], nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let null = Given::Null;
    let mut arrays = Vec::with_capacity(fields.len());
    for field in fields {
        let of = |given: &&'_ Given| match given {
            Given::Object(fields) => fields
                .iter()
                .find(|(key, _)| key == field.name())
                .map_or(Given::Null, |(_, value)| value.clone()),
            _ => null.clone(),
        };
        let inner: Vec<Given> = values.iter().map(of).collect();
        arrays.push(plain(field.data_type(), &inner.iter().collect::<Vec<_>>())?);
    }
    if fields.is_empty() {
        return Ok(Arc::new(StructArray::new_empty_fields(values.len(), nulls)));
    }
    Ok(Arc::new(StructArray::try_new(fields.clone(), arrays, nulls)?))
}

fn items(given: &Given) -> &[Given] {
    match given {
        Given::List(items) => items,
        _ => &[],
    }
}

fn pairs(given: &Given) -> &[(Given, Given)] {
    match given {
        Given::Map(pairs) => pairs,
        _ => &[],
    }
}

/// Where lists of these sizes begin, one behind the other.
fn starts<N: Copy + Default + std::ops::AddAssign>(sizes: &[N]) -> Vec<N> {
    let mut at = N::default();
    let begin = |size: &N| {
        let begin = at;
        at += *size;
        begin
    };
    sizes.iter().map(begin).collect()
}
