"""The state of the source, and changes of it."""

import json


class State:
    """What the source remembers, and what has changed since it was told last."""

    def __init__(self, values, channel, state):
        self.values = values
        self.channel = channel
        self.told = self.encoded(state)

    def encoded(self, state):
        """By resource (None is the source) and key, as JSON that nobody can change."""
        resources = state.get("resources")
        by_resource = {None: {key: value for key, value in state.items() if key != "resources"}}
        by_resource.update(resources if isinstance(resources, dict) else {})
        return {
            resource: {self.values.key(key): self.text(value) for key, value in values.items()}
            for resource, values in by_resource.items()
        }

    def text(self, value):
        return json.dumps(self.values.plain(value), ensure_ascii=False, separators=(",", ":"))

    def tell(self, state):
        """Sends what differs."""
        now = self.encoded(state)
        for resource in {**self.told, **now}:
            before, after = self.told.get(resource, {}), now.get(resource, {})
            changed = {key: json.loads(text) for key, text in after.items() if before.get(key) != text}
            gone = [key for key in before if key not in after]
            if changed or gone:
                self.channel.send("state", resource=resource, set=changed or None, remove=gone or None)
        self.told = now
