"""Errors as messages to Cartage."""

import os
import traceback

from .classes import has_base
from .errors import ConfigError, DataError

# Where this file and the others of ours are.
FOLDER = os.path.dirname(__file__)

CONFIG_CLASSES = {"ConfigError", "ConfigurationException", "ImportError", "UnknownSourceReference", "SyntaxError",
                  "ParametrizedResourceUnbound", "ResourcesNotFoundError", "InconsistentTableTemplate"}
TRANSIENT_CLASSES = {"ConnectionError", "TimeoutError", "Timeout", "TransientException", "TransportError",
                     "URLError", "IncompleteRead", "ChunkedEncodingError", "ProtocolError", "gaierror",
                     "ClientConnectionError", "ServerTimeoutError"}
DATA_CLASSES = {"DataError", "DataValidationError", "ValidationError", "JSONDecodeError", "UnicodeError",
                "ArrowInvalid", "IncrementalCursorPathMissing", "IncrementalCursorPathHasValueNone",
                "IncrementalCursorInvalidCoercion", "DecimalException"}


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


def chain(error):
    """An error and what caused it, from the outermost."""
    errors = []
    while error is not None and error not in errors:
        errors.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return errors


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


def class_name(error):
    kind = type(error)
    return kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"


def stack_of(error, is_open):
    """The traceback without frames of ours; nothing where the message says what to do."""
    if isinstance(error, ConfigError) or (not is_open and has_base(type(error), "ConfigurationException", "dlt")):
        return None
    told = each = traceback.TracebackException.from_exception(error)
    while each is not None:
        theirs = [frame for frame in each.stack if os.path.dirname(frame.filename) != FOLDER]
        each.stack = traceback.StackSummary.from_list(theirs)
        each = each.__cause__ or each.__context__
    text = "".join(told.format()).encode("utf-8", "replace")
    return (text if len(text) <= 8192 else b"..." + text[-8189:]).decode("utf-8", "ignore")
