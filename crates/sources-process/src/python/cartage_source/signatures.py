"""What functions of the user want to be given."""

import inspect

PLAIN_PARAMETERS = frozenset(("state", "checkpoint"))


def parameters(function):
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
