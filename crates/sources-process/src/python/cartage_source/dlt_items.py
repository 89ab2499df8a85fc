"""What dlt's extractors do with items, without their schemas and files."""

import json
import types

from .dlt_hints import has_functions
from .errors import ConfigError
from .tables import is_table


class DltItems:
    """Takes the items of resources, and says the hints of their tables where they are new."""

    def __init__(self, resources, hints, output):
        self.resources = resources
        self.hints = hints
        self.output = output
        # Hints by resource and table: those that Cartage was told, with the name of the table, and those of now.
        self.told = {}
        self.current = {}
        # Where all items of a resource go, if they bring no marks.
        self.routes = {}

    def write(self, resource, item, meta):
        """One item with its marks."""
        dlt = dlt_names()
        if isinstance(meta, dlt.HintsMeta) and meta.hints:
            resource.merge_hints(meta.hints, meta.create_table_variant)
            self.forget(resource)
            if meta.create_table_variant:
                meta = dlt.TableNameMeta(meta.hints["table_name"])
        if isinstance(meta, dlt.ImportFileMeta):
            self.import_file(resource, item, meta)
        elif resource.has_dynamic_table_name:
            self.write_by_item(resource, item)
        else:
            lane = self.lane(resource, item, meta)
            self.write_items(lane, item, resource)

    def write_items(self, lane, item, resource):
        if type(item) is dict:
            self.output.row(lane, item)
        elif isinstance(item, list):
            if item:
                if is_table(item[0]):
                    for table in item:
                        self.output.table(lane, table)
                else:
                    self.output.rows(lane, item)
            elif isinstance(item, dlt_names().MaterializedEmptyList):
                self.output.materialize(lane, self.current[resource.name, lane.table])
        elif is_table(item):
            self.output.table(lane, item)
        elif is_relation(item):
            raise ConfigError(
                "a relation of `dlt.dataset` was yielded, which only a destination could carry out; "
                "yield what it holds instead, with `.arrow()` or `.iter_arrow(..)`"
            )
        else:
            self.output.row(lane, item)

    def write_by_item(self, resource, item):
        """Rows that say themselves to which table they go."""
        items = item if isinstance(item, list) else [item]
        if not items:
            return
        table_of = resource._table_name_hint_fun
        meta_of = dlt_names().TableNameMeta
        is_static = not has_functions(resource)
        lanes, lane, rows = {}, None, []
        for row in items:
            name = table_of(row)
            if is_static and name in lanes:
                other = lanes[name]
            else:
                other = lanes[name] = self.lane(resource, row, meta_of(name), name)
            if other is not lane or other.hints is not None or is_table(row):
                if rows:
                    self.output.rows(lane, rows)
                lane, rows = other, []
            if is_table(row):
                self.output.table(lane, row)
            else:
                rows.append(row)
                if not is_static:
                    # The next row may bring other hints, which begin with it.
                    self.output.rows(lane, rows)
                    rows = []
        if rows:
            self.output.rows(lane, rows)

    def import_file(self, resource, item, meta):
        """A file that dlt would load as it is."""
        if resource.has_dynamic_table_name:
            name = resource._table_name_hint_fun(item)
            lane = self.lane(resource, item, dlt_names().TableNameMeta(name), name)
        else:
            lane = self.lane(resource, item, None)
        if meta.file_format == "parquet":
            import pyarrow.parquet

            with pyarrow.parquet.ParquetFile(meta.file_path) as file:
                for batch in file.iter_batches():
                    self.output.table(lane, batch)
        elif meta.file_format == "jsonl":
            with open(meta.file_path, encoding="utf-8") as file:
                for line in file:
                    if line.strip():
                        self.output.row(lane, json.loads(line))
        else:
            raise ConfigError(
                f"files of format `{meta.file_format}` cannot be handed over with `dlt.mark.with_file_import`: "
                "yield their rows, or read them with a source of type `files`"
            )

    def forget(self, resource):
        for key in list(self.current):
            if key[0] == resource.name:
                del self.current[key]
        self.routes.pop(resource.name, None)

    def lane(self, resource, item, meta, name=None):
        """Where an item goes. Says its hints, if they are new."""
        if name is None and meta is None:
            lane = self.routes.get(resource.name)
            if lane is not None:
                return lane
        if name is None:
            named = getattr(meta, "table_name", None)
            name = named or resource.table_name
        own = self.told[resource.name, None][0] if (resource.name, None) in self.told else resource.name
        table = None if name == own else name
        key = (resource.name, table)
        lane = self.output.lane(*key)
        if key not in self.current or has_functions(resource):
            first = item[0] if isinstance(item, list) and item and has_functions(resource) else item
            hinted, hints = self.hints.of_item(resource, first, meta)
            if hinted != name and not self.is_same_table(resource, hinted, name):
                # `with_table_name` beside a `table_name` of the resource: dlt gives no hints to the other table.
                hints = {}
            if table is not None:
                hints.pop("table_name", None)
            self.current[key] = hints
            if self.told.get(key, (None, None))[1] != hints:
                self.told[key] = (name, hints)
                self.output.tell(lane, hints)
        if meta is None and table is None and not has_functions(resource) and not resource.has_dynamic_table_name:
            self.routes[resource.name] = lane
        return lane

    def is_same_table(self, resource, one, other):
        source = self.resources.get(resource.name, (None,))[0]
        if source is None:
            return False
        normalized = source.schema.naming.normalize_table_identifier
        return normalized(one) == normalized(other)


def is_relation(item):
    return any(base.__module__.startswith("dlt.dataset") for base in type(item).__mro__)


def dlt_names():
    """The classes of dlt that items are marked with."""
    found = dlt_names.__dict__.get("found")
    if found is None:
        from dlt.extract.extractors import ImportFileMeta, MaterializedEmptyList
        from dlt.extract.hints import HintsMeta
        from dlt.extract.items import TableNameMeta

        found = dlt_names.found = types.SimpleNamespace(
            HintsMeta=HintsMeta,
            TableNameMeta=TableNameMeta,
            ImportFileMeta=ImportFileMeta,
            MaterializedEmptyList=MaterializedEmptyList,
        )
    return found
