"""Errors of ours."""


class ConfigError(Exception):
    """What stands in `pipeline.toml` cannot be used."""


class DataError(Exception):
    """A value that cannot be sent."""


class Stopped(BaseException):
    """Cartage wants no more. Not an `Exception`, so that code of users does not catch it."""
