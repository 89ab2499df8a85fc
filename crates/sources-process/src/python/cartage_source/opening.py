"""From the message `start` to a source that can be read."""

import inspect
import sys

from .classes import has_base
from .dlt_context import dlt_context
from .dlt_sources import DltSources
from .errors import ConfigError
from .finding import find
from .plain import Plain
from .signatures import PLAIN_PARAMETERS, parameters
from .typed_json import decoded

# The hints of a resource in `pipeline.toml`.
RESOURCE_KEYS = frozenset((
    "table_name", "write_disposition", "primary_key", "merge_key", "columns", "schema_contract", "quarantine",
    "nested_hints", "max_table_nesting", "table_format", "file_format", "references", "incremental", "description",
    "parent_table_name",
))


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
