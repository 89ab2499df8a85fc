"""Differences on purpose, each with its row of `docs/differences.md`.

A row explains a difference if it applies to the case, and the difference is gone once the case no longer
holds what the row is about. So a fault that hides behind a known difference is still found.
"""

import copy
import json
import re


def explain(case, found, errors, look):
    """The rows that explain why a case differs, and the case without what they are about.

    `found` is what differs and `errors` what dlt said; `look` gives both for another case. Where the case that is
    returned still differs, it is unexplained.
    """
    applying, plain = [], case
    while found:
        more = [one for one in REASONS if one not in applying and one.applies(plain) and one.when(found, errors)]
        if not more:
            return [], plain
        for one in more if not applying else []:
            if not look(one.plain(case))[0]:
                return [one.row], None
        # What an error had hidden comes to light without it.
        applying += more
        plain = without(case, applying)
        found, errors = look(plain)
    # More than one is needed: leave out those that are not.
    needed = list(applying)
    for one in applying:
        others = [other for other in needed if other is not one]
        if not look(without(case, others))[0]:
            needed = others
    return [one.row for one in needed], None


def without(case, reasons):
    for one in reasons:
        case = one.plain(case)
    return case


def is_plain(case, found, errors):
    """Whether no row applies, so that any difference is unexplained."""
    return not any(one.applies(case) and one.when(found, errors) for one in REASONS)


class Reason:
    """A row of the table, what takes out of a case what the row is about, and how the difference looks."""

    def __init__(self, row, neutral, when=lambda found, errors: True):
        self.row, self.neutral, self.when = row, neutral, when

    def plain(self, case):
        return self.neutral(copy.deepcopy(case))

    def applies(self, case):
        return self.plain(case) != case


def dlt_fails(*words):
    """dlt refuses what we load; its message or the kind of its error has one of the words."""
    return lambda found, errors: any(error and any(word in f"{error['kind']} {error['message']}" for word in words) for error in errors)


def some_line(pattern):
    return lambda found, errors: any(re.search(pattern, line) for line in found)


def either(one, other):
    return lambda found, errors: one(found, errors) or other(found, errors)


def map_values(value, change):
    """A value with `change` applied to all that is neither an object nor a list."""
    if isinstance(value, dict):
        return {key: map_values(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [map_values(inner, change) for inner in value]
    return change(value)


def in_rows(change):
    """Applies `change` to the values of all rows of a case."""

    def neutral(case):
        for run in case["runs"]:
            run["data"] = {name: rows and map_values(rows, change) for name, rows in run["data"].items()}
        return case

    return neutral


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def small_integer(value):
    return 77 if is_integer(value) and not -(2**63) <= value < 2**63 else value


def small_double(value):
    return 3.0 if isinstance(value, float) and abs(value) >= 2.0**63 else value


def is_printed_so(text):
    """Whether a number is printed with just these characters, so that it may be one."""
    return re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", text) and len(text) < 17


def no_number(value):
    """Texts that Python takes for numbers, and that no number is printed as, are other texts."""
    if not isinstance(value, str) or is_printed_so(value):
        return value
    try:
        int(value, 16) if value[:2].lower() == "0x" else float(value)
    except ValueError:
        return value
    return "seven"


def sayable(value):
    """Numbers that columns of other types would change: integers that no double is, and tiny fractions."""
    if is_integer(value) and int(float(value)) != value:
        return 77
    if isinstance(value, float) and 0 < abs(value) < 1e-6:
        return 3.0
    return value


def kinds_of(value, key, kinds):
    """Notes for every key which kinds of values it has, those of lists below it too."""
    if isinstance(value, dict):
        for name, inner in value.items():
            kinds_of(inner, name, kinds)
    elif isinstance(value, list):
        for inner in value:
            kinds_of(inner, key, kinds)
    elif value is not None:
        kinds.setdefault(key, set()).add(isinstance(value, bool))


def without_truth(value, key, mixed):
    """Truth values become nulls below the keys that have other values as well."""
    if isinstance(value, dict):
        return {name: without_truth(inner, name, mixed) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_truth(inner, key, mixed) for inner in value]
    return None if isinstance(value, bool) and key in mixed else value


def whole_days(value):
    """A moment without its time of the day, as number of seconds since 1970 or as text."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value % 86400 != 0:
        return type(value)(86400)
    if isinstance(value, str) and re.match(r"\s*[-+]?\d", value):
        return value[:10] if re.match(r"\d{4}-\d\d-\d\d", value) else "2024-05-06"
    return value


def asks_for(case, data_type):
    """Whether a hint of a column or of names gives a type."""
    if any(data_type in settings.get("schema", {}).get("preferred_types", {}).values() for settings in settings_of(case)):
        return True
    hints = [hint for resource in case["resources"] for one in hints_of(case, resource["name"]) for hint in (one.get("columns") or {}).values()]
    return any(hint.get("data_type") == data_type for hint in hints)


def may_have_days(case):
    """Whether texts or a hint may make columns of days."""
    return asks_for(case, "date") or any("iso_date" in settings.get("schema", {}).get("add_detections", []) for settings in settings_of(case))


def sayable_as_boolean(value):
    """Numbers that are no boolean become one that is the beginning of a day as well."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return 0 if is_number and value not in (0, 1) else value


def typed_ids(case):
    """Types of dlt's own columns: the ids, which are others in each run, cannot be compared in variants."""
    for resource in case["resources"]:
        for one in hints_of(case, resource["name"]):
            for column, hint in (one.get("columns") or {}).items():
                if column in ("_dlt_id", "_dlt_load_id"):
                    hint.pop("data_type", None)
    return case


def mixed_values(case):
    """Values that the column of their key could only say otherwise."""
    case = typed_ids(case)
    if may_have_days(case):
        case = in_rows(whole_days)(case)
    if asks_for(case, "bool"):
        case = in_rows(sayable_as_boolean)(case)
    kinds = {}
    for run in case["runs"]:
        kinds_of([rows or [] for rows in run["data"].values()], None, kinds)
    mixed = {key for key, both in kinds.items() if len(both) > 1}
    for run in case["runs"]:
        run["data"] = {name: rows and without_truth(rows, None, mixed) for name, rows in run["data"].items()}
    return in_rows(sayable)(case)


def settings_of(case):
    """The settings of all runs, and those of the case."""
    return [one.get("settings", {}) for one in [case, *case["runs"]]]


def hints_of(case, name):
    """All places in which a case says something about a resource."""
    own = [resource for resource in case["resources"] if resource["name"] == name]
    return own + [run["resources"][name] for run in case["runs"] if name in run.get("resources", {})]


def without_nesting(case, is_concerned):
    """Takes `max_table_nesting` from the resources for which `is_concerned` is true."""
    for resource in case["resources"]:
        if is_concerned(resource["name"]):
            for hints in hints_of(case, resource["name"]):
                hints.pop("max_table_nesting", None)
    return case


def nesting_and_contract(case):
    shared = [settings.get("source", {}).get("schema_contract") for settings in settings_of(case)]
    shared += [run.get("run", {}).get("schema_contract") for run in case["runs"]]
    return without_nesting(case, lambda name: any(shared) or any(hints.get("schema_contract") for hints in hints_of(case, name)))


def nesting_and_silence(case):
    return without_nesting(case, lambda name: any(run["data"].get(name) == [] for run in case["runs"][1:]))


def dots_in_names(case):
    """Keys with a dot, where the naming convention keeps it."""
    names = {settings.get("naming_convention") for settings in settings_of(case)}
    if names & {"direct", "duck_case"}:
        text = json.dumps([case["resources"], case["runs"]])
        case["resources"], case["runs"] = json.loads(text.replace("a.b", "a_b"))
    return case


def insert_values(case):
    if case.get("settings", {}).get("loader_file_format") == "insert_values":
        del case["settings"]["loader_file_format"]
    return case


def deleted_inserts(case):
    for resource in case["resources"]:
        disposition = resource.get("write_disposition")
        if isinstance(disposition, dict) and disposition.get("strategy") == "insert-only":
            for hint in resource.get("columns", {}).values():
                hint.pop("hard_delete", None)
    return case


def whole_number(value):
    """A number without its fraction, also one that is written as text."""
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?\d+\.\d*\s*", value):
        return value.strip().partition(".")[0]
    return float(int(value)) if isinstance(value, float) and abs(value) < 2.0**63 else value


def whole_numbers(case):
    """Numbers without fraction, where a column's type has no place for one or for few of its digits."""
    hints = [hint for resource in case["resources"] for one in hints_of(case, resource["name"]) for hint in (one.get("columns") or {}).values()]
    if asks_for(case, "wei") or any(hint.keys() & {"precision", "scale"} for hint in hints):
        return in_rows(whole_number)(case)
    return case


def near_integer(value):
    return 77 if is_integer(value) and abs(value) > 10**11 else value


def later_types(case):
    """Types that a later run gives to columns."""
    for run in case["runs"]:
        for changes in run.get("resources", {}).values():
            for hint in (changes.get("columns") or {}).values():
                for key in ("data_type", "precision", "scale", "timezone"):
                    hint.pop(key, None)
    return case


def lone_underscores(case):
    """Keys that are nothing but an underscore under naming conventions of SQL."""

    def row(value):
        if isinstance(value, list):
            return [row(item) for item in value]
        if isinstance(value, dict):
            return {("dash" if not re.search(r"\w", key) else key): row(inner) for key, inner in value.items()}
        return value

    if {settings.get("naming_convention") for settings in settings_of(case)} & {"sql_cs_v1", "sql_ci_v1"}:
        for run in case["runs"]:
            run["data"] = {name: rows and row(rows) for name, rows in run["data"].items()}
    return case


# How the generator writes moments that are cursors: as texts they are in the order of time.
IN_ORDER = re.compile(r"2024-01-\d\dT10:00:0\dZ|k\d{4}[abc]")


def text_cursors(case):
    """Cursors of resources whose values are texts that may be in another order than what they say."""

    def at(row, path):
        for key in path.split("."):
            row = row.get(key) if isinstance(row, dict) else None
        return row

    for resource in case["resources"]:
        if cursor := resource.get("incremental"):
            rows = [row for run in case["runs"] for row in run["data"].get(resource["name"]) or []]
            values = [at(row, cursor["cursor_path"]) for row in rows]
            if any(isinstance(value, str) and not IN_ORDER.fullmatch(value) for value in values):
                del resource["incremental"]
    return case


def nameless_lists(case):
    """Lists below keys without a name, directly in a row: of a file, or of a list."""

    def row(value):
        if isinstance(value, list):
            return [row(item) for item in value]
        if not isinstance(value, dict):
            return value
        lists = {key: row(inner) for key, inner in value.items() if isinstance(inner, list)}
        return {("blank" if key in lists and not key.strip() else key): lists.get(key, inner) for key, inner in value.items()}

    for run in case["runs"]:
        run["data"] = {name: rows and row(rows) for name, rows in run["data"].items()}
    return case


def silent_source(case):
    """A `dlt.source` without arguments becomes a list of resources."""
    for one in [case, *case["runs"]]:
        if one.get("settings", {}).get("source") == {}:
            del one["settings"]["source"]
    return case


def blank_in_names(case):
    """Names of resources with a blank, where the naming convention keeps it."""
    names = {settings.get("naming_convention") for settings in settings_of(case)}
    if names & {"direct", "duck_case"}:
        text = json.dumps([case["resources"], case["runs"]], ensure_ascii=False)
        case["resources"], case["runs"] = json.loads(text.replace("My Things", "my_things"))
    return case


def nested_ids(case):
    """Values that nested rows bring for dlt's own columns."""

    def nested(value, is_nested):
        if isinstance(value, dict):
            return {key: nested(inner, True) for key, inner in value.items() if not (is_nested and key.startswith("_dlt_"))}
        return [nested(item, True) for item in value] if isinstance(value, list) else value

    for run in case["runs"]:
        run["data"] = {name: rows and [nested(row, False) for row in rows] for name, rows in run["data"].items()}
    return case


def repeated_keys(case):
    """Rows of an upsert, or of changes, whose key another row of the same run has."""
    for resource in case["resources"]:
        for one in hints_of(case, resource["name"]):
            disposition = one.get("write_disposition")
            if not isinstance(disposition, dict) or disposition.get("strategy") not in ("upsert", "cdc"):
                continue
            keys = resource.get("primary_key") or []
            keys = [keys] if isinstance(keys, str) else keys
            for run in case["runs"]:
                if rows := run["data"].get(resource["name"]):
                    by_key = {json.dumps([isinstance(row, dict) and row.get(key) for key in keys]): row for row in rows}
                    run["data"][resource["name"]] = list(by_key.values())
    return case


def nested_paths(case):
    """Keys of nested hints that have a dot."""
    for resource in case["resources"]:
        for one in hints_of(case, resource["name"]):
            if nested := one.get("nested_hints"):
                one["nested_hints"] = {key: hints for key, hints in nested.items() if "." not in key}
    return case


REASONS = [
    Reason("texts for number columns with leading zeros, `+`, `_`, blanks, `0x`, or more digits than the type has", in_rows(no_number)),
    Reason(
        "other values that a column cannot say: 5 for a boolean, a time for a date, more than 53 bits for a double, nine digits after the point for a timestamp",
        mixed_values,
        # Under a contract that discards such values there is no variant.
        some_line(r"v_|rows|have null"),
    ),
    Reason("integers beyond a bigint", in_rows(small_integer)),
    Reason("values beyond `precision` and `scale` of a column", whole_numbers),
    Reason(
        "doubles beyond 64 bits into a bigint column",
        in_rows(small_double),
        # Under a contract that discards such rows there is no variant.
        either(some_line(r"v_double|want \d+ rows|no such table"), dlt_fails("out of range")),
    ),
    Reason("`max_table_nesting` of a new table whose contract restricts columns", nesting_and_contract),
    Reason("`max_table_nesting` of a table, in a run without rows", nesting_and_silence),
    Reason("lists below keys with a dot, under a naming convention that keeps it", dots_in_names, dlt_fails("invalid characters")),
    Reason("lists below a key that is an underscore, under `sql_cs_v1` and `sql_ci_v1`", lone_underscores, dlt_fails("does not exist")),
    Reason("merges into tables whose name has a blank, under a naming convention that keeps it", blank_in_names, dlt_fails("syntax error at or near")),
    Reason("numbers for `_dlt_id` or `_dlt_load_id` in nested rows", nested_ids, dlt_fails("declared non-nullable")),
    Reason("cursors of texts", text_cursors),
    Reason("a list under a key without a name, directly in a row", nameless_lists),
    Reason("a source that says nothing about its schema", silent_source),
    Reason("a dot in a key of `nested_hints`", nested_paths),
    Reason("upsert or cdc into DuckDB of rows whose key comes twice in one load", repeated_keys, either(some_line(r"want \d+ rows"), some_line("wanted an error"))),
    Reason("data between normalize and load", insert_values, some_line("insert_values")),
    Reason("rows below a root row that an insert-only merge leaves out as deleted", deleted_inserts, some_line("want \\d+ rows")),
    Reason("integers that are not a valid time, in a timestamp column", in_rows(near_integer), dlt_fails("too large", "Overflow", "out of range")),
    Reason("a hint that gives a column of a table another type", later_types, some_line(r"row \d+: .*: want")),
]
