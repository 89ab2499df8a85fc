"""Starts Cartage's side: `python -u path/of/this/folder`."""

import os
import sys

# Python has put this folder first, where modules of ours would take the place of others of the same name.
FOLDER = os.path.dirname(os.path.abspath(__file__))
if sys.path and os.path.abspath(sys.path[0]) == FOLDER:
    del sys.path[0]

import importlib.util


def load():
    """This folder as a package that no `import` of the user finds, whatever it is called."""
    spec = importlib.util.spec_from_file_location("_cartage_source", os.path.join(FOLDER, "__init__.py"))
    package = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = package
    # The folder is there for this run only: copies of it in bytecode would not be read again.
    writes_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    spec.loader.exec_module(package)
    conversation = importlib.import_module(spec.name + ".conversation")
    sys.dont_write_bytecode = writes_none
    return conversation


if __name__ == "__main__":
    load().main()
