"""Random cases in the oracle's form (`fixtures/oracle/README.md`), with the rows of each run in memory.

Case `n` of a seed is always the same. What dlt leaves to chance is not generated: rows of one load that
have a key in common without an order to choose by, for one.
"""

import random

from values import ODD_KEYS, Shape, of_kind

NAMES = ["items", "orders", "events", "docs", "My Things", "Ünïts"]
TYPES = ["text", "double", "bool", "timestamp", "bigint", "binary", "json", "decimal", "wei", "date", "time"]
MODES = ["evolve", "freeze", "discard_row", "discard_value"]


def contract(r):
    if r.random() < 0.25:
        return r.choice(MODES)
    entities = r.sample(["tables", "columns", "data_type"], r.randrange(1, 3))
    return {entity: r.choices(MODES, [1, 1, 2, 2])[0] for entity in entities}


def column_hint(r):
    hint = {}
    if r.random() < 0.8:
        hint["data_type"] = r.choice(TYPES)
        if hint["data_type"] == "decimal" and r.random() < 0.5:
            hint.update(precision=r.choice([10, 20, 38]), scale=r.choice([0, 2, 9]))
        elif hint["data_type"] == "timestamp" and r.random() < 0.4:
            hint.update(r.choice([{"precision": 3}, {"precision": 0}, {"timezone": False}]))
        elif hint["data_type"] == "bigint" and r.random() < 0.2:
            hint.update(precision=r.choice([8, 16, 32]))
    if r.random() < 0.3:
        hint.update(r.choice([{"nullable": True}, {"unique": True}, {"sort": True}, {"description": "what it is"}, {"x-note": "own"}, {"cluster": True}, {"partition": True}]))
    return hint or {"nullable": True}


def cursor(r, resource, shape):
    path = r.choice(["id", "at", "meta.at", "seq"])
    incremental = {"cursor_path": path}
    kind = r.choices(["integer", "moment", "float", "text"], [6, 4, 2, 1])[0]
    if r.random() < 0.25:
        incremental["on_cursor_value_missing"] = r.choice(["include", "exclude"])
    if kind == "integer":
        if r.random() < 0.3:
            incremental["initial_value"] = r.randrange(6)
            if r.random() < 0.3:
                incremental["end_value"] = incremental["initial_value"] + r.randrange(8)
                incremental["range_end"] = r.choice(["open", "closed"])
        if r.random() < 0.15:
            incremental["lag"] = r.randrange(1, 3)
    if r.random() < 0.15:
        incremental["range_start"] = r.choice(["open", "closed"])
    if r.random() < 0.1 and "end_value" not in incremental:
        incremental["row_order"] = r.choice(["asc", "desc"])
    if r.random() < 0.15:
        incremental["primary_key"] = []
    resource["incremental"] = incremental
    return path, kind


def put_cursor(r, row, path, kind, number, is_lenient):
    if path == "id":
        return
    value = {
        "integer": lambda: number + r.randrange(3),
        "float": lambda: number + r.randrange(4) / 4,
        "moment": lambda: f"2024-01-{number % 27 + 1:02}T10:00:0{r.randrange(3)}Z",
        "text": lambda: f"k{number:04}{r.choice('abc')}",
    }[kind]()
    if r.random() < (0.08 if is_lenient else 0.003):
        value = None
    keys = path.split(".")
    if len(keys) == 2:
        if not isinstance(row.get(keys[0]), dict):
            row[keys[0]] = {}
        row[keys[0]][keys[1]] = value
    else:
        row[keys[0]] = value


def disposition(r, resource):
    """Sets write disposition and keys; says how ids of rows are to be made."""
    kind = r.choices(["append", "replace", "merge"], [4, 3, 5])[0]
    if kind == "append":
        if r.random() < 0.3:
            resource["write_disposition"] = "append"
        if r.random() < 0.15:
            resource["primary_key"] = "id"
        return "loose"
    if kind == "replace":
        resource["write_disposition"] = "replace"
        if r.random() < 0.2:
            resource["primary_key"] = "id"
        return "loose"
    strategy = r.choices([None, "delete-insert", "upsert", "insert-only", "scd2", "cdc"], [5, 1, 3, 2, 3, 1])[0]
    options = {"disposition": "merge", "strategy": strategy} if strategy else "merge"
    resource["write_disposition"] = options
    if strategy == "scd2":
        if r.random() < 0.3:
            resource["merge_key"] = "grp"
        if r.random() < 0.15:
            options["validity_column_names"] = ["from_ts", "To TS"]
        return "unique"
    if strategy in ("upsert", "insert-only", "cdc"):
        resource["primary_key"] = "id"
    else:
        keys = r.choices(["primary", "merge", "both", "none"], [6, 2, 1, 1])[0]
        if keys in ("primary", "both"):
            resource["primary_key"] = r.choice(["id", ["id", "grp"]])
        if keys in ("merge", "both"):
            resource["merge_key"] = "grp"
    if r.random() < 0.2:
        resource.setdefault("columns", {})["deleted"] = {"hard_delete": True, "data_type": "bool"}
    return "unique"


class Resource:
    """A resource of a case: its hints, and how its rows are made."""

    def __init__(self, r, name):
        self.shape = Shape(r)
        self.spec = {"name": name}
        self.rows_made = 0
        self.ids = disposition(r, self.spec)
        if r.random() < 0.1:
            self.spec["table_name"] = r.choice(["shared", "Other Table", "things"])
        if r.random() < 0.35:
            columns = self.spec.setdefault("columns", {})
            for _ in range(r.randrange(1, 3)):
                columns[r.choice(self.shape.keys + ["later"])] = column_hint(r)
            columns.pop("", None), columns.pop(" ", None)
        if r.random() < 0.25:
            self.spec["max_table_nesting"] = r.randrange(4)
        if r.random() < 0.15:
            self.spec["schema_contract"] = contract(r)
        if r.random() < 0.08:
            hint = r.choice([{"columns": {"value": {"name": "value", **column_hint(r)}}}, {"schema_contract": contract(r)}, {"primary_key": "value"}])
            if key := r.choice(self.shape.keys).strip():
                self.spec["nested_hints"] = {key: hint}
        self.path, self.kind = cursor(r, self.spec, self.shape) if r.random() < 0.3 else (None, None)

    def rows(self, r):
        rows, used = [], set()
        for _ in range(r.choices([0, 1, 2, 3, 5, 8], [1, 4, 4, 4, 2, 1])[0]):
            if self.ids == "loose" and self.path is None and r.random() < 0.02:
                rows.append(of_kind(r, "any", self.shape.keys, 2))
                continue
            row = {}
            number = r.randrange(1, 9)
            if self.ids == "unique":
                while number in used:
                    number += 1
                used.add(number)
                row["id"] = number
                row["grp"] = r.choice(["g1", "g2", "g3"])
                if "deleted" in self.spec.get("columns", {}) and r.random() < 0.4:
                    row["deleted"] = r.choice([True, False, True, None])
            elif r.random() < 0.8 or "primary_key" in self.spec or self.path == "id":
                row["id"] = number
            row.update((key, value) for key, value in self.shape.row(r).items() if key not in row)
            if self.path:
                self.rows_made += 1
                put_cursor(r, row, self.path, self.kind, self.rows_made, "on_cursor_value_missing" in self.spec["incremental"])
            rows.append(row)
        return rows

    def change(self, r):
        """Arguments that another run gives the resource."""
        return r.choice(
            [
                lambda: {"columns": {r.choice([key for key in self.shape.keys if key.strip()] or ["a"]): column_hint(r)}},
                lambda: {"schema_contract": contract(r)},
                lambda: {"schema_contract": None},
                lambda: {"max_table_nesting": r.randrange(4)},
                lambda: {"columns": None},
                lambda: {} if self.ids == "unique" else {"write_disposition": r.choice(["append", "replace"])},
            ]
        )()


def settings_of(r):
    settings = {}
    if r.random() < 0.15:
        settings["replace_strategy"] = r.choice(["truncate-and-insert", "insert-from-staging", "staging-optimized"])
    if r.random() < 0.08:
        settings["naming_convention"] = r.choice(["direct", "sql_ci_v1", "sql_cs_v1", "duck_case", "snake_case"])
    if r.random() < 0.06:
        settings["max_identifier_length"] = settings["max_column_identifier_length"] = r.choice([32, 40])
    if r.random() < 0.05:
        settings["loader_file_format"] = r.choice(["insert_values", "jsonl", "parquet"])
    if r.random() < 0.3:
        source = settings["source"] = {}
        if r.random() < 0.3:
            source["max_table_nesting"] = r.randrange(3)
        if r.random() < 0.3:
            source["root_key"] = r.random() < 0.8
        if r.random() < 0.5:
            source["schema_contract"] = contract(r)
    if r.random() < 0.12:
        schema = settings["schema"] = {}
        if r.random() < 0.4:
            schema["add_detections"] = [r.choice(["iso_date", "large_integer"])]
        if r.random() < 0.2:
            schema["remove_detections"] = ["iso_timestamp"]
        if r.random() < 0.4:
            schema["preferred_types"] = {r.choice(["value", "a", "re:^k", "amount"]): r.choice(TYPES)}
        if r.random() < 0.2:
            schema["default_hints"] = r.choice([{"not_null": ["re:^zz"]}, {"sort": ["re:^a"]}, {"unique": ["id"]}])
        if r.random() < 0.2:
            schema["propagation"] = {"root": {"id": "_root_id"}}
    return settings


def random_case(seed, number):
    """Case `number` of a seed."""
    r = random.Random(f"{seed}:{number}")
    count = r.choices([1, 2, 3], [12, 4, 1])[0]
    resources = [Resource(r, name) for name in r.sample(NAMES, count)]
    if sum("shared" == resource.spec.get("table_name") for resource in resources) > 1:
        for resource in resources:
            resource.spec.pop("table_name", None)
    case = {"dataset": "data", "resources": [resource.spec for resource in resources], "runs": []}
    if settings := settings_of(r):
        case["settings"] = settings
    for number in range(r.choices([1, 2, 3, 4], [5, 6, 3, 1])[0]):
        case["runs"].append(run_of(r, case, resources, number))
    return case


def run_of(r, case, resources, number):
    run = {"data": {}}
    for resource in resources:
        name = resource.spec["name"]
        chance = r.random()
        if chance < 0.06 and len(resources) > 1:
            continue
        run["data"][name] = None if chance < 0.1 else [] if chance < 0.13 else resource.rows(r)
        if number > 0 and r.random() < 0.2 and (change := resource.change(r)):
            run.setdefault("resources", {})[name] = change
        if number > 0 and r.random() < 0.15:
            resource.shape.keys.append(r.choice(ODD_KEYS if r.random() < 0.1 else ["new", "extra", "added"]))
            resource.shape.kinds.setdefault(resource.shape.keys[-1], "any")
    if not run["data"]:
        run["data"][resources[0].spec["name"]] = resources[0].rows(r)
    if number > 0 and r.random() < 0.12:
        run["run"] = {"refresh": r.choice(["drop_sources", "drop_resources", "drop_data"])}
    if r.random() < 0.08:
        run.setdefault("run", {})["schema_contract"] = contract(r)
    if number > 0 and "source" in case.get("settings", {}) and r.random() < 0.1:
        run["settings"] = {"source": r.choice([{}, {"schema_contract": contract(r)}])}
    return run
