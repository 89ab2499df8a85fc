"""Finding what is to be read."""

import importlib
import importlib.util
import inspect
import os
import sys

from .errors import ConfigError


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


def find_dlt(reference):
    """One of dlt's own sources, or of what is installed besides it, by dlt's names for them."""
    try:
        from dlt.extract.reference import SourceReference
    except ImportError as error:
        raise ConfigError(
            f'`source`: `{reference}` is no module of this folder, and dlt cannot be imported: {error}'
        ) from None
    return SourceReference.find(reference)
