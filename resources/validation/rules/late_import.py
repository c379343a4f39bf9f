"""Modules that are imported when something in them is first used, not when they are named."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any


def import_late(name: str) -> None:
    """`import NAME` costs nothing from now on; what is wrong with the module shows at its first use.

    Nothing happens where it is imported already, or is not installed. (importlib's LazyLoader
    loads as soon as the module is named in a second import.)
    """
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)  # imports the packages above it
    if spec is not None:
        sys.modules[name] = _Late(name)
        sys.modules[name].__spec__ = spec


class _Late(ModuleType):
    def __getattr__(self, attribute: str) -> Any:
        """Called for what is not there yet."""
        if attribute.startswith("__"):
            raise AttributeError(attribute)  # the import machinery looks at these
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        found = importlib.import_module(self.__name__)
        self.__dict__.update(found.__dict__)
        return getattr(found, attribute)
