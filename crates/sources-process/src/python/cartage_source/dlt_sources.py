"""Sources and resources of dlt.

dlt evaluates its own sources: pipes, transformers, threads, incremental, state, configuration. Ours begins where dlt
would write items into files: they go to Cartage instead, with the hints as the user gave them. Names, contracts and
schemas are Cartage's business.
"""

import sys

from .dlt_context import dlt_context
from .dlt_extract import extract_class, limit_resource
from .dlt_hints import DltHints
from .dlt_items import DltItems
from .dlt_memory import keeps_state, looks_at_state
from .errors import ConfigError
from .state import State
from .typed_json import decoded


class DltSources:
    """What dlt made: sources and resources."""

    def __init__(self, start, made, arguments, hints, output, context=None):
        self.output = output
        self.context = context or dlt_context(start)
        # Hints of `pipeline.toml` that dlt does not know, by resource.
        self.extra = {}
        # Sources and resources by the name of the resource.
        self.resources = {}
        self.hints = DltHints(self.resources, self.extra)
        self.items = DltItems(self.resources, self.hints, output)
        self.make = lambda: self.open(made, arguments, hints)
        # The function of a source may look at the state, which is not there yet as a rule.
        self.is_early = "state" not in start and looks_at_state(made)
        with self.context:
            self.make()

    def open(self, made, arguments, hints):
        from dlt.extract.extract import data_to_sources
        from dlt.extract.source import DltResourceDict

        if not hasattr(DltResourceDict, "with_pipe"):
            raise ConfigError("this version of dlt is too old: 1.18 is the oldest that was tried")
        self.is_source, made = self.instance(made, arguments)
        self.sources = data_to_sources(made, self.context.pipeline)
        if not self.sources or not any(source.resources for source in self.sources):
            raise ConfigError("the source has no resources")
        self.resources.clear()
        for source in self.sources:
            for name, resource in source.resources.items():
                if name in self.resources:
                    raise ConfigError(f"two resources are called `{name}`; rename one of them")
                self.resources[name] = (source, resource)
        for name, own in hints.items():
            self.configure(name, own)

    def instance(self, made, arguments):
        """Calls what must be called. Whether a source came out, which has a say in the schema."""
        from dlt.extract.resource import DltResource
        from dlt.extract.source import DltSource

        incremental = arguments.get("incremental")
        if isinstance(incremental, dict) and "cursor_path" in incremental:
            import dlt

            arguments = {**arguments, "incremental": dlt.sources.incremental(**incremental)}
        is_made = isinstance(made, (DltSource, DltResource, list, tuple))
        if not is_made or (isinstance(made, DltResource) and arguments):
            # A decorated function; a resource without parameters is one already.
            made = made(**arguments)
        elif arguments:
            raise ConfigError("`args`: what `source` names takes no arguments")
        first = made[0] if isinstance(made, (list, tuple)) and made else made
        # What a decorated resource makes is a source around it, and says nothing.
        return type(first) is DltSource or isinstance(first, DltSource) and len(first.resources) > 1, (
            list(made) if isinstance(made, tuple) else made
        )

    def configure(self, name, hints):
        """Lays hints of `pipeline.toml` over those of the code."""
        if name not in self.resources:
            raise ConfigError(f"`resources`: there is no resource `{name}`; known are {', '.join(self.resources)}")
        resource = self.resources[name][1]
        hints = dict(hints)
        nesting = hints.pop("max_table_nesting", None)
        extra = {key: value for key, value in hints.items() if key.startswith("x-")}
        for key in ("quarantine", "description"):
            if key in hints:
                extra[key] = hints[key]
        nested = hints.get("nested_hints")
        if nested:
            hints["nested_hints"] = {tuple(path.split(".")): value for path, value in nested.items()}
        resource.apply_hints(**{key: value for key, value in hints.items() if key not in extra})
        if nesting is not None:
            resource.max_table_nesting = nesting
        self.extra[name] = extra

    def declare(self, channel):
        self.declare_source(channel)
        remembered = self.context.state["sources"].state.get("resources") or {}
        for name, (source, resource) in self.resources.items():
            table, hints = self.hints.static(resource)
            self.items.told[name, None] = (table, hints)
            channel.send(
                "resource",
                name=name,
                hints=hints or None,
                selected=None if resource.selected else False,
                # Whether a function will yield marks cannot be known. All of a source of dlt is one package
                # anyway, because its state runs ahead of its rows, so this costs nothing.
                routes="other_hints",
                resume="at_end" if remembered.get(name) or keeps_state(resource) else "never",
            )

    def declare_source(self, channel):
        if not self.is_source:
            return
        settings = [self.settings(source) for source in self.sources]
        told = settings[0]
        if any(other != told for other in settings[1:]):
            name = self.sources[0].name
            print(f"the sources have different settings of the schema: those of `{name}` are used", file=sys.stderr)
        channel.send("source", **told)

    @staticmethod
    def settings(source):
        from dlt.common.schema import Schema

        schema = {}
        usual = Schema("usual").settings
        for key in ("detections", "preferred_types", "default_hints"):
            value = source.schema.settings.get(key)
            if value and value != usual.get(key):
                schema[key] = value
        return {
            "max_table_nesting": source.max_table_nesting,
            "root_key": source.root_key,
            "schema_contract": source.schema_contract,
            "schema": schema or None,
        }

    def read(self, request, channel):
        state = decoded(request.get("state") or {})
        shared = self.context.state["sources"]
        shared.state.clear()
        shared.state.update(state)
        told = State(self.output.values, channel, shared.state)
        wanted = request.get("resources")
        wanted = set(self.resources) if wanted is None else set(wanted)
        limit = request.get("limit") or {}
        with self.context:
            if self.is_early and shared.state:
                self.make()
            for source in self.sources:
                names = [name for name in source.resources if name in wanted]
                if not names:
                    continue
                source.resources.select(*names)
                for resource in source.resources.selected.values():
                    limit_resource(resource, limit)
                extract_class()(self.context.folder, self.items).extract(source, None, None)
        self.output.flush_all()
        told.tell(shared.state)
