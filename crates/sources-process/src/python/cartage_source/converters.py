"""From values of Python to those that JSON knows.

Wherever dlt has a rule, it holds here; what dlt refuses (whole numbers above 64 bits, sets, bytearray, scalars of numpy)
is sent where there is one way to understand it.
"""

import base64
import dataclasses
import datetime
import decimal
import enum
import uuid
from collections import abc

from .classes import has_base
from .typed_json import BASE64, DATE, DATETIME, DECIMAL, HEX, TIME, UUID, WEI


def from_numpy(value):
    if has_base(type(value), "datetime64") or has_base(type(value), "timedelta64"):
        import numpy

        if numpy.isnat(value):
            return None
        if has_base(type(value), "timedelta64"):
            raise TypeError
        days = numpy.datetime_data(value.dtype)[0] in ("Y", "M", "W", "D")
        return value.astype("datetime64[D]" if days else "datetime64[us]").item()
    return value.item()


def from_dataclass(value):
    """As orjson does it: fields as they are, private ones left out."""
    names = (field.name for field in dataclasses.fields(value))
    return {name: getattr(value, name) for name in names if not name.startswith("_")}


def from_unordered(values):
    try:
        return sorted(values)
    except TypeError:
        return list(values)


def from_pydantic(value):
    dump = getattr(value, "model_dump", None) or value.dict
    return dump(by_alias=True)


def converter(kind):
    """What makes a value of a class one that JSON knows, in the order of dlt; None if there is nothing."""
    if has_base(kind, "NaTType", "pandas") or has_base(kind, "NAType", "pandas"):
        return lambda value: None
    if issubclass(kind, decimal.Decimal):
        mark = WEI if has_base(kind, "Wei") else DECIMAL
        return lambda value: mark + str(value)
    if issubclass(kind, datetime.datetime):
        return lambda value: DATETIME + value.isoformat()
    if issubclass(kind, datetime.date):
        return lambda value: DATE + value.isoformat()
    if issubclass(kind, datetime.time):
        return lambda value: TIME + value.isoformat()
    if issubclass(kind, uuid.UUID):
        return lambda value: UUID + str(value)
    if issubclass(kind, bytes) and has_base(kind, "HexBytes"):
        return lambda value: HEX + "0x" + bytes(value).hex()
    if issubclass(kind, (bytes, bytearray, memoryview)):
        return lambda value: BASE64 + base64.b64encode(value).decode("ascii")
    if hasattr(kind, "asdict"):
        return lambda value: value.asdict()
    if hasattr(kind, "_asdict"):
        return lambda value: value._asdict()
    if dataclasses.is_dataclass(kind):
        return from_dataclass
    if has_base(kind, "BaseModel", "pydantic"):
        return from_pydantic
    if issubclass(kind, enum.Enum):
        return lambda value: value.value
    if has_base(kind, "generic", "numpy"):
        return from_numpy
    if has_base(kind, "ndarray", "numpy"):
        return lambda value: value.tolist()
    if issubclass(kind, float):
        return float
    if issubclass(kind, abc.Set):
        return from_unordered
    if issubclass(kind, abc.Mapping):
        return dict
    if issubclass(kind, (abc.Sequence, abc.ValuesView, abc.KeysView)) and not issubclass(kind, str):
        return list
    return None
