"""Functions that have nothing to do with dlt."""

from .errors import ConfigError
from .pages import pages
from .signatures import PLAIN_PARAMETERS, parameters
from .state import State
from .typed_json import decoded


class Plain:
    """Functions that have nothing to do with dlt, each a resource."""

    def __init__(self, functions, arguments, hints, output):
        self.functions = dict(functions)
        self.output = output
        self.hints = hints
        self.arguments = {}
        if len(self.functions) < len(functions):
            raise ConfigError("two functions have the same name")
        for name in hints:
            if name not in self.functions:
                raise ConfigError(f"`resources`: there is no resource `{name}`; known are {', '.join(self.functions)}")
        known = set()
        for name, function in functions:
            taken = parameters(function) if callable(function) else {}
            takes_all = any(each.kind is each.VAR_KEYWORD for each in taken.values())
            mine = {key: value for key, value in arguments.items() if takes_all or key in taken}
            known.update(mine)
            self.arguments[name] = mine
            for key, each in taken.items():
                is_named = each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY, each.POSITIONAL_ONLY)
                if is_named and each.default is each.empty and key not in mine and key not in PLAIN_PARAMETERS:
                    raise ConfigError(f"`args`: `{name}` needs `{key}`")
        for key in arguments:
            if key not in known:
                raise ConfigError(f"`args`: no function has a parameter `{key}`")

    def declare(self, channel):
        for name, function in self.functions.items():
            taken = parameters(function) if callable(function) else {}
            resume = getattr(function, "resume", None)
            if "state" not in taken:
                resume = None
            elif not resume:
                resume = "near_checkpoints" if "checkpoint" in taken else "at_end"
            channel.send("resource", name=name, hints=self.hints.get(name), resume=resume)

    def read(self, request, channel):
        limit = request.get("limit") or {}
        state = decoded(request.get("state") or {})
        told = State(self.output.values, channel, state)

        def checkpoint():
            self.output.flush_all()
            told.tell(state)
            channel.send("checkpoint")

        for name in request.get("resources", self.functions):
            function = self.functions[name]
            arguments = dict(self.arguments[name])
            taken = parameters(function) if callable(function) else {}
            if "state" in taken:
                arguments["state"] = state.setdefault("resources", {}).setdefault(name, {})
            if "checkpoint" in taken:
                arguments["checkpoint"] = checkpoint
            self.resource(name, function(**arguments) if callable(function) else function, limit)
            self.output.flush_all()
            channel.send("done", resource=name)
        told.tell(state)

    def resource(self, name, value, limit):
        lane = self.output.lane(name)
        rows, pages_left = limit.get("rows"), limit.get("pages")
        if rows == 0 or pages_left == 0:
            return
        is_endless = rows is None and pages_left is None
        try:
            for page in pages(value):
                if type(page) is dict:
                    self.output.row(lane, page)
                    if is_endless:
                        continue
                    count = 1
                elif isinstance(page, (list, tuple)):
                    self.output.rows(lane, page)
                    count = len(page)
                else:
                    self.output.table(lane, page)
                    count = getattr(page, "num_rows", 0)
                if rows is not None:
                    rows -= count
                if pages_left is not None:
                    pages_left -= 1
                if (rows is not None and rows <= 0) or pages_left == 0:
                    return
        except Exception as error:
            error.cartage_resource = name
            raise
