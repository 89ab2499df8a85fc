"""Rows as lines of JSON."""

import datetime
import enum
import json
import sys
import uuid

from .columns import are_worth_columns, common_keys, typed
from .converters import converter
from .errors import DataError
from .typed_json import DATETIME, MARKED, MARKED_BYTE, MARKS, TEXT

try:
    import orjson
except ImportError:
    orjson = None

DateTime = datetime.datetime

ORJSON_OPTIONS = (
    orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_APPEND_NEWLINE if orjson else 0
)

# What needs no second look, but for texts that begin with a mark. Of numbers some are not in JSON.
PLAIN_KINDS = frozenset((str, int, bool, type(None)))


class Values:
    """Encodes rows as lines of JSON."""

    def __init__(self):
        self.converters = {}
        self.marks = 0

    def special(self, value):
        """What `orjson.dumps` asks for values that it does not know."""
        kind = type(value)
        if kind is DateTime:
            # The commonest by far.
            self.marks += 1
            return DATETIME + value.isoformat()
        try:
            convert = self.converters[kind]
        except KeyError:
            convert = self.converters[kind] = converter(kind) or self.of_dlt
        try:
            value = convert(value)
        except (TypeError, AttributeError):
            raise TypeError(f"a value of type `{kind.__module__}.{kind.__qualname__}` cannot be sent") from None
        if type(value) is str and value[:1] in MARKS:
            self.marks += 1
        return value

    @staticmethod
    def of_dlt(value):
        """An encoder that the user has given to dlt."""
        encode = getattr(sys.modules.get("dlt.common.json"), "custom_pua_encode", None)
        if encode is None:
            raise TypeError
        return encode(value)

    def columns(self, rows):
        """Rows as one line with a list a column, where that is faster; None otherwise."""
        if not are_worth_columns(rows, orjson is not None):
            return None
        keys = common_keys(rows)
        if keys is None:
            return None
        try:
            columns = [self.column(key, [row[key] for row in rows]) for key in keys]
        except Exception:
            # It goes wrong once more row by row, where the error can name the field.
            return None
        return b"{" + b",".join(columns) + b"}\n" if None not in columns else None

    def column(self, key, values):
        """A column as a key with a list; None if texts of the user look like values with a type."""
        mark, texts = typed(values, orjson is not None) or ("", None)
        if orjson is None:
            return dumped(mark + key) + b":" + (dumped(texts) if mark else self.plain_list(values))
        if mark:
            return orjson.dumps(mark + key) + b":" + orjson.dumps(texts)
        self.marks = 0
        text = orjson.dumps(values, self.special, ORJSON_OPTIONS)
        if MARKED_BYTE in text and text.count(MARKED) != self.marks:
            return None
        return orjson.dumps(key) + b":" + text[:-1]

    def plain_list(self, values):
        """A column without orjson. Most hold nothing but what JSON knows."""
        if set(map(type, values)) <= PLAIN_KINDS:
            text = dumped(values)
            if MARKED not in text:
                return text
        return dumped([self.plain(value) for value in values])

    def lines(self, rows):
        """Rows as one text of lines."""
        if orjson is not None:
            self.marks = 0
            special, options = self.special, ORJSON_OPTIONS
            dumps = orjson.dumps
            try:
                text = b"".join([dumps(row, special, options) for row in rows])
            except (TypeError, RecursionError):
                return b"".join(map(self.one, rows))
            if MARKED_BYTE not in text or text.count(MARKED) == self.marks:
                if set(map(type, rows)) <= {dict}:
                    return text
                return b"".join(map(as_object, text.splitlines(True)))
        return b"".join(map(self.one, rows))

    def one(self, row):
        """A row as a line."""
        if orjson is not None:
            self.marks = 0
            try:
                text = orjson.dumps(row, self.special, ORJSON_OPTIONS)
            except (TypeError, RecursionError):
                return self.line(row)
            if MARKED_BYTE not in text or text.count(MARKED) == self.marks:
                return text if type(row) is dict else as_object(text)
        return self.line(row)

    def line(self, row):
        """A row as a line, whatever it holds."""
        try:
            text = dumped(self.plain(row)) + b"\n"
        except RecursionError:
            raise DataError("a row is nested too deeply, or holds itself") from None
        except UnicodeEncodeError as error:
            raise DataError(f"a text of a row is no valid Unicode: {error}") from None
        return as_object(text)

    def plain(self, value, path=""):
        """The same with nothing but what JSON knows."""
        kind = type(value)
        if kind is str:
            # A text of the user that looks like a value with a type stays a text.
            return TEXT + value if value[:1] in MARKS else value
        if value is None or kind is bool or kind is int:
            return value
        if kind is float:
            return value if value - value == 0 else None
        if isinstance(value, enum.Enum):
            return self.plain(value.value, path)
        if isinstance(value, dict):
            return {
                self.key(key): self.plain(inner, f"{path}.{key}" if path else str(key))
                for key, inner in value.items()
            }
        if kind is tuple or isinstance(value, list):
            return [self.plain(inner, f"{path}[{n}]") for n, inner in enumerate(value)]
        if isinstance(value, str):
            return self.plain(str.__str__(value), path)
        if isinstance(value, int):
            return int(value)
        try:
            made = self.special(value)
        except TypeError as error:
            raise DataError(f"{error}{f': field `{path}`' if path else ''}") from None
        return made if type(made) is str and made[:1] in MARKS else self.plain(made, path)

    @staticmethod
    def key(key):
        if isinstance(key, enum.Enum):
            key = key.value
        if isinstance(key, str):
            return str.__str__(key)
        if key is None or isinstance(key, (bool, int, float)):
            return json.dumps(key)
        if isinstance(key, (datetime.date, datetime.time)):
            return key.isoformat()
        if isinstance(key, uuid.UUID):
            return str(key)
        raise DataError(f"`{key!r}` cannot be a key: keys are texts")


def dumped(value):
    """What JSON knows as JSON, without orjson."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def as_object(line):
    """What is no object is the column `value`, as in dlt."""
    return line if line.startswith(b"{") else b'{"value":' + line[:-1] + b"}\n"
