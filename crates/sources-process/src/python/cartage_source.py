"""Cartage's side in Python: speaks the source protocol for functions and for dlt's sources.

Cartage writes this file out and starts it with `python -u` in the folder of `pipeline.toml`. It needs Python 3.9 and
nothing besides the standard library; orjson makes it faster if it is there, and what the user's code yields (Arrow,
pandas, polars, pydantic, dlt) is only touched if that code has imported it.

`config` in the message `start`:

    source      "module:name", "path/file.py:name", or the name of one of dlt's own sources ("sql_database"). The name is
                that of a function, of a list of functions, of rows, or of anything that `dlt.pipeline.run` takes
    args        arguments by name
    resources   hints by resource, as in `[[sources.<name>.resources]]`

A function that has nothing to do with dlt is one resource of its name. It may return or yield rows, lists of rows, and
tables of Arrow, pandas or polars, and it may be asynchronous. It may have two parameters that it is given by their name:

    state       a dict that the next run gets back as it was left. Anything that JSON has, and dates, times, decimals,
                UUIDs and bytes
    checkpoint  a function without arguments: what was yielded so far, and `state` as it stands, may be committed.
                Call it only when `state` says how to go on from here

With `state` a function is read from where it ended (`at_end`), with both from near the last checkpoint
(`near_checkpoints`). An attribute `resume = "at_checkpoints"` of the function promises more, see the protocol.
"""

import asyncio
import atexit
import base64
import binascii
import dataclasses
import datetime
import decimal
import enum
import importlib
import importlib.util
import inspect
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
import types
import uuid
from collections import abc

try:
    import orjson
except ImportError:
    orjson = None

PROTOCOL = 1
# A message is sent when it has so many bytes, or when its first row has waited so long.
FULL_BYTES = 1 << 20
FULL_SECONDS = 0.1
# Rows of a page are encoded in slices: a page of a million does not exist twice, and the heap neither grows nor shrinks,
# which takes longer than the rest with slices of a thousand.
SLICE_ROWS = 100
ARROW_BYTES = 8 << 20
# How long code of the user may go on after Cartage has asked to stop, and threads of it after the end.
GRACE_SECONDS = 3.0


class ConfigError(Exception):
    """What stands in `pipeline.toml` cannot be used."""


class DataError(Exception):
    """A value that cannot be sent."""


class Stopped(BaseException):
    """Cartage wants no more. Not an `Exception`, so that code of users does not catch it."""


# ---------------------------------------------------------------------------------------------------------------------
# Values
#
# dlt's typed JSON: a character of the private use area in front of a text says which type it has. Wherever dlt has a
# rule, it holds here; what dlt refuses (whole numbers above 64 bits, sets, bytearray, scalars of numpy) is sent where
# there is one way to understand it.

DECIMAL, DATETIME, DATE, UUID, HEX, BASE64, WEI, TIME, TEXT = (chr(0xF026 + n) for n in range(9))
MARKS = frozenset((DECIMAL, DATETIME, DATE, UUID, HEX, BASE64, WEI, TIME, TEXT))
# How the texts that begin with a mark, and a few others, look in JSON.
MARKED = '"\uf026'.encode()[:3]


def has_base(kind, name, module=None):
    """Whether a class has a base of that name, for classes of libraries that may not be there."""
    return any(
        base.__name__ == name and (module is None or base.__module__.split(".")[0] == module)
        for base in kind.__mro__
    )


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


class Values:
    """Encodes rows as lines of JSON."""

    def __init__(self):
        self.converters = {}
        self.marks = 0

    def special(self, value):
        """What `orjson.dumps` asks for values that it does not know."""
        kind = type(value)
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
            if text.count(MARKED) == self.marks:
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
            if text.count(MARKED) == self.marks:
                return as_object(text)
        return self.line(row)

    def line(self, row):
        """A row as a line, whatever it holds."""
        try:
            text = json.dumps(self.plain(row), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
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


ORJSON_OPTIONS = (
    orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_APPEND_NEWLINE if orjson else 0
)


def as_object(line):
    """What is no object is the column `value`, as in dlt."""
    return line if line.startswith(b"{") else b'{"value":' + line[:-1] + b"}\n"


def decoded(value):
    """Typed texts as values, for state and arguments. What cannot be read stays a text, as in dlt."""
    if isinstance(value, dict):
        return {key: decoded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [decoded(inner) for inner in value]
    if not isinstance(value, str) or value[:1] not in MARKS:
        return value
    mark, text = value[0], value[1:]
    try:
        if mark == TEXT:
            return text
        if mark == DECIMAL:
            return decimal.Decimal(text)
        if mark == DATETIME:
            return datetime.datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
        if mark == DATE:
            return datetime.date.fromisoformat(text)
        if mark == TIME:
            return datetime.time.fromisoformat(text)
        if mark == UUID:
            return uuid.UUID(text)
        if mark == BASE64:
            return base64.b64decode(text)
        if mark == HEX:
            hexbytes = sys.modules.get("dlt.common.libs.hexbytes")
            return hexbytes.HexBytes(text) if hexbytes else binascii.unhexlify(text[2:])
        wei = sys.modules.get("dlt.common.wei")
        return wei.Wei(text) if wei else int(text)
    except (ValueError, ArithmeticError):
        return value


def hint_value(value):
    """Values in hints have no types: dates are texts there."""
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (set, frozenset, abc.Sequence)):
        return list(value)
    if isinstance(value, abc.Mapping):
        return dict(value)
    return str(value)


# ---------------------------------------------------------------------------------------------------------------------
# Tables of other libraries

def is_of(value, module, *names):
    """Whether a value is of one of these classes of a library that the user's code has imported."""
    library = sys.modules.get(module)
    kinds = tuple(filter(None, (getattr(library, name, None) for name in names)))
    return bool(kinds) and isinstance(value, kinds)


def is_table(value):
    """Whether a value is a table of Arrow, pandas or polars."""
    if type(value) is dict or type(value) is list:
        return False
    return (
        is_of(value, "pyarrow", "Table", "RecordBatch", "RecordBatchReader")
        or is_of(value, "pandas", "DataFrame")
        or is_of(value, "polars", "DataFrame", "LazyFrame")
    )


def arrow_batches(table):
    """A table as batches of Arrow. At least one, which is empty if need be: the columns matter, too."""
    import pyarrow

    if is_of(table, "pandas", "DataFrame"):
        table = pyarrow.Table.from_pandas(table, preserve_index=False)
    elif is_of(table, "polars", "LazyFrame"):
        table = table.collect().to_arrow()
    elif is_of(table, "polars", "DataFrame"):
        table = table.to_arrow()
    if isinstance(table, pyarrow.RecordBatch):
        table = pyarrow.Table.from_batches([table])
    if isinstance(table, pyarrow.RecordBatchReader):
        count = 0
        for batch in table:
            count += 1
            yield from arrow_batches(batch)
        if not count:
            yield pyarrow.RecordBatch.from_pylist([], schema=table.schema)
        return
    # What pandas wrote about its index is of no use elsewhere, and keeps batches apart that have the same columns.
    if table.schema.metadata and b"pandas" in table.schema.metadata:
        metadata = {key: value for key, value in table.schema.metadata.items() if key != b"pandas"}
        table = table.replace_schema_metadata(metadata or None)
    if not table.num_rows:
        yield pyarrow.RecordBatch.from_pylist([], schema=table.schema)
        return
    rows = max(1, int(table.num_rows * min(1.0, ARROW_BYTES / max(1, table.nbytes))))
    yield from table.to_batches(max_chunksize=rows)


# ---------------------------------------------------------------------------------------------------------------------
# Messages

class Channel:
    """Messages of ours to Cartage. Not buffered: a process that the user's code forks has nothing to repeat."""

    def __init__(self, fd):
        self.fd = fd
        self.lock = threading.RLock()

    def send(self, message_type, payload=None, **keys):
        message = {"type": message_type, **{key: value for key, value in keys.items() if value is not None}}
        if payload is not None:
            message["bytes"] = len(payload)
        line = json.dumps(message, default=hint_value, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        with self.lock:
            self.write(line + payload if payload and len(payload) < 65536 else line)
            if payload and len(payload) >= 65536:
                self.write(payload)

    def write(self, data):
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.fd, view):]
        except BrokenPipeError:
            # Nobody reads any more, so there is nobody to tell.
            leave(1)


class Lane:
    """What waits to be sent for one table of one resource: lines of JSON, or batches of Arrow."""

    def __init__(self, resource, table):
        self.resource = resource
        self.table = table
        self.hints = None
        # One text that grows: many small ones would make the heap grow and shrink all the time.
        self.text = bytearray()
        self.batches = []
        self.size = 0
        self.since = 0.0


class Output:
    """Rows on their way: gathered to messages of a good size, and sent when they have waited."""

    def __init__(self, channel):
        self.channel = channel
        self.values = Values()
        self.lanes = {}
        self.waiting = 0
        self.stop = False
        threading.Thread(target=self.push, name="cartage-output", daemon=True).start()

    def push(self):
        """The thread that sends what has waited, however long the user's code takes for its next row."""
        while True:
            time.sleep(FULL_SECONDS / 2)
            if self.waiting:
                before = time.monotonic() - FULL_SECONDS
                with self.channel.lock:
                    for lane in self.lanes.values():
                        if lane.size and lane.since <= before:
                            self.flush(lane)

    def lane(self, resource, table=None):
        try:
            return self.lanes[resource, table]
        except KeyError:
            with self.channel.lock:
                lane = self.lanes[resource, table] = Lane(resource, table)
            return lane

    def tell(self, lane, hints):
        """The hints of a table, from its next row on. What its resource has yielded before goes before them."""
        with self.channel.lock:
            self.flush_all(lane.resource)
            lane.hints = hints

    def row(self, lane, row):
        """A row by itself. It is encoded at once: the user's code may change it afterwards."""
        if self.stop:
            raise Stopped
        self.add(lane, self.values.one(row))

    def rows(self, lane, rows):
        """Rows that are no tables of Arrow."""
        if self.stop:
            raise Stopped
        for start in range(0, len(rows), SLICE_ROWS):
            part = rows[start:start + SLICE_ROWS] if len(rows) > SLICE_ROWS else rows
            self.add(lane, self.values.lines(part))

    def table(self, lane, table):
        """A table of Arrow, pandas or polars."""
        if self.stop:
            raise Stopped
        for batch in arrow_batches(table):
            with self.channel.lock:
                if lane.text or (lane.batches and lane.batches[0].schema != batch.schema):
                    self.flush(lane)
                lane.batches.append(batch)
                # Batches without rows have a size, too: their columns are sent.
                self.grown(lane, batch.nbytes + 1)

    def add(self, lane, text):
        with self.channel.lock:
            if lane.batches:
                self.flush(lane)
            lane.text += text
            self.grown(lane, len(text))

    def grown(self, lane, size):
        if not lane.size:
            lane.since = time.monotonic()
        lane.size += size
        self.waiting += size
        if lane.size >= FULL_BYTES:
            self.flush(lane)
        elif self.waiting >= 8 * FULL_BYTES:
            self.flush_all()

    def flush(self, lane):
        """Sends what waits. The lock is held."""
        if not lane.size:
            return
        if lane.batches:
            payload, form = arrow_stream(lane.batches), "arrow"
        else:
            payload, form = lane.text, "jsonl"
        self.waiting -= lane.size
        lane.text, lane.batches, lane.size = bytearray(), [], 0
        hints, lane.hints = lane.hints, None
        self.channel.send("rows", payload, resource=lane.resource, format=form, table=lane.table, hints=hints)

    def flush_all(self, resource=None):
        """Sends what waits, the oldest first: of one resource, or of all."""
        with self.channel.lock:
            lanes = [lane for lane in self.lanes.values() if lane.size and resource in (None, lane.resource)]
            for lane in sorted(lanes, key=lambda lane: lane.since):
                self.flush(lane)

    def materialize(self, lane, hints):
        """Makes a table, even if no row comes."""
        with self.channel.lock:
            self.flush_all(lane.resource)
            lane.hints = None
            self.channel.send(
                "rows", b"", resource=lane.resource, format="jsonl", table=lane.table, hints=hints
            )


def arrow_stream(batches):
    import pyarrow

    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


class State:
    """What the source remembers, and what has changed since it was told last."""

    def __init__(self, values, channel, state):
        self.values = values
        self.channel = channel
        self.told = self.encoded(state)

    def encoded(self, state):
        """By resource (None is the source) and key, as JSON that nobody can change."""
        resources = state.get("resources")
        by_resource = {None: {key: value for key, value in state.items() if key != "resources"}}
        by_resource.update(resources if isinstance(resources, dict) else {})
        return {
            resource: {self.values.key(key): self.text(value) for key, value in values.items()}
            for resource, values in by_resource.items()
        }

    def text(self, value):
        return json.dumps(self.values.plain(value), ensure_ascii=False, separators=(",", ":"))

    def tell(self, state):
        """Sends what differs."""
        now = self.encoded(state)
        for resource in {**self.told, **now}:
            before, after = self.told.get(resource, {}), now.get(resource, {})
            changed = {key: json.loads(text) for key, text in after.items() if before.get(key) != text}
            gone = [key for key in before if key not in after]
            if changed or gone:
                self.channel.send("state", resource=resource, set=changed or None, remove=gone or None)
        self.told = now


# ---------------------------------------------------------------------------------------------------------------------
# Finding what is to be read

def is_local(name):
    """Whether a module stands in the folder of the pipeline."""
    first = name.split(".")[0]
    return os.path.isfile(first + ".py") or os.path.isdir(first)


def load_file(path):
    if not os.path.isfile(path):
        raise ConfigError(f"`source`: there is no file `{path}`")
    name = os.path.splitext(os.path.basename(path))[0]
    folder = os.path.dirname(os.path.abspath(path))
    inside = os.path.relpath(os.path.splitext(path)[0])
    if os.path.isfile(os.path.join(folder, "__init__.py")) and not inside.startswith(os.pardir):
        return importlib.import_module(inside.replace(os.sep, "."))
    if name in sys.modules:
        # `sources/requests.py` must not take the place of the library.
        name += "_"
    if folder not in sys.path:
        # Modules beside the file can be imported by it, as if Python had been started with it.
        sys.path.insert(1, folder)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def find(reference):
    """The object that `source` names, and its name."""
    if not isinstance(reference, str) or not reference.strip():
        raise ConfigError('`source` is missing: write "module:function" or "path/file.py:function"')
    module, colon, name = reference.rpartition(":")
    if colon:
        found = load_file(module) if module.endswith(".py") else importlib.import_module(module)
        for part in name.split("."):
            if not hasattr(found, part):
                named = [key for key in vars(found) if not key.startswith("_")] if inspect.ismodule(found) else []
                raise ConfigError(f"`source`: `{module}` has no `{name}`; it has {', '.join(named) or 'nothing'}")
            found = getattr(found, part)
        return found, name.split(".")[-1]
    if reference.endswith(".py"):
        raise ConfigError(f'`source`: say what to read of the file: "{reference}:function"')
    if is_local(reference):
        module = importlib.import_module(reference)
        name = reference.split(".")[-1]
        if hasattr(module, name):
            return getattr(module, name), name
        raise ConfigError(f'`source`: say what to read of the module: "{reference}:function"')
    return find_dlt(reference), reference.split(".")[-1]


def find_dlt(reference):
    """One of dlt's own sources, or of what is installed besides it, by dlt's names for them."""
    try:
        from dlt.extract.reference import SourceReference
    except ImportError as error:
        raise ConfigError(
            f'`source`: `{reference}` is no module of this folder, and dlt cannot be imported: {error}'
        ) from None
    return SourceReference.find(reference)


def has_dlt(found):
    """Whether a value is one of dlt's."""
    if "dlt" not in sys.modules:
        return False
    from dlt.extract.resource import DltResource
    from dlt.extract.source import DltSource

    if isinstance(found, (list, tuple)) and found:
        found = found[0]
    # A decorated function is a factory, or has one.
    is_factory = has_base(type(found), "SourceFactory", "dlt") or hasattr(found, "_factory")
    return is_factory or isinstance(found, (DltSource, DltResource))


def is_lazy(function):
    """Whether calling a function does nothing yet, or nothing of dlt can come out."""
    return (
        "dlt" not in sys.modules
        or inspect.isgeneratorfunction(function)
        or inspect.isasyncgenfunction(function)
        or inspect.iscoroutinefunction(function)
        or not PLAIN_PARAMETERS.isdisjoint(parameters(function))
    )


def parameters(function):
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


# The hints of a resource in `pipeline.toml`.
RESOURCE_KEYS = frozenset((
    "table_name", "write_disposition", "primary_key", "merge_key", "columns", "schema_contract", "quarantine",
    "nested_hints", "max_table_nesting", "table_format", "file_format", "references", "incremental", "description",
    "parent_table_name",
))


def configured_hints(resources):
    """Hints of `config` by resource: a table by name, or a list of tables with `name`."""
    if not resources:
        return {}
    if isinstance(resources, list):
        resources = {entry.get("name"): entry for entry in resources if isinstance(entry, dict)}
    if not isinstance(resources, dict):
        raise ConfigError("`resources` are hints by the name of a resource")
    # The other keys of a resource are Cartage's own business.
    return {
        name: {key: value for key, value in hints.items() if key in RESOURCE_KEYS or key.startswith("x-")}
        for name, hints in resources.items()
    }


def open_source(start, output):
    config = decoded(start.get("config") or {})
    arguments = config.get("args") or {}
    hints = configured_hints(config.get("resources"))
    found, name = find(config.get("source"))
    if has_dlt(found):
        return DltSources(start, found, arguments, hints, output)
    if callable(found) and not is_lazy(found):
        # It may return what dlt makes.
        with dlt_context(start) as context:
            made = found(**arguments)
        if has_dlt(made):
            return DltSources(start, made, {}, hints, output, context)
        return Plain([(name, lambda: made)], {}, hints, output)
    if isinstance(found, (list, tuple)) and found and all(map(callable, found)):
        return Plain([(getattr(each, "__name__", name), each) for each in found], arguments, hints, output)
    return Plain([(getattr(found, "__name__", None) or name, found)], arguments, hints, output)


# ---------------------------------------------------------------------------------------------------------------------
# Functions

PLAIN_PARAMETERS = frozenset(("state", "checkpoint"))


def pages(value):
    """What a function returned, as rows, lists of rows and tables, one by one."""
    if value is None:
        return
    if type(value) is dict or is_table(value):
        yield value
    elif isinstance(value, list) or type(value) is tuple:
        if value and (is_table(value[0]) or isinstance(value[0], list)):
            for inner in value:
                yield from pages(inner)
        elif value:
            yield value
    elif inspect.iscoroutine(value):
        yield from pages(asyncio.run(value))
    elif isinstance(value, abc.AsyncIterator):
        yield from from_async(value)
    elif hasattr(value, "__arrow_c_stream__") and "pyarrow" in sys.modules:
        import pyarrow

        yield pyarrow.RecordBatchReader.from_stream(value)
    elif isinstance(value, abc.Iterable) and not is_row(value):
        for inner in value:
            if type(inner) is dict:
                yield inner
            else:
                yield from pages(inner)
    else:
        yield [value]


def is_row(value):
    """Whether something that can be iterated over is a value and not several."""
    return (
        isinstance(value, (str, bytes, bytearray, memoryview, abc.Mapping))
        or hasattr(value, "_asdict")
        or hasattr(value, "asdict")
        or dataclasses.is_dataclass(value)
        or has_base(type(value), "BaseModel", "pydantic")
    )


def from_async(value):
    loop = asyncio.new_event_loop()
    try:
        while True:
            try:
                item = loop.run_until_complete(value.__anext__())
            except StopAsyncIteration:
                return
            yield from pages(item)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


class Plain:
    """Functions that have nothing to do with dlt, each a resource."""

    def __init__(self, functions, arguments, hints, output):
        self.functions = dict(functions)
        self.output = output
        self.hints = hints
        self.arguments = {}
        if len(self.functions) < len(functions):
            raise ConfigError("two functions have the same name")
        for name in hints:
            if name not in self.functions:
                raise ConfigError(f"`resources`: there is no resource `{name}`; known are {', '.join(self.functions)}")
        known = set()
        for name, function in functions:
            taken = parameters(function) if callable(function) else {}
            takes_all = any(each.kind is each.VAR_KEYWORD for each in taken.values())
            mine = {key: value for key, value in arguments.items() if takes_all or key in taken}
            known.update(mine)
            self.arguments[name] = mine
            for key, each in taken.items():
                is_named = each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY, each.POSITIONAL_ONLY)
                if is_named and each.default is each.empty and key not in mine and key not in PLAIN_PARAMETERS:
                    raise ConfigError(f"`args`: `{name}` needs `{key}`")
        for key in arguments:
            if key not in known:
                raise ConfigError(f"`args`: no function has a parameter `{key}`")

    def declare(self, channel):
        for name, function in self.functions.items():
            taken = parameters(function) if callable(function) else {}
            resume = getattr(function, "resume", None)
            if "state" not in taken:
                resume = None
            elif not resume:
                resume = "near_checkpoints" if "checkpoint" in taken else "at_end"
            channel.send("resource", name=name, hints=self.hints.get(name), resume=resume)

    def read(self, request, channel):
        limit = request.get("limit") or {}
        state = decoded(request.get("state") or {})
        told = State(self.output.values, channel, state)

        def checkpoint():
            self.output.flush_all()
            told.tell(state)
            channel.send("checkpoint")

        for name in request.get("resources", self.functions):
            function = self.functions[name]
            arguments = dict(self.arguments[name])
            taken = parameters(function) if callable(function) else {}
            if "state" in taken:
                arguments["state"] = state.setdefault("resources", {}).setdefault(name, {})
            if "checkpoint" in taken:
                arguments["checkpoint"] = checkpoint
            self.resource(name, function(**arguments) if callable(function) else function, limit)
            self.output.flush_all()
            channel.send("done", resource=name)
        told.tell(state)

    def resource(self, name, value, limit):
        lane = self.output.lane(name)
        rows, pages_left = limit.get("rows"), limit.get("pages")
        if rows == 0 or pages_left == 0:
            return
        is_endless = rows is None and pages_left is None
        try:
            for page in pages(value):
                if type(page) is dict:
                    self.output.row(lane, page)
                    if is_endless:
                        continue
                    count = 1
                elif isinstance(page, (list, tuple)):
                    self.output.rows(lane, page)
                    count = len(page)
                else:
                    self.output.table(lane, page)
                    count = getattr(page, "num_rows", 0)
                if rows is not None:
                    rows -= count
                if pages_left is not None:
                    pages_left -= 1
                if (rows is not None and rows <= 0) or pages_left == 0:
                    return
        except Exception as error:
            error.cartage_resource = name
            raise


# ---------------------------------------------------------------------------------------------------------------------
# dlt
#
# dlt evaluates its own sources: pipes, transformers, threads, incremental, state, configuration. Ours begins where dlt
# would write items into files: they go to Cartage instead, with the hints as the user gave them. Names, contracts and
# schemas are Cartage's business.

HINTS = (
    "write_disposition",
    "primary_key",
    "merge_key",
    "columns",
    "schema_contract",
    "table_format",
    "file_format",
    "references",
    "description",
    "parent_table_name",
)
# Hints that are objects of dlt and may be called, though they are no functions of an item.
OF_DLT = frozenset(("incremental", "validator", "original_columns"))
# Names in code that show that it keeps state.
STATEFUL = frozenset(("resource_state", "source_state"))


class dlt_context:
    """dlt with a pipeline of its own, in a folder that is gone afterwards, and with a state that is Cartage's."""

    def __init__(self, start):
        self.name = start.get("pipeline") or "cartage"
        self.folder = None
        self.pipeline = None
        self.state = {"sources": SharedState(decoded(start.get("state") or {}))}
        self.injected = None

    def __enter__(self):
        import dlt
        from dlt.common.configuration.container import Container
        from dlt.common.pipeline import StateInjectableContext

        if self.folder is None:
            self.folder = tempfile.mkdtemp(prefix="cartage-python-")
            leave.folders.append(self.folder)
            try:
                # Sources may ask for `dlt.current.pipeline()`, and its name is a section of the configuration.
                self.pipeline = dlt.pipeline(self.name, pipelines_dir=os.path.join(self.folder, "pipelines"))
            except Exception as error:
                print(f"dlt.current.pipeline() is not there: {error}", file=sys.stderr)
                self.pipeline = types.SimpleNamespace(pipeline_name=self.name, default_schema_name=None)
        self.injected = Container().injectable_context(StateInjectableContext(state=self.state))
        self.injected.__enter__()
        return self

    def __exit__(self, *error):
        self.injected.__exit__(*error)


class SharedState(dict):
    """dlt keeps state by the name of its source. One source of Cartage has one state, whatever dlt calls it."""

    def __init__(self, state):
        super().__init__()
        self.state = state

    def __missing__(self, name):
        self[name] = self.state
        return self.state

    def setdefault(self, name, default=None):
        return self[name]

    def get(self, name, default=None):
        return self[name]


class DltSources:
    """What dlt made: sources and resources."""

    def __init__(self, start, made, arguments, hints, output, context=None):
        self.output = output
        self.context = context or dlt_context(start)
        # Hints of `pipeline.toml` that dlt does not know, by resource.
        self.extra = {}
        # Hints by resource and table: those that Cartage was told, with the name of the table, and those of now.
        self.told = {}
        self.current = {}
        # Where all items of a resource go, if they bring no marks.
        self.routes = {}
        self.make = lambda: self.open(made, arguments, hints)
        # The function of a source may look at the state, which is not there yet as a rule.
        self.is_early = "state" not in start and looks_at_state(made)
        with self.context:
            self.make()

    def open(self, made, arguments, hints):
        from dlt.extract.extract import data_to_sources
        from dlt.extract.source import DltResourceDict

        if not hasattr(DltResourceDict, "with_pipe"):
            raise ConfigError("this version of dlt is too old: 1.18 is the oldest that was tried")
        self.is_source, made = self.instance(made, arguments)
        self.sources = data_to_sources(made, self.context.pipeline)
        if not self.sources or not any(source.resources for source in self.sources):
            raise ConfigError("the source has no resources")
        self.resources = {}
        for source in self.sources:
            for name, resource in source.resources.items():
                if name in self.resources:
                    raise ConfigError(f"two resources are called `{name}`; rename one of them")
                self.resources[name] = (source, resource)
        for name, own in hints.items():
            self.configure(name, own)

    def instance(self, made, arguments):
        """Calls what must be called. Whether a source came out, which has a say in the schema."""
        from dlt.extract.resource import DltResource
        from dlt.extract.source import DltSource

        incremental = arguments.get("incremental")
        if isinstance(incremental, dict) and "cursor_path" in incremental:
            import dlt

            arguments = {**arguments, "incremental": dlt.sources.incremental(**incremental)}
        is_made = isinstance(made, (DltSource, DltResource, list, tuple))
        if not is_made or (isinstance(made, DltResource) and arguments):
            # A decorated function; a resource without parameters is one already.
            made = made(**arguments)
        elif arguments:
            raise ConfigError("`args`: what `source` names takes no arguments")
        first = made[0] if isinstance(made, (list, tuple)) and made else made
        # What a decorated resource makes is a source around it, and says nothing.
        return type(first) is DltSource or isinstance(first, DltSource) and len(first.resources) > 1, (
            list(made) if isinstance(made, tuple) else made
        )

    def configure(self, name, hints):
        """Lays hints of `pipeline.toml` over those of the code."""
        if name not in self.resources:
            raise ConfigError(f"`resources`: there is no resource `{name}`; known are {', '.join(self.resources)}")
        resource = self.resources[name][1]
        hints = dict(hints)
        nesting = hints.pop("max_table_nesting", None)
        extra = {key: value for key, value in hints.items() if key.startswith("x-")}
        for key in ("quarantine", "description"):
            if key in hints:
                extra[key] = hints[key]
        nested = hints.get("nested_hints")
        if nested:
            hints["nested_hints"] = {tuple(path.split(".")): value for path, value in nested.items()}
        resource.apply_hints(**{key: value for key, value in hints.items() if key not in extra})
        if nesting is not None:
            resource.max_table_nesting = nesting
        self.extra[name] = extra

    def declare(self, channel):
        self.declare_source(channel)
        remembered = self.context.state["sources"].state.get("resources") or {}
        for name, (source, resource) in self.resources.items():
            table, hints = self.static_hints(resource)
            self.told[name, None] = (table, hints)
            channel.send(
                "resource",
                name=name,
                hints=hints or None,
                selected=None if resource.selected else False,
                # Whether a function will yield marks cannot be known. All of a source of dlt is one package
                # anyway, because its state runs ahead of its rows, so this costs nothing.
                routes="other_hints",
                resume="at_end" if remembered.get(name) or keeps_state(resource) else "never",
            )

    def declare_source(self, channel):
        if not self.is_source:
            return
        settings = [self.settings(source) for source in self.sources]
        told = settings[0]
        if any(other != told for other in settings[1:]):
            name = self.sources[0].name
            print(f"the sources have different settings of the schema: those of `{name}` are used", file=sys.stderr)
        channel.send("source", **told)

    @staticmethod
    def settings(source):
        from dlt.common.schema import Schema

        schema = {}
        usual = Schema("usual").settings
        for key in ("detections", "preferred_types", "default_hints"):
            value = source.schema.settings.get(key)
            if value and value != usual.get(key):
                schema[key] = value
        return {
            "max_table_nesting": source.max_table_nesting,
            "root_key": source.root_key,
            "schema_contract": source.schema_contract,
            "schema": schema or None,
        }

    def read(self, request, channel):
        state = decoded(request.get("state") or {})
        shared = self.context.state["sources"]
        shared.state.clear()
        shared.state.update(state)
        told = State(self.output.values, channel, shared.state)
        wanted = request.get("resources")
        wanted = set(self.resources) if wanted is None else set(wanted)
        limit = request.get("limit") or {}
        with self.context:
            if self.is_early and shared.state:
                self.make()
            for source in self.sources:
                names = [name for name in source.resources if name in wanted]
                if not names:
                    continue
                source.resources.select(*names)
                for resource in source.resources.selected.values():
                    limit_resource(resource, limit)
                extract_class()(self.context.folder, self).extract(source, None, None)
        self.output.flush_all()
        told.tell(shared.state)

    # Items

    def write(self, resource, item, meta):
        """What dlt's extractors do with an item, without its schemas and files."""
        dlt = dlt_names()
        if isinstance(meta, dlt.HintsMeta) and meta.hints:
            resource.merge_hints(meta.hints, meta.create_table_variant)
            self.forget(resource)
            if meta.create_table_variant:
                meta = dlt.TableNameMeta(meta.hints["table_name"])
        if isinstance(meta, dlt.ImportFileMeta):
            self.import_file(resource, item, meta)
        elif resource.has_dynamic_table_name:
            self.write_by_item(resource, item)
        else:
            lane = self.lane(resource, item, meta)
            self.write_items(lane, item, resource)

    def write_items(self, lane, item, resource):
        if type(item) is dict:
            self.output.row(lane, item)
        elif isinstance(item, list):
            if item:
                if is_table(item[0]):
                    for table in item:
                        self.output.table(lane, table)
                else:
                    self.output.rows(lane, item)
            elif isinstance(item, dlt_names().MaterializedEmptyList):
                self.output.materialize(lane, self.current[resource.name, lane.table])
        elif is_table(item):
            self.output.table(lane, item)
        elif is_relation(item):
            raise ConfigError(
                "a relation of `dlt.dataset` was yielded, which only a destination could carry out; "
                "yield what it holds instead, with `.arrow()` or `.iter_arrow(..)`"
            )
        else:
            self.output.row(lane, item)

    def write_by_item(self, resource, item):
        """Rows that say themselves to which table they go."""
        items = item if isinstance(item, list) else [item]
        if not items:
            return
        table_of = resource._table_name_hint_fun
        meta_of = dlt_names().TableNameMeta
        is_static = not has_functions(resource)
        lanes, lane, rows = {}, None, []
        for row in items:
            name = table_of(row)
            if is_static and name in lanes:
                other = lanes[name]
            else:
                other = lanes[name] = self.lane(resource, row, meta_of(name), name)
            if other is not lane or other.hints is not None or is_table(row):
                if rows:
                    self.output.rows(lane, rows)
                lane, rows = other, []
            if is_table(row):
                self.output.table(lane, row)
            else:
                rows.append(row)
                if not is_static:
                    # The next row may bring other hints, which begin with it.
                    self.output.rows(lane, rows)
                    rows = []
        if rows:
            self.output.rows(lane, rows)

    def import_file(self, resource, item, meta):
        """A file that dlt would load as it is."""
        if resource.has_dynamic_table_name:
            name = resource._table_name_hint_fun(item)
            lane = self.lane(resource, item, dlt_names().TableNameMeta(name), name)
        else:
            lane = self.lane(resource, item, None)
        if meta.file_format == "parquet":
            import pyarrow.parquet

            with pyarrow.parquet.ParquetFile(meta.file_path) as file:
                for batch in file.iter_batches():
                    self.output.table(lane, batch)
        elif meta.file_format == "jsonl":
            with open(meta.file_path, encoding="utf-8") as file:
                for line in file:
                    if line.strip():
                        self.output.row(lane, json.loads(line))
        else:
            raise ConfigError(
                f"files of format `{meta.file_format}` cannot be handed over with `dlt.mark.with_file_import`: "
                "yield their rows, or read them with a source of type `files`"
            )

    # Hints

    def forget(self, resource):
        for key in list(self.current):
            if key[0] == resource.name:
                del self.current[key]
        self.routes.pop(resource.name, None)

    def lane(self, resource, item, meta, name=None):
        """Where an item goes. Says its hints, if they are new."""
        if name is None and meta is None:
            lane = self.routes.get(resource.name)
            if lane is not None:
                return lane
        if name is None:
            named = getattr(meta, "table_name", None)
            name = named or resource.table_name
        own = self.told[resource.name, None][0] if (resource.name, None) in self.told else resource.name
        table = None if name == own else name
        key = (resource.name, table)
        lane = self.output.lane(*key)
        if key not in self.current or has_functions(resource):
            first = item[0] if isinstance(item, list) and item and has_functions(resource) else item
            hinted, hints = self.item_hints(resource, first, meta)
            if hinted != name and not self.is_same_table(resource, hinted, name):
                # `with_table_name` beside a `table_name` of the resource: dlt gives no hints to the other table.
                hints = {}
            if table is not None:
                hints.pop("table_name", None)
            self.current[key] = hints
            if self.told.get(key, (None, None))[1] != hints:
                self.told[key] = (name, hints)
                self.output.tell(lane, hints)
        if meta is None and table is None and not has_functions(resource) and not resource.has_dynamic_table_name:
            self.routes[resource.name] = lane
        return lane

    def is_same_table(self, resource, one, other):
        source = self.resources.get(resource.name, (None,))[0]
        if source is None:
            return False
        normalized = source.schema.naming.normalize_table_identifier
        return normalized(one) == normalized(other)

    def static_hints(self, resource):
        """The table and the hints of a resource before there are items: without those that depend on them."""
        template = dict(resource._hints or {})
        name = template.get("table_name")
        hints = self.document(resource, {key: value for key, value in template.items() if not is_function(key, value)})
        return (resource.name if not name or callable(name) else name), hints

    def item_hints(self, resource, item, meta):
        """The table and the hints for an item."""
        named = getattr(meta, "table_name", None)
        template = resource._hints_variants.get(named) if named else None
        if template is None:
            template = dict(resource._hints or {})
            # The cursor is known when the resource has begun.
            cursor = getattr(resource.incremental, "incremental", resource.incremental)
            if cursor is not None and "incremental" not in template:
                template["incremental"] = cursor
        resolved = {
            key: value(item) if is_function(key, value) else value for key, value in template.items()
        }
        hints = self.document(resource, resolved, item)
        validator = resource.validator
        if validator is not None and hasattr(validator, "compute_table_schema"):
            # A model that says of itself that it knows best.
            table = validator.compute_table_schema(item, meta)
            if table and table.get("columns"):
                hints["columns"] = {**hints.get("columns", {}), **columns_of(table["columns"])}
        return resolved.get("table_name") or named or resource.name, hints

    def document(self, resource, resolved, item=None):
        """dlt's hints as Cartage's."""
        hints = self.table_hints(resolved)
        if resolved.get("table_name"):
            hints["table_name"] = resolved["table_name"]
        nesting = (resolved.get("x-normalizer") or {}).get("max_nesting")
        if nesting is not None:
            hints["max_table_nesting"] = nesting
        nested = resolved.get("nested_hints")
        if nested:
            naming = self.resources[resource.name][0].schema.naming if resource.name in self.resources else None
            hints["nested_hints"] = {
                nested_path(path, naming): self.table_hints(
                    {key: value(item) if is_function(key, value) else value for key, value in own.items()}
                )
                for path, own in nested.items()
            }
        hints.update(self.extra.get(resource.name, {}))
        return hints

    @staticmethod
    def table_hints(resolved):
        """The hints that a table and those below it share."""
        hints = {}
        for key in HINTS:
            value = resolved.get(key)
            if value is None:
                continue
            if key == "columns":
                value = columns_of(value)
                if not value:
                    continue
            elif key in ("primary_key", "merge_key", "references") and not isinstance(value, str):
                value = list(value)
            hints[key] = value
        for key, value in {**resolved, **(resolved.get("additional_table_hints") or {})}.items():
            if key.startswith("x-") or key == "description":
                hints[key] = value
        normalizer = {key: value for key, value in hints.pop("x-normalizer", {}).items() if key != "max_nesting"}
        if normalizer:
            hints["x-normalizer"] = normalizer
        incremental = resolved.get("incremental")
        cursor = incremental.get_cursor_column_name() if hasattr(incremental, "get_cursor_column_name") else None
        if cursor:
            # dlt leaves out what is there already: reading from the cursor on is its own work.
            columns = hints.setdefault("columns", {})
            columns[cursor] = {**columns.get(cursor, {}), "incremental": True}
        return hints


def columns_of(columns):
    """Hints of columns by name."""
    if not isinstance(columns, abc.Mapping):
        from dlt.extract.utils import ensure_table_schema_columns

        columns = ensure_table_schema_columns(columns)
    made = {}
    for name, hints in columns.items():
        made[name] = {key: value for key, value in hints.items() if key != "name"}
        if made[name].get("data_type") == "complex":
            made[name]["data_type"] = "json"
    return made


def nested_path(path, naming):
    """The path of a nested table. A dot in a key would be taken for two keys."""
    keys = [path] if isinstance(path, str) else list(path)
    return ".".join(naming.normalize_table_identifier(key) if "." in key and naming else key for key in keys)


def is_function(key, value):
    return callable(value) and key not in OF_DLT


def has_functions(resource):
    """Whether hints besides the name of the table depend on items."""
    return any(is_function(key, value) for key, value in (resource._hints or {}).items() if key != "table_name")


def is_relation(item):
    return any(base.__module__.startswith("dlt.dataset") for base in type(item).__mro__)


def limit_resource(resource, limit):
    if resource.is_transformer:
        return
    for count, is_rows in ((limit.get("pages"), False), (limit.get("rows"), True)):
        if count is not None:
            own = getattr(resource, "limit", None)
            if own is None or own.max_items is None or own.max_items < 0 or own.max_items > count:
                resource.add_limit(count, count_rows=is_rows)
            return


def keeps_state(resource):
    """Whether a resource, or one that it takes its items from, goes on from where it ended."""
    pipe = resource._pipe
    while pipe is not None:
        for step in pipe.steps:
            if type(step).__name__ in ("Incremental", "IncrementalResourceWrapper"):
                if getattr(step, "incremental", step) is not None or has_cursor(pipe.gen):
                    return True
            elif mentions(step, STATEFUL):
                return True
        pipe = pipe.parent
    return "incremental" in (resource._hints or {})


def looks_at_state(function):
    """Whether a function that makes a source looks at its state itself, and not only in its resources."""
    function = getattr(function, "_f", function)
    function = inspect.unwrap(function) if hasattr(function, "__wrapped__") else function
    code = getattr(function, "__code__", None)
    return isinstance(code, types.CodeType) and not STATEFUL.isdisjoint(code.co_names)


def has_cursor(function):
    """Whether a cursor is among the defaults of a function: it is bound when the function begins."""
    return any(has_base(type(each.default), "Incremental") for each in parameters(function).values())


def mentions(function, names, depth=4):
    """Whether code uses one of these names, by itself or through code of the user that it sees."""
    todo, seen = [(function, depth)], set()
    while todo and len(seen) < 500:
        each, depth = todo.pop()
        each = getattr(each, "_f", each)
        each = inspect.unwrap(each) if hasattr(each, "__wrapped__") else each
        each = getattr(each, "func", each) if type(each).__name__ == "partial" else each
        each = getattr(each, "__func__", each)
        code = each if isinstance(each, types.CodeType) else getattr(each, "gi_code", getattr(each, "__code__", None))
        if not isinstance(code, types.CodeType) or code in seen:
            continue
        seen.add(code)
        if not names.isdisjoint(code.co_names):
            return True
        inner = [(const, depth) for const in code.co_consts if isinstance(const, types.CodeType)]
        todo += inner
        if depth and isinstance(each, types.FunctionType) and not (each.__module__ or "").startswith("dlt."):
            used = set(code.co_names).union(*(const.co_names for const, _ in inner))
            todo += [(other, depth - 1) for other in reached(each, used)]
    return False


def reached(function, names):
    """Functions that a function of the user may call: of its module, of what encloses it, and of the user's classes
    and modules."""
    values = [cell.cell_contents for cell in function.__closure__ or () if cell_is_set(cell)]
    values += [function.__globals__[name] for name in names if name in function.__globals__]
    for value in values:
        if inspect.ismodule(value):
            folder = os.path.dirname(getattr(value, "__file__", None) or "")
            if folder.startswith(os.getcwd()) and "site-packages" not in folder:
                yield from (getattr(value, name) for name in names if inspect.isroutine(getattr(value, name, None)))
        elif isinstance(value, types.FunctionType) or hasattr(value, "__wrapped__"):
            yield value
        else:
            kind = value if isinstance(value, type) else type(value)
            if (kind.__module__ or "").split(".")[0] == (function.__module__ or "").split(".")[0]:
                yield from (each for each in vars(kind).values() if isinstance(each, types.FunctionType))


def cell_is_set(cell):
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def dlt_names():
    """The classes of dlt that items are marked with."""
    found = dlt_names.__dict__.get("found")
    if found is None:
        from dlt.extract.extractors import ImportFileMeta, MaterializedEmptyList
        from dlt.extract.hints import HintsMeta
        from dlt.extract.items import TableNameMeta

        found = dlt_names.found = types.SimpleNamespace(
            HintsMeta=HintsMeta,
            TableNameMeta=TableNameMeta,
            ImportFileMeta=ImportFileMeta,
            MaterializedEmptyList=MaterializedEmptyList,
        )
    return found


def extract_class():
    """dlt's extract step with Cartage in the place of its files."""
    from dlt.common.storages import NormalizeStorageConfiguration
    from dlt.extract.extract import Extract
    from dlt.extract.pipe_iterator import PipeIterator

    class CartageExtract(Extract):
        def __init__(self, folder, sources):
            # The state of the load package lives in that folder, for those who use it.
            storage = NormalizeStorageConfiguration(normalize_volume_path=os.path.join(folder, "extract"))
            super().__init__(None, storage)
            self.sources = sources

        def _extract_single_source(self, load_id, source, **_):
            with PipeIterator.from_pipes(source.resources.selected_pipes) as items:
                for item in items:
                    resource = source.resources.with_pipe(item.pipe)
                    try:
                        self.sources.write(resource, item.item, item.meta)
                    except Exception as error:
                        error.cartage_resource = resource.name
                        raise

    return CartageExtract


# ---------------------------------------------------------------------------------------------------------------------
# Errors

def chain(error):
    """An error and what caused it, from the outermost."""
    errors = []
    while error is not None and error not in errors:
        errors.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return errors


def class_name(error):
    kind = type(error)
    return kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"


CONFIG_CLASSES = {"ConfigError", "ConfigurationException", "ImportError", "UnknownSourceReference", "SyntaxError",
                  "ParametrizedResourceUnbound", "ResourcesNotFoundError", "InconsistentTableTemplate"}
TRANSIENT_CLASSES = {"ConnectionError", "TimeoutError", "Timeout", "TransientException", "TransportError",
                     "URLError", "IncompleteRead", "ChunkedEncodingError", "ProtocolError", "gaierror",
                     "ClientConnectionError", "ServerTimeoutError"}
DATA_CLASSES = {"DataError", "DataValidationError", "ValidationError", "JSONDecodeError", "UnicodeError",
                "ArrowInvalid", "IncrementalCursorPathMissing", "IncrementalCursorPathHasValueNone",
                "IncrementalCursorInvalidCoercion", "DecimalException"}


def kind_of(errors, is_open):
    """What kind of error this is. Causes tell more than what they caused."""
    for error in reversed(errors):
        names = {base.__name__ for base in type(error).__mro__}
        response = getattr(error, "response", None)
        status = getattr(response, "status_code", None) or getattr(error, "code", None) or getattr(error, "status", None)
        if isinstance(status, int) and names & {"HTTPError", "HTTPStatusError", "ClientResponseError"}:
            return "transient" if status >= 500 or status in (408, 429) else "other"
        if names & CONFIG_CLASSES:
            return "config"
        if names & TRANSIENT_CLASSES or getattr(error, "connection_invalidated", False):
            return "transient"
        if names & DATA_CLASSES:
            return "data"
    return "other" if is_open else "config"


def text_of(error):
    text = str(error).strip() or repr(error)
    return text if isinstance(error, (ConfigError, DataError)) else f"{class_name(error)}: {text}"


def stack_of(error, is_open):
    """The traceback without frames of this file; nothing where the message says what to do."""
    if isinstance(error, ConfigError) or (not is_open and has_base(type(error), "ConfigurationException", "dlt")):
        return None
    told = each = traceback.TracebackException.from_exception(error)
    while each is not None:
        each.stack = traceback.StackSummary.from_list([frame for frame in each.stack if frame.filename != __file__])
        each = each.__cause__ or each.__context__
    text = "".join(told.format()).encode("utf-8", "replace")
    return (text if len(text) <= 8192 else b"..." + text[-8189:]).decode("utf-8", "ignore")


def report(error, is_open):
    """The message of an error."""
    errors = chain(error)
    # What dlt says about its pipes is no news; what went wrong in them is.
    wrappers = ("ResourceExtractionError", "PipeItemProcessingError")
    inner = [each for each in errors if type(each).__name__ not in wrappers] or errors
    texts = []
    for each in inner:
        # Libraries repeat what the errors below say.
        if not any(str(each).strip() in text for text in texts):
            texts.append(text_of(each))
    names = [getattr(each, "cartage_resource", None) for each in errors]
    names += [getattr(each, "pipe_name", None) for each in errors]
    return {
        "message": "; caused by ".join(texts)[:4000],
        "kind": kind_of(errors, is_open),
        "resource": next((name for name in names if isinstance(name, str)), None),
        "details": stack_of(inner[0], is_open),
    }


# ---------------------------------------------------------------------------------------------------------------------
# The program

def leave(code):
    """Ends at once, whatever threads of the user's code are about."""
    for folder in leave.folders:
        shutil.rmtree(folder, ignore_errors=True)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
    os._exit(code)


leave.folders = []


def finish(code):
    """The usual end. Functions of `atexit` are called, but threads and those functions must not hold it up."""
    timer = threading.Timer(GRACE_SECONDS, leave, (code,))
    timer.daemon = True
    timer.start()
    atexit._run_exitfuncs()
    leave(code)


def take_channels():
    """Keeps standard input and output for messages, and leaves the user's code others."""
    sys.stdout.flush()
    messages, frames = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(messages, "rb"), Channel(frames)


def watch(messages, output):
    """Waits for `stop`, or for the end of Cartage. Code of the user that does not come back is left behind."""
    code = 1
    for line in messages:
        try:
            if json.loads(line).get("type") == "stop":
                code = 0
                break
        except ValueError:
            break
    output.stop = True
    time.sleep(GRACE_SECONDS)
    leave(code)


def import_from_here():
    """Puts the folder of the pipeline where Python has put that of this file."""
    own = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == own:
        del sys.path[0]
    sys.path.insert(0, os.getcwd())
    # dlt warns if the script is elsewhere than its folder `.dlt`.
    sys.argv[0] = os.path.join(os.getcwd(), "pipeline.toml")


def take(messages, kind):
    line = messages.readline()
    if not line:
        return None
    message = json.loads(line)
    if message.get("type") != kind:
        raise ConfigError(f"Cartage sent `{message.get('type')}` where `{kind}` was due")
    return message


def program():
    python = ".".join(map(str, sys.version_info[:3]))
    version = getattr(sys.modules.get("dlt"), "__version__", None)
    return f"cartage-python {PROTOCOL} (Python {python}{f', dlt {version}' if version else ''})"


def run(messages, channel):
    """The whole conversation. The exit code."""
    is_open = False
    try:
        start = take(messages, "start")
        if start is None:
            return 0
        if start.get("protocol") != PROTOCOL:
            raise ConfigError(f"Cartage speaks version {start.get('protocol')} of the protocol, and this is {PROTOCOL}")
        import_from_here()
        output = Output(channel)
        source = open_source(start, output)
        channel.send("hello", protocol=PROTOCOL, program=program())
        source.declare(channel)
        channel.send("ready")
        request = take(messages, "read")
        if request is None:
            return 0
        is_open = True
        threading.Thread(target=watch, args=(messages, output), name="cartage-input", daemon=True).start()
        source.read(request, channel)
        output.flush_all()
        channel.send("end")
        return 0
    except Stopped:
        return 0
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            return 130
        if any(isinstance(each, Stopped) for each in chain(error)):
            return 0
        channel.send("error", **report(error, is_open))
        return 1


def main():
    # Folders of this run must not stay when it is ended from outside.
    signal.signal(signal.SIGTERM, lambda *_: leave(143))
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    messages, channel = take_channels()
    finish(run(messages, channel))


if __name__ == "__main__":
    main()
