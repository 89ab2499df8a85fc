"""Hints of dlt as Cartage's."""

from collections import abc

HINTS = (
    "write_disposition",
    "primary_key",
    "merge_key",
    "columns",
    "schema_contract",
    "table_format",
    "file_format",
    "references",
    "description",
    "parent_table_name",
)
# Hints that are objects of dlt and may be called, though they are no functions of an item.
OF_DLT = frozenset(("incremental", "validator", "original_columns"))


class DltHints:
    """The hints of resources, which may depend on items."""

    def __init__(self, resources, extra):
        self.resources = resources
        self.extra = extra

    def static(self, resource):
        """The table and the hints of a resource before there are items: without those that depend on them."""
        template = dict(resource._hints or {})
        name = template.get("table_name")
        hints = self.document(resource, {key: value for key, value in template.items() if not is_function(key, value)})
        return (resource.name if not name or callable(name) else name), hints

    def of_item(self, resource, item, meta):
        """The table and the hints for an item."""
        named = getattr(meta, "table_name", None)
        template = resource._hints_variants.get(named) if named else None
        if template is None:
            template = dict(resource._hints or {})
            # The cursor is known when the resource has begun.
            cursor = getattr(resource.incremental, "incremental", resource.incremental)
            if cursor is not None and "incremental" not in template:
                template["incremental"] = cursor
        resolved = {
            key: value(item) if is_function(key, value) else value for key, value in template.items()
        }
        hints = self.document(resource, resolved, item)
        validator = resource.validator
        if validator is not None and hasattr(validator, "compute_table_schema"):
            # A model that says of itself that it knows best.
            table = validator.compute_table_schema(item, meta)
            if table and table.get("columns"):
                hints["columns"] = {**hints.get("columns", {}), **columns_of(table["columns"])}
        return resolved.get("table_name") or named or resource.name, hints

    def document(self, resource, resolved, item=None):
        """dlt's hints as Cartage's."""
        hints = self.of_table(resolved)
        if resolved.get("table_name"):
            hints["table_name"] = resolved["table_name"]
        nesting = (resolved.get("x-normalizer") or {}).get("max_nesting")
        if nesting is not None:
            hints["max_table_nesting"] = nesting
        nested = resolved.get("nested_hints")
        if nested:
            naming = self.resources[resource.name][0].schema.naming if resource.name in self.resources else None
            hints["nested_hints"] = {
                nested_path(path, naming): self.of_table(
                    {key: value(item) if is_function(key, value) else value for key, value in own.items()}
                )
                for path, own in nested.items()
            }
        hints.update(self.extra.get(resource.name, {}))
        return hints

    @staticmethod
    def of_table(resolved):
        """The hints that a table and those below it share."""
        hints = {}
        for key in HINTS:
            value = resolved.get(key)
            if value is None:
                continue
            if key == "columns":
                value = columns_of(value)
                if not value:
                    continue
            elif key in ("primary_key", "merge_key", "references") and not isinstance(value, str):
                value = list(value)
            hints[key] = value
        for key, value in {**resolved, **(resolved.get("additional_table_hints") or {})}.items():
            if key.startswith("x-") or key == "description":
                hints[key] = value
        normalizer = {key: value for key, value in hints.pop("x-normalizer", {}).items() if key != "max_nesting"}
        if normalizer:
            hints["x-normalizer"] = normalizer
        incremental = resolved.get("incremental")
        cursor = incremental.get_cursor_column_name() if hasattr(incremental, "get_cursor_column_name") else None
        if cursor:
            # dlt leaves out what is there already: reading from the cursor on is its own work.
            columns = hints.setdefault("columns", {})
            columns[cursor] = {**columns.get(cursor, {}), "incremental": True}
        return hints


def columns_of(columns):
    """Hints of columns by name."""
    if not isinstance(columns, abc.Mapping):
        from dlt.extract.utils import ensure_table_schema_columns

        columns = ensure_table_schema_columns(columns)
    made = {}
    for name, hints in columns.items():
        made[name] = {key: value for key, value in hints.items() if key != "name"}
        if made[name].get("data_type") == "complex":
            made[name]["data_type"] = "json"
    return made


def nested_path(path, naming):
    """The path of a nested table. A dot in a key would be taken for two keys."""
    keys = [path] if isinstance(path, str) else list(path)
    return ".".join(naming.normalize_table_identifier(key) if "." in key and naming else key for key in keys)


def is_function(key, value):
    return callable(value) and key not in OF_DLT


def has_functions(resource):
    """Whether hints besides the name of the table depend on items."""
    return any(is_function(key, value) for key, value in (resource._hints or {}).items() if key != "table_name")
