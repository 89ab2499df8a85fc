"""Runs cases through dlt in this process and keeps the DuckDB file that each run leaves behind.

One process runs many cases: importing dlt takes seconds, a run of a small case a fraction of one.
"""

import copy
import os
import shutil
import sys

PIPELINE = "oracle"

# Part of the names under which results are kept: raise it whenever this file lets dlt do something else.
VERSION = 1

ENVIRONMENT = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "NORMALIZE__WORKERS": "1",
    "LOAD__WORKERS": "1",
    "LOAD__RAISE_ON_FAILED_JOBS": "true",
    "TZ": "UTC",
}

DESTINATION_OPTIONS = (
    "replace_strategy",
    "naming_convention",
    "max_identifier_length",
    "max_column_identifier_length",
    "create_indexes",
)


def prepare(home):
    """Settles the environment before dlt is imported: no settings of the user, no telemetry."""
    for key in list(os.environ):
        if "__" in key and not key.startswith("_"):
            del os.environ[key]
    os.environ.update(ENVIRONMENT, DLT_DATA_DIR=home)


def remember_types():
    """Lets dlt remember what it finds out about types, which takes half of its time and never changes."""
    import functools

    import dlt.common.typing as typing

    names = ("extract_inner_type", "extract_type_if_modifier", "is_union_type", "is_literal_type", "is_subclass", "is_optional_type")
    for name in names:
        plain = getattr(typing, name)
        kept = functools.lru_cache(maxsize=None)(plain)

        def fast(*args, plain=plain, kept=kept, **kwargs):
            try:
                return kept(*args, **kwargs)
            except TypeError:  # a type that cannot be a key
                return plain(*args, **kwargs)

        for module in list(sys.modules.values()):
            if (getattr(module, "__name__", None) or "").startswith("dlt.") and vars(module).get(name) is plain:
                setattr(module, name, fast)


def remember_configuration():
    """Lets a destination resolve its configuration once for all questions about what it can do."""
    from dlt.common.destination.reference import Destination

    plain = Destination.configuration

    def configuration(self, initial_config, accept_partial=False):
        if not accept_partial:
            return plain(self, initial_config)
        if "_of_differential" not in self.__dict__:
            self.__dict__["_of_differential"] = plain(self, initial_config, accept_partial=True)
        return self.__dict__["_of_differential"]

    Destination.configuration = configuration


def make_resource(dlt, spec, rows):
    spec = copy.deepcopy(spec)
    if incremental := spec.pop("incremental", None):
        spec["incremental"] = dlt.sources.incremental(**incremental)

    def rows_of_run():
        if rows is not None:
            yield rows

    rows_of_run.__name__ = spec["name"]
    return dlt.resource(rows_of_run, **spec)


def make_schema(settings):
    from dlt.common.normalizers.json.relational import DataItemNormalizer
    from dlt.common.schema import Schema

    schema = Schema(PIPELINE)
    for name in settings.get("remove_detections", []):
        schema.remove_type_detection(name)
    for name in settings.get("add_detections", []):
        schema.add_type_detection(name)
    if hints := settings.get("default_hints"):
        schema.merge_hints(hints)
    if types := settings.get("preferred_types"):
        schema.update_preferred_types(types)
    if propagation := settings.get("propagation"):
        DataItemNormalizer.update_normalizer_config(schema, {"propagation": propagation})
    return schema


def make_data(dlt, settings, resources):
    if "source" not in settings and "schema" not in settings:
        return resources
    options = dict(settings.get("source", {}))
    if "schema" in settings:
        options["schema"] = make_schema(settings["schema"])
    else:
        options["name"] = PIPELINE

    def oracle():
        return resources

    return dlt.source(oracle, **options)()


def gist(error):
    """Step and kind of an error: the class of dlt that started it, or the innermost one."""
    chain, seen = [], error
    while seen is not None and seen not in chain:
        chain.append(seen)
        seen = seen.__cause__ or getattr(seen, "exception", None)
    of_dlt = [one for one in chain[1:] if type(one).__module__.startswith("dlt.")]
    cause = of_dlt[-1] if of_dlt else chain[-1]
    return {
        "step": getattr(error, "step", None),
        "kind": type(cause).__name__,
        "raised": [type(one).__name__ for one in chain],
        "message": " ".join(str(chain[-1]).split())[:400],
    }


def resources_of(case, run):
    """The resources of a run with the changes that it makes, each with its rows."""
    changes = run.get("resources", {})
    for spec in case["resources"]:
        if spec["name"] not in run["data"]:
            continue
        spec = dict(spec)
        for key, value in changes.get(spec["name"], {}).items():
            if value is None:
                spec.pop(key, None)
            else:
                spec[key] = value
        yield spec, run["data"][spec["name"]]


def run_case(case, work):
    """Runs a case with rows in memory; returns an entry for each run: its error, and the database after it.

    Ends early behind a run that fails in `load`: what had been loaded by then is a matter of time.
    """
    import dlt
    import duckdb

    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    settings = case.get("settings", {})
    database = os.path.join(work, "out.duckdb")
    options = {key: settings[key] for key in DESTINATION_OPTIONS if key in settings}
    # One connection for all runs: dlt would open the file anew some dozen times, which takes most of the time.
    connection = duckdb.connect(database, config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    pipeline = dlt.pipeline(
        PIPELINE,
        pipelines_dir=os.path.join(work, "pipelines"),
        destination=dlt.destinations.duckdb(connection, **options),
        dataset_name=case["dataset"],
    )
    entries = []
    for number, run in enumerate(case["runs"], 1):
        arguments = copy.deepcopy(run.get("run", {}))
        if "loader_file_format" in settings:
            arguments["loader_file_format"] = settings["loader_file_format"]
        error = None
        try:
            made = [make_resource(dlt, spec, copy.deepcopy(rows)) for spec, rows in resources_of(case, run)]
            data = make_data(dlt, copy.deepcopy({**settings, **run.get("settings", {})}), made)
            pipeline.run(data, **arguments)
        except Exception as problem:
            error = gist(problem)
            if pipeline.has_pending_data:
                pipeline.abort_packages()
        connection.execute("CHECKPOINT")
        entries.append({"error": error, "database": os.path.join(work, f"dlt{number}.duckdb")})
        shutil.copyfile(database, entries[-1]["database"])
        if error and error["step"] == "load":
            break
    pipeline.deactivate()
    connection.close()
    shutil.rmtree(os.path.join(work, "pipelines"), ignore_errors=True)
    return entries


if __name__ == "__main__":
    sys.exit("this is a part of `cargo xtask differential`")
