"""Whether code of dlt, and of the user, goes on from where it ended: what it looks like before it has run."""

import inspect
import os
import types

from .classes import has_base
from .signatures import parameters

# Names in code that show that it keeps state.
STATEFUL = frozenset(("resource_state", "source_state"))


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
