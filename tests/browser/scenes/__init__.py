"""All screens of the page: pictures are taken of them, and axe looks at them.

A module here lists its screens in ``SCENES``; those after which a window is of no use to others, in ``ALONE``; those
to be shown before anybody has written, in ``BEFORE``. Nothing else has to know of it.
"""

import pkgutil
from collections.abc import Mapping, Sequence
from importlib import import_module

from tests.browser.scenes.scene import Scene


def rooms() -> Sequence[str]:
    """Return the names of the modules that list screens."""
    found = [module.name for module in pkgutil.iter_modules(__path__)]
    return [name for name in found if any(_listed(name, what) for what in ("BEFORE", "SCENES", "ALONE"))]


def before(*rooms: str) -> Mapping[str, Scene]:
    """Return the screens of an inbox that nobody has written to, by name; of some modules, or of all."""
    return _collected("BEFORE", rooms)


def after(*rooms: str) -> Mapping[str, Scene]:
    """Return the screens of an inbox in use, by name. From each one leads a way back to the inbox."""
    return _collected("SCENES", rooms)


def alone(*rooms: str) -> Mapping[str, Scene]:
    """Return those that need a window of their own, by name."""
    return _collected("ALONE", rooms)


def _collected(what: str, wanted: Sequence[str]) -> Mapping[str, Scene]:
    return {scene.__name__: scene for room in wanted or rooms() for scene in _listed(room, what)}


def _listed(room: str, what: str) -> Sequence[Scene]:
    found: Sequence[Scene] = getattr(import_module(f"{__name__}.{room}"), what, ())
    return found
