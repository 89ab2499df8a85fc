"""The module with dlt's sources, against dlt itself."""

import collections
import glob
import gzip
import importlib
import json
import os
import shutil
import sys

import pytest

dlt = pytest.importorskip("dlt")

from cartage_side import FIXTURES, Session, fails, rows_of, run

sys.path.insert(0, FIXTURES)
import generate
import server as rest

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
CASES = generate.cases()


@pytest.fixture
def place(tmp_path):
    """A folder as that of a pipeline file."""
    for name in ("kinds.py", "plain.py"):
        shutil.copy(os.path.join(FIXTURES, name), tmp_path)
    shutil.copytree(os.path.join(FIXTURES, ".dlt"), tmp_path / ".dlt")
    return os.path.realpath(tmp_path)


@pytest.fixture(scope="module")
def address():
    server, address = rest.serve()
    yield address
    server.shutdown()


def expected(case, folder, address):
    with open(os.path.join(FIXTURES, "expected", f"{case}.json")) as file:
        return json.loads(file.read().replace("{folder}", folder).replace("{server}", address))


def without_empty(state):
    """An empty state of a resource is none."""
    resources = {name: each for name, each in state.get("resources", {}).items() if each}
    return {**{key: value for key, value in state.items() if key != "resources"}, **({"resources": resources} if resources else {})}


@pytest.mark.parametrize("case", [case for case in CASES if case != "plain"])
def test_three_runs(case, place, address):
    """State is that of dlt after each run, and so is the number of new rows where they are appended."""
    spec = CASES[case]
    if spec.get("needs"):
        pytest.importorskip(spec["needs"])
    config = generate.filled(spec["config"], address, place)
    state, before = {}, {}
    for number, after in enumerate(expected(case, place, address), 1):
        generate.prepare(case, number, place, address)
        got = run(config, state, spec.get("resources"), cwd=place)
        state = got.state
        assert without_empty(generate.sorted_hashes(state)) == without_empty(after["state"])
        for (resource, table), rows in got.tables.items():
            hints = (got.hints.get((resource, table)) or [got.opening.resources[resource].get("hints") or {}])[0]
            name = (table or hints.get("table_name") or resource).lower()
            found = after["tables"].get(name)
            if rows and hints.get("write_disposition", "append") == "append" and "schema_contract" not in hints:
                assert len(found["rows"]) == before.get(name, 0) + len(rows), name
            if rows and hints.get("write_disposition") == "replace":
                assert len(found["rows"]) == len(rows), name
        before = {name: len(table["rows"]) for name, table in after["tables"].items()}


# What dlt extracts, row by row


def extracted(pipeline, data):
    """Rows and tables of dlt's own extract."""
    from dlt.common.json import json as djson

    info = pipeline.extract(data)
    rows, tables = collections.defaultdict(list), {}
    for load_id in info.loads_ids:
        base = os.path.join(pipeline.working_dir, "normalize", "extracted", load_id)
        for path in sorted(glob.glob(f"{base}/new_jobs/*")):
            name = os.path.basename(path).split(".")[0]
            if name == "_dlt_pipeline_state":
                continue
            if ".parquet" in path:
                import pyarrow.parquet

                rows[name] += pyarrow.parquet.read_table(path).to_pylist()
                continue
            data = open(path, "rb").read()
            data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
            for line in data.splitlines():
                rows[name] += [json.loads(djson.typed_dumps(row)) for row in djson.typed_loadb(line)]
        with open(f"{base}/schema.json") as file:
            tables.update(json.load(file)["tables"])
    return rows, {name: table for name, table in tables.items() if not name.startswith("_dlt")}


def ours(got):
    """The same of the module: rows by table, and tables made of its hints by dlt."""
    from dlt.common.schema import Schema
    from dlt.extract.resource import DltResource

    schema = Schema("ours")
    rows = collections.defaultdict(list)
    tables = {}
    for message in got.messages:
        if message["type"] != "rows":
            continue
        opening = got.opening.resources[message["resource"]]
        key = (message["resource"], message.get("table"))
        hints = message.get("hints")
        if hints is None and key not in tables and message.get("table") is None:
            hints = opening.get("hints") or {}
        if hints is not None:
            hints = dict(hints)
            name = message.get("table") or hints.pop("table_name", None) or message["resource"]
            extra = {key: hints.pop(key) for key in list(hints) if key.startswith("x-") or key == "description"}
            nesting = hints.pop("max_table_nesting", None)
            nested = hints.pop("nested_hints", None) or {}
            resource = DltResource.from_data([], name=message["resource"])
            columns = [{"name": column, **own} for column, own in hints.pop("columns", {}).items()]
            nested = {
                tuple(path.split(".")): {
                    key: [{"name": column, **each} for column, each in value.items()] if key == "columns" else value
                    for key, value in own.items()}
                for path, own in nested.items()}
            for own in nested.values():
                if "columns" in own:
                    own["columns"] = {column["name"]: column for column in own["columns"]}
            resource.apply_hints(table_name=name, columns=columns or None, nested_hints=nested or None,
                                 additional_table_hints=extra or None, **hints)
            if nesting is not None:
                resource.max_table_nesting = nesting
            for table in resource.compute_tables(schema.naming):
                schema.update_table(table, normalize_identifiers=False, merge_compound_props=False)
            tables[key] = schema.naming.normalize_table_identifier(name)
        if message["format"] != "arrow":
            rows[tables[key]] += rows_of(message["format"], message["payload"]) if message["payload"] else []
        else:
            import pyarrow

            rows[tables[key]] += pyarrow.ipc.open_stream(message["payload"]).read_all().to_pylist()
    return rows, {name: table for name, table in schema.tables.items() if not name.startswith("_dlt")}


def comparable(rows):
    """Rows in no order: threads and loops decide it. Names of columns of Arrow are normalized by dlt already."""
    made = []
    for row in rows:
        if not isinstance(row, dict):
            row = {"value": row}
        row = {key.lower(): value for key, value in row.items() if key != "_dlt_load_id"}
        text = json.dumps(row, sort_keys=True, default=str)
        # orjson writes UUIDs as plain texts.
        made.append(text.replace("\\uf029", ""))
    return sorted(made)


def test_rows_and_hints_are_those_of_dlt(place, monkeypatch):
    monkeypatch.chdir(place)
    monkeypatch.setenv("DLT_PROJECT_DIR", place)
    pipeline = dlt.pipeline("fixture", pipelines_dir=os.path.join(place, "pipelines"))
    state = {}
    for number in (1, 2, 3):
        sys.modules.pop("kinds", None)
        kinds = importlib.import_module("kinds")
        # The schema that dlt goes on with would hide what this run says.
        theirs, their_tables = extracted(pipeline, kinds.kinds(greeting="hello from config.toml", token="token from secrets.toml"))
        got = run({"source": "kinds.py:kinds"}, state, cwd=place)
        state = got.state
        mine, my_tables = ours(got)
        for name in {**theirs, **mine}:
            if not theirs[name] and not mine[name]:
                continue
            assert comparable(mine[name]) == comparable(theirs[name]), name
        for name, table in their_tables.items():
            if name not in my_tables:
                # Tables of resources that brought nothing.
                assert not theirs[name], name
                continue
            told = dict(my_tables[name])
            for each in (table, told):
                each.pop("x-normalizer", None) if name != "snapshot" else None
                each.pop("variant_name", None)
            if name.startswith("arrow"):
                # dlt has looked into the data already.
                wanted = {key: {hint: value for hint, value in column.items() if hint in ("primary_key", "incremental", "description")}
                          for key, column in table["columns"].items()}
                given = {key: {hint: value for hint, value in column.items() if hint in ("primary_key", "incremental", "description")}
                         for key, column in told["columns"].items()}
                assert {key: value for key, value in wanted.items() if value} == given, name
                table, told = {**table, "columns": None}, {**told, "columns": None}
            assert json.loads(json.dumps(told, default=str)) == table, name


def test_order_is_kept_in_a_resource(place):
    got = run({"source": "kinds.py:kinds"}, cwd=place)
    assert [(row["page"], row["n"]) for row in got.rows("parallel")] == [(page, n) for page in range(3) for n in range(3)]
    assert [row["id"] for row in got.rows("orders")] == list(range(8))


# Openings


def test_the_opening(place):
    got = run({"source": "kinds.py:kinds"}, cwd=place)
    assert got.opening.source == {
        "type": "source", "max_table_nesting": 3, "root_key": True, "schema_contract": {"data_type": "evolve"},
        "at": got.opening.source["at"]}
    resources = got.opening.resources
    at_end = {name for name, each in resources.items() if each["resume"] == "at_end"}
    assert at_end == {"orders", "lines", "snapshot", "events", "history", "upserted", "days", "contracted", "arrow_cursor",
                      "quiet", "forgets"}
    assert not resources["hidden"]["selected"] and ("hidden", None) not in got.tables
    assert {each["routes"] for each in resources.values()} == {"other_hints"}


def test_resources_are_no_source(place):
    got = run({"source": "kinds.py:made", "args": {"count": 2}}, cwd=place)
    assert got.opening.source is None and list(got.opening.resources) == ["made_0", "made_1"]
    got = run({"source": "kinds.py:alone", "args": {"start": 5}}, cwd=place)
    assert got.opening.source is None and [row["id"] for row in got.rows("alone")] == [5, 6, 7]


def test_configuration_is_that_of_dlt(place):
    got = run({"source": "kinds.py:kinds"}, cwd=place)
    assert got.rows("values")[0]["token"] == "token from secrets.toml"
    assert got.rows("events", "event_click")[0]["greeting"] == "hello from config.toml"
    # The environment wins, and a section of the pipeline goes first.
    got = run({"source": "kinds.py:kinds"}, cwd=place, env={"FIXTURE__SOURCES__KINDS__TOKEN": "of the pipeline"})
    assert got.rows("values")[0]["token"] == "of the pipeline"
    got = run({"source": "kinds.py:kinds", "args": {"token": "of the arguments"}}, cwd=place)
    assert got.rows("values")[0]["token"] == "of the arguments"


def test_missing_configuration_is_an_error_of_configuration(place):
    os.remove(os.path.join(place, ".dlt/secrets.toml"))
    error, got = fails({"source": "kinds.py:kinds"}, cwd=place)
    assert error["kind"] == "config" and "`token`" in error["message"], error
    assert "ConfigFieldMissingException" in error["message"]


def test_hints_of_the_pipeline_file(place):
    hints = {"listed": {"write_disposition": "merge", "primary_key": "n", "max_table_nesting": 0, "table_name": "others",
                        "columns": {"n": {"data_type": "decimal"}}, "nested_hints": {"a.b": {"columns": {"c": {"data_type": "text"}}}},
                        "x-own": 1, "quarantine": True, "limit": 7, "name": "listed"},
             "parallel": {"incremental": {"cursor_path": "n", "initial_value": 1}}}
    got = run({"source": "kinds.py:kinds", "resources": hints}, resources=["listed", "parallel"], cwd=place)
    assert got.opening.resources["listed"]["hints"] == {
        "write_disposition": "merge", "primary_key": "n", "max_table_nesting": 0, "table_name": "others",
        "table_format": "native", "columns": {"n": {"data_type": "decimal"}},
        "nested_hints": {"a.b": {"columns": {"c": {"data_type": "text"}}}}, "x-own": 1, "quarantine": True}
    assert got.opening.resources["parallel"]["resume"] == "at_end"
    assert {row["n"] for row in got.rows("parallel")} == {1, 2}
    assert got.state["resources"]["parallel"]["incremental"]["n"]["last_value"] == 2


def test_the_state_is_there_when_the_source_is_made(place):
    with open(os.path.join(place, "early.py"), "w") as file:
        file.write("import dlt\n@dlt.source\ndef early():\n    seen = dlt.current.source_state().get('seen', 'nothing')\n"
                   "    @dlt.resource\n    def r():\n        yield {'seen': seen, 'at': dlt.current.pipeline().pipeline_name}\n    return r\n")
    got = run({"source": "early.py:early"}, {"seen": "it"}, cwd=place, start={"state": {"seen": "it"}})
    assert got.rows("r") == [{"seen": "it", "at": "fixture"}]
    # Without, the source is made again when the state has come.
    got = run({"source": "early.py:early"}, {"seen": "it"}, cwd=place)
    assert got.rows("r") == [{"seen": "it", "at": "fixture"}]
    assert run({"source": "early.py:early"}, cwd=place).rows("r") == [{"seen": "nothing", "at": "fixture"}]


def test_settings_of_a_schema(place):
    with open(os.path.join(place, "schemas.py"), "w") as file:
        file.write("import dlt\nfrom dlt.common.schema import Schema\n"
                   "s = Schema('schemas')\ns.settings['preferred_types'] = {'re:_at$': 'timestamp'}\ns.settings['detections'] = ['iso_date']\n"
                   "@dlt.source(schema=s)\ndef schemas():\n    yield dlt.resource([1], name='r')\n")
    got = run({"source": "schemas.py:schemas"}, cwd=place)
    assert got.opening.source["schema"] == {"detections": ["iso_date"], "preferred_types": {"re:_at$": "timestamp"}}


@pytest.mark.parametrize("limit, count", [({"rows": 7, "pages": None}, 10), ({"rows": None, "pages": 1}, 5), ({"rows": None, "pages": 100}, 8)])
def test_limits(place, limit, count):
    got = run({"source": "kinds.py:kinds"}, resources=["orders"], limit=limit, cwd=place)
    assert len(got.rows("orders")) == min(count, 8)


def test_a_transformer_without_its_parent(place):
    got = run({"source": "kinds.py:kinds"}, resources=["lines"], cwd=place)
    assert {key[0] for key in got.tables} == {"lines"} and len(got.rows("lines")) == 16
    assert "orders" in got.state["resources"]


# Errors


@pytest.mark.parametrize("body, kind, text", [
    ("raise ValueError('no')", "other", "ValueError: no"),
    ("import requests; requests.get('http://127.0.0.1:9')", "transient", "requests.exceptions.ConnectionError"),
    ("import requests; requests.get(address + '/posts').raise_for_status()", "transient", "503"),
    ("import requests; requests.get(address + '/nothing').raise_for_status()", "other", "404"),
    ("import nothing_of_this_name", "config", "nothing_of_this_name"),
    ("yield {'a': object()}", "data", "`builtins.object` cannot be sent: field `a`"),
    ("dlt.secrets['not.there']", "config", "not.there"),
])
def test_kinds_of_errors(place, address, body, kind, text):
    import urllib.request

    urllib.request.urlopen(f"{address}/run/1").read()
    with open(os.path.join(place, "wrong.py"), "w") as file:
        file.write(f"import dlt\naddress = {address!r}\n@dlt.resource\ndef wrong():\n    yield {{'n': 1}}\n    {body}\n")
    error, got = fails({"source": "wrong.py:wrong"}, cwd=place)
    assert error["kind"] == kind and text in error["message"], error
    assert error["resource"] == "wrong"
    assert "ResourceExtractionError" not in error["message"] and "wrong.py" in error["details"] or kind == "data"
    assert len(error["details"].encode()) <= 8192


def test_unknown_sources(place):
    error, _ = fails({"source": "no_such_source"}, cwd=place)
    assert error["kind"] == "config" and "no_such_source" in error["message"]
    error, _ = fails({"source": "dlt.sources.rest_api:nothing"}, cwd=place)
    assert error["kind"] == "config" and "has no `nothing`" in error["message"]


def test_models_of_pydantic(place):
    pytest.importorskip("pydantic")
    with open(os.path.join(place, "models.py"), "w") as file:
        file.write("import dlt, pydantic, typing\nclass User(pydantic.BaseModel):\n    id: int\n    name: typing.Optional[str] = None\n"
                   "@dlt.resource(columns=User, primary_key='id')\ndef users():\n    yield {'id': '1', 'name': 'a', 'more': 2}\n")
    got = run({"source": "models.py:users"}, cwd=place)
    hints = got.opening.resources["users"]["hints"]
    assert hints["columns"] == {"id": {"data_type": "bigint", "nullable": False}, "name": {"data_type": "text", "nullable": True}}
    assert hints["schema_contract"] == {"tables": "evolve", "columns": "discard_value", "data_type": "freeze"}
    assert got.rows("users") == [{"id": 1, "name": "a"}]


def test_imported_files(place):
    with open(os.path.join(place, "files.py"), "w") as file:
        file.write("import dlt, json, pyarrow as pa, pyarrow.parquet\n@dlt.resource\ndef f():\n"
                   "    pa.parquet.write_table(pa.table({'a': [1, 2]}), 'a.parquet')\n"
                   "    yield dlt.mark.with_file_import('a.parquet', 'parquet')\n"
                   "@dlt.resource\ndef g():\n    open('a.jsonl', 'w').write('{\"a\": 1}\\n')\n"
                   "    yield dlt.mark.with_file_import('a.jsonl', 'jsonl')\n")
    assert run({"source": "files.py:f"}, cwd=place).rows("f") == [{"a": 1}, {"a": 2}]
    assert run({"source": "files.py:g"}, cwd=place).rows("g") == [{"a": 1}]


def test_no_folders_are_left_behind(place):
    place_of_temporary = os.path.join(place, "tmp")
    os.mkdir(place_of_temporary)
    run({"source": "kinds.py:made"}, cwd=place, env={"TMPDIR": place_of_temporary})
    assert os.listdir(place_of_temporary) == []
    session = Session({"source": "kinds.py:made"}, cwd=place, env={"TMPDIR": place_of_temporary})
    session.opening()
    session.process.terminate()
    session.wait()
    assert os.listdir(place_of_temporary) == []


@pytest.mark.parametrize("body, parallelized", [
    ("while True: yield [{'n': 1}] * 100", False), ("while True: yield [{'n': 1}] * 100", True),
    ("yield {'n': 1}; import time; time.sleep(600)", False), ("yield {'n': 1}; import time; time.sleep(600)", True)])
def test_it_stops(place, body, parallelized):
    import time

    with open(os.path.join(place, "endless.py"), "w") as file:
        file.write(f"import dlt\n@dlt.resource(parallelized={parallelized})\ndef r():\n    {body}\n")
    session = Session({"source": "endless.py:r"}, cwd=place, env={"TMPDIR": place})
    session.read(opening=session.opening())
    assert session.next()["type"] == "rows"
    started = time.monotonic()
    session.say({"type": "stop"})
    session.rest()
    assert session.wait(5) == 0 and time.monotonic() - started < 4.8
    assert not glob.glob(os.path.join(place, "cartage-python-*"))


def test_tables_whose_names_are_the_same_when_normalized(place):
    with open(os.path.join(place, "named.py"), "w") as file:
        file.write("import dlt\n@dlt.resource(table_name='people', primary_key='id')\ndef r():\n"
                   "    yield dlt.mark.with_table_name({'id': 1}, 'People')\n    yield dlt.mark.with_table_name({'id': 1}, 'others')\n")
    got = run({"source": "named.py:r"}, cwd=place)
    assert got.hints == {("r", "People"): [{"write_disposition": "append", "primary_key": "id"}], ("r", "others"): [{}]}


def test_columns_of_arrow_and_lists(place):
    with open(os.path.join(place, "columns.py"), "w") as file:
        file.write("import dlt, pyarrow as pa\n"
                   "a = dlt.resource([1], name='a', columns=pa.schema([('x', pa.int64()), ('y', pa.decimal128(10, 2))]))\n"
                   "b = dlt.resource([1], name='b', columns=[{'name': 'x', 'data_type': 'complex'}], merge_key=['x'])\n"
                   "b.apply_hints(additional_table_hints={'x-one': 1}, primary_key='')\n"
                   "both = [a, b]\n")
    got = run({"source": "columns.py:both"}, cwd=place)
    assert got.opening.resources["a"]["hints"]["columns"] == {
        "x": {"data_type": "bigint", "nullable": True}, "y": {"data_type": "decimal", "precision": 10, "scale": 2, "nullable": True}}
    assert got.opening.resources["b"]["hints"] == {
        "write_disposition": "append", "columns": {"x": {"data_type": "json"}}, "merge_key": ["x"], "primary_key": "", "x-one": 1}


@pytest.mark.parametrize("body, resume", [
    ("yield 1", "never"),
    ("dlt.current.resource_state()\n    yield 1", "at_end"),
    ("helper()\n    yield 1", "at_end"),
    ("thing.method()\n    yield 1", "at_end"),
    ("Thing().method()\n    yield 1", "at_end"),
    ("beside.helper()\n    yield 1", "at_end"),
    ("yield [helper() for _ in range(1)]", "at_end"),
    ("import json; json.dumps(1)\n    yield 1", "never"),
])
def test_state_is_seen(place, body, resume):
    with open(os.path.join(place, "beside.py"), "w") as file:
        file.write("import dlt\ndef helper():\n    return dlt.current.resource_state()\ndef other():\n    pass\n")
    with open(os.path.join(place, "stateful.py"), "w") as file:
        file.write("import dlt, beside, json\ndef helper():\n    return dlt.current.source_state()\n"
                   "class Thing:\n    def method(self):\n        helper()\nthing = Thing()\n"
                   f"@dlt.resource\ndef r():\n    {body}\n")
    session = Session({"source": "stateful.py:r"}, cwd=place)
    assert session.opening().resources["r"]["resume"] == resume
    session.close()
