"""What a function returned, in pages."""

import dataclasses
import inspect
import sys
from collections import abc

from .classes import has_base
from .tables import is_table


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
        import asyncio

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
    import asyncio

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
