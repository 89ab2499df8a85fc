"""Cases about merges: every strategy with its options, and rows that come again, unchanged or changed."""

import copy
import random

from generate import NAMES, Resource, settings_of

OPTIONS = {
    "delete-insert": ["deduplicated"],
    "upsert": ["skip_unchanged_rows", "row_version_column_name"],
    "insert-only": [],
    "scd2": ["validity_column_names", "active_record_timestamp", "boundary_timestamp"],
    "cdc": ["skip_unchanged_rows"],
}


def option(r, name):
    return {
        "deduplicated": lambda: True,
        "skip_unchanged_rows": lambda: True,
        "row_version_column_name": lambda: "version",
        "validity_column_names": lambda: ["from_ts", "To TS"],
        "active_record_timestamp": lambda: r.choice(["9999-12-31", "9999-12-31T00:00:00Z", None]),
        "boundary_timestamp": lambda: r.choice(["2024-08-21T12:15:00+00:00", "2024-08-21"]),
    }[name]()


def merged(r, resource):
    """Gives a resource a merge strategy with options, and rows that are remembered."""
    strategy = r.choice(list(OPTIONS))
    spec = resource.spec
    for key in ("primary_key", "merge_key", "incremental"):
        spec.pop(key, None)
    resource.path, resource.ids = None, "unique"
    spec["write_disposition"] = {"disposition": "merge", "strategy": strategy}
    for name in OPTIONS[strategy]:
        if r.random() < 0.4:
            spec["write_disposition"][name] = option(r, name)
    if strategy == "scd2":
        if r.random() < 0.4:
            spec["merge_key"] = r.choice(["grp", ["id", "grp"]])
    else:
        spec["primary_key"] = r.choice(["id", "id", ["id", "grp"]])
        if strategy in ("delete-insert", "cdc") and r.random() < 0.3:
            spec["merge_key"] = "grp"
        columns = spec.setdefault("columns", {})
        columns.pop("deleted", None)
        if r.random() < 0.3:
            columns["deleted"] = {"hard_delete": True, "data_type": r.choice(["bool", "bool", "timestamp"])}
        if not columns:
            del spec["columns"]


def random_merge(seed, number):
    """Case `number` of a seed."""
    r = random.Random(f"merge:{seed}:{number}")
    resource = Resource(r, r.choice(NAMES))
    merged(r, resource)
    case = {"dataset": "data", "resources": [resource.spec], "runs": []}
    if settings := settings_of(r):
        case["settings"] = settings
    known = {}
    for _ in range(r.choices([2, 3, 4], [4, 3, 1])[0]):
        rows = [again(r, known, row) for row in resource.rows(r)]
        if "deleted" in resource.spec.get("columns", {}):
            delete(r, resource.spec["columns"]["deleted"]["data_type"], rows)
        known.update((row["id"], copy.deepcopy(row)) for row in rows)
        case["runs"].append({"data": {resource.spec["name"]: rows}})
    return case


def again(r, known, row):
    """A row, or the one that had its id before: as it was, or with another value."""
    old = known.get(row["id"])
    if old is None or r.random() < 0.3:
        return {**row, "version": r.randrange(3)}
    old = copy.deepcopy(old)
    if r.random() < 0.4:
        old.update(list(row.items())[2:3])
        old["version"] = r.randrange(3)
    return old


def delete(r, kind, rows):
    for row in rows:
        row.pop("deleted", None)
        if r.random() < 0.3:
            row["deleted"] = True if kind == "bool" else "2024-05-05T00:00:00Z"
