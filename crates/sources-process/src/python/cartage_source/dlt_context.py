"""What the code of dlt finds around it."""

import os
import sys
import tempfile
import types

from .ending import leave
from .typed_json import decoded


class dlt_context:
    """dlt with a pipeline of its own, in a folder that is gone afterwards, and with a state that is Cartage's."""

    def __init__(self, start):
        self.name = start.get("pipeline") or "cartage"
        self.folder = None
        self.pipeline = None
        self.state = {"sources": SharedState(decoded(start.get("state") or {}))}
        self.injected = None

    def __enter__(self):
        import dlt
        from dlt.common.configuration.container import Container
        from dlt.common.pipeline import StateInjectableContext

        if self.folder is None:
            self.folder = tempfile.mkdtemp(prefix="cartage-python-")
            leave.folders.append(self.folder)
            try:
                # Sources may ask for `dlt.current.pipeline()`, and its name is a section of the configuration.
                self.pipeline = dlt.pipeline(self.name, pipelines_dir=os.path.join(self.folder, "pipelines"))
            except Exception as error:
                print(f"dlt.current.pipeline() is not there: {error}", file=sys.stderr)
                self.pipeline = types.SimpleNamespace(pipeline_name=self.name, default_schema_name=None)
        self.injected = Container().injectable_context(StateInjectableContext(state=self.state))
        self.injected.__enter__()
        return self

    def __exit__(self, *error):
        self.injected.__exit__(*error)


class SharedState(dict):
    """dlt keeps state by the name of its source. One source of Cartage has one state, whatever dlt calls it."""

    def __init__(self, state):
        super().__init__()
        self.state = state

    def __missing__(self, name):
        self[name] = self.state
        return self.state

    def setdefault(self, name, default=None):
        return self[name]

    def get(self, name, default=None):
        return self[name]
