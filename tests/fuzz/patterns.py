"""Every pattern of the product, and how it is used."""

import ast
import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import channels
import gateway

#: What begins at one place only: where it is told to.
ANCHORED = frozenset({"match", "fullmatch"})
#: Kept in things, of which only this is asked.
MATCHED = frozenset({"gateway.pii.national_ids.SHAPES"})
COMPILERS = ("compile", "escape")


class Used(NamedTuple):
    """A pattern, its place (module and name, or line), and whether it is looked for in all of a text."""

    place: str
    pattern: re.Pattern[Any]
    is_searched: bool


def used_patterns() -> Iterator[Used]:
    """Give the patterns that modules keep, and those that are written where they are used."""
    sources = {found.name: _tree(found) for found in _modules()}
    anchored, other = set[tuple[str, str]](), set[tuple[str, str]]()
    for name, tree in sources.items():
        for place, method in _uses(name, tree):
            (anchored if method in ANCHORED else other).add(place)
    for name, tree in sources.items():
        yield from _written_inline(name, tree)
        imported = _imported(tree)
        for constant, value in vars(importlib.import_module(name)).items():
            if constant in imported:
                continue
            is_searched = (name, constant) in other or (name, constant) not in anchored
            for pattern in _within(value, 3):
                yield Used(f"{name}.{constant}", pattern, is_searched and f"{name}.{constant}" not in MATCHED)


def _modules() -> Iterator[pkgutil.ModuleInfo]:
    for package in (channels, gateway):
        yield from pkgutil.walk_packages(package.__path__, f"{package.__name__}.")


def _tree(found: pkgutil.ModuleInfo) -> ast.Module:
    spec = found.module_finder.find_spec(found.name, None)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text("utf-8"))


def _within(value: Any, depth: int) -> Iterator[re.Pattern[Any]]:
    """Give the patterns that a module's value holds."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        yield from _within(tuple(value.values()), depth)
    elif depth and isinstance(value, tuple | list | set | frozenset):
        for one in value:
            yield from _within(one, depth - 1)
    elif depth and dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from _within([getattr(value, field.name) for field in dataclasses.fields(value)], depth - 1)


def _uses(module: str, tree: ast.Module) -> Iterator[tuple[tuple[str, str], str]]:
    """Give each use of a name that a module keeps: whose name it is, and the method, or what else is done with it."""
    names = _imported(tree)
    called = set[ast.expr]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (place := _place(node.value, module, names)) is not None:
            called.add(node.value)
            yield place, node.attr
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node not in called and node.id.isupper():
            yield names.get(node.id, (module, node.id)), "handed on"


def _imported(tree: ast.Module) -> dict[str, tuple[str, str]]:
    """Return the names that a module takes from others: whose they are, and what they are called there."""
    return {
        node.asname or node.name: (statement.module or "", node.name)
        for statement in ast.walk(tree)
        if isinstance(statement, ast.ImportFrom)
        for node in statement.names
    }


def _place(node: ast.expr, module: str, names: dict[str, tuple[str, str]]) -> tuple[str, str] | None:
    if isinstance(node, ast.Name):
        return names.get(node.id, (module, node.id))
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
        return ".".join(names[node.value.id]), node.attr
    return None


def _written_inline(module: str, tree: ast.Module) -> Iterator[Used]:
    for node in ast.walk(tree):
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
                and node.func.attr not in COMPILERS and isinstance(node.args[0], ast.Constant)):  # fmt: skip
            written = node.args[0].value
            assert isinstance(written, str | bytes)
            pattern: re.Pattern[Any] = re.compile(written)
            yield Used(f"{module}:{node.lineno}", pattern, node.func.attr not in ANCHORED)
