"""All screens of the page: pictures are taken of them, and axe looks at them.

A module here lists its screens in ``SCENES``; those after which a window is of no use to others, in ``ALONE``; those
to be shown before anybody has written, in ``BEFORE``. Nothing else has to know of it.
"""

import pkgutil
from collections.abc import Mapping
from importlib import import_module

from tests.browser.scenes.scene import Scene


def before() -> Mapping[str, Scene]:
    """Return the screens of an inbox that nobody has written to, by name."""
    return _collected("BEFORE")


def after() -> Mapping[str, Scene]:
    """Return the screens of an inbox in use, by name. From each one leads a way back to the inbox."""
    return _collected("SCENES")


def alone() -> Mapping[str, Scene]:
    """Return those that need a window of their own, by name."""
    return _collected("ALONE")


def _collected(what: str) -> Mapping[str, Scene]:
    modules = [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return {scene.__name__: scene for module in modules for scene in getattr(module, what, ())}
