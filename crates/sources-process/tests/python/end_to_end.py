"""Runs the cases of `fixtures/python` with Cartage and compares with what dlt made of them.

    python end_to_end.py path/to/cartage [case ...]

Cartage gets the interpreter that runs this, and the module as it is here.
"""

import base64
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zlib

import duckdb

from cartage_side import FIXTURES, MODULE

sys.path.insert(0, FIXTURES)
import generate
import server as rest


def toml(value):
    """A value as TOML: JSON is close to it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def pipeline_file(spec, config, resource=None):
    source = config["source"].replace("{resource}", resource or "")
    lines = [
        '[pipeline]', 'name = "fixture"', 'dataset_name = "raw"', 'destination = "duckdb"', '',
        '[destination.duckdb]', 'path = "fixture.duckdb"', '',
    ]
    name = f"s_{resource}" if resource else "py"
    lines += [f"[sources.{name}]", 'type = "python"', f'source = "{source}"', 'python = "./python"']
    if config.get("args"):
        lines.append(f"args = {toml(config['args'])}")
    if spec.get("resources"):
        lines.append(f"with_resources = {toml(spec['resources'])}")
    for each, hints in config.get("resources", {}).items():
        lines += ["", f"[[sources.{name}.resources]]", f"name = {json.dumps(each)}"]
        lines += [f"{key} = {toml(value)}" for key, value in hints.items()]
    return "\n".join(lines) + "\n"


def tables_of(folder, masked):
    with duckdb.connect(os.path.join(folder, "fixture.duckdb")) as database:
        found = {}
        names = database.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'raw' ORDER BY 1").fetchall()
        for (table,) in names:
            if table.startswith("_dlt"):
                continue
            types = database.execute(
                "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'raw' AND"
                " table_name = ? ORDER BY ordinal_position", [table]).fetchall()
            columns = {name: kind for name, kind in types if name not in generate.RANDOM}
            hidden = masked.get(table, [])
            asked = ", ".join(
                f"CASE WHEN \"{name}\" IS NULL THEN NULL ELSE 'set' END" if name in hidden
                else f"CAST(\"{name}\" AS VARCHAR)" for name in columns)
            rows = database.execute(f'SELECT {asked} FROM raw."{table}"').fetchall() if columns else []
            found[table] = columns, [dict(zip(columns, row)) for row in rows]
        return found


def state_of(folder):
    """What the source remembers, from the newest state in the dataset."""
    with duckdb.connect(os.path.join(folder, "fixture.duckdb")) as database:
        newest = database.execute("SELECT state FROM raw._dlt_pipeline_state ORDER BY version DESC LIMIT 1").fetchone()
    if newest is None:
        return {}
    state = json.loads(zlib.decompress(base64.b64decode(newest[0])))
    return state.get("sources", {}).get("py", {})


def key(row):
    return json.dumps(row, sort_keys=True)


def compare(found, wanted, number):
    problems = []
    for table in sorted({*found, *wanted}):
        if table not in found or table not in wanted:
            problems.append(f"run {number}: table {table} only {'of dlt' if table in wanted else 'ours'}")
            continue
        columns, rows = found[table]
        theirs = {column["name"]: column["type"] for column in wanted[table]["columns"]}
        if columns != theirs:
            for name in sorted({*columns, *theirs}):
                if columns.get(name) != theirs.get(name):
                    problems.append(f"run {number}: {table}.{name}: {columns.get(name)}, with dlt {theirs.get(name)}")
        expected = sorted((dict(zip(theirs, row)) for row in wanted[table]["rows"]), key=key)
        rows = sorted(rows, key=key)
        if rows != expected:
            pairs = [(a, b) for a, b in zip(rows, expected) if a != b][:1]
            problems.append(f"run {number}: {table}: {len(rows)} rows, with dlt {len(expected)}: {pairs}")
    return problems


def carry_out(cartage, case, spec, address, folder):
    for name in ("kinds.py", "plain.py"):
        shutil.copy(os.path.join(FIXTURES, name), folder)
    shutil.copytree(os.path.join(FIXTURES, ".dlt"), os.path.join(folder, ".dlt"))
    # The module of the working tree, whatever the binary has in it.
    with open(os.path.join(folder, "python"), "w") as file:
        file.write(f'#!/bin/sh\nexec "{sys.executable}" -u "{MODULE}"\n')
    os.chmod(file.name, 0o755)
    config = generate.filled(spec["config"], address, folder)
    with open(os.path.join(FIXTURES, "expected", f"{case}.json")) as file:
        expected = json.load(file)
    problems = []
    for number, after in enumerate(expected, 1):
        generate.prepare(case, number, folder, address)
        for resource in spec.get("of_each", [None]):
            with open(os.path.join(folder, "pipeline.toml"), "w") as file:
                file.write(pipeline_file(spec, config, resource))
            environment = {**os.environ, "CARTAGE_DATA_DIR": os.path.join(folder, "data")}
            done = subprocess.run([cartage, "run"], cwd=folder, capture_output=True, text=True, env=environment)
            if done.returncode:
                return problems + [f"run {number}: exit code {done.returncode}: {done.stderr[-3000:]}"]
        problems += compare(tables_of(folder, generate.MASKED), after["tables"], number)
        if "of_each" not in spec and state_of(folder) != after["state"]:
            problems.append(f"run {number}: state {json.dumps(state_of(folder))}, with dlt {json.dumps(after['state'])}")
    return problems


def main():
    cartage, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    server, address = rest.serve()
    failed = False
    for case, spec in generate.cases().items():
        if wanted and case not in wanted:
            continue
        if spec.get("needs") and importlib.util.find_spec(spec["needs"]) is None:
            print(f"{case}: left out, {spec['needs']} is not there")
            continue
        with tempfile.TemporaryDirectory() as folder:
            problems = carry_out(cartage, case, spec, address, os.path.realpath(folder))
        print(f"{case}: {'as with dlt' if not problems else ''}")
        for problem in problems:
            print("   ", problem)
        failed = failed or bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
