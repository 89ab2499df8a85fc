"""Classes of libraries that may not be there. They are only looked for, never imported."""

import sys


def has_base(kind, name, module=None):
    """Whether a class has a base of that name, for classes of libraries that may not be there."""
    return any(
        base.__name__ == name and (module is None or base.__module__.split(".")[0] == module)
        for base in kind.__mro__
    )


def is_of(value, module, *names):
    """Whether a value is of one of these classes of a library that the user's code has imported."""
    library = sys.modules.get(module)
    kinds = tuple(filter(None, (getattr(library, name, None) for name in names)))
    return bool(kinds) and isinstance(value, kinds)
