"""``python -m tests.fuzz.work``: what parsers cost, C included, counted in nanoseconds that no clock measured.

The product is loaded with its code written anew: each call, slice, sum, search and round of a loop also says how much
it touches. A character that C passes over counts one, one that a pattern looks at ten, a step of Python twenty-five; so
a count is about the nanoseconds that it takes on a machine of 2024, and the same on every machine and every time. What
other packages do is counted by the length of what they are given.

Prints, as JSON, how much every parser costs for an input and for one four times as long, and what those cost that cost
most, for inputs of full size.
"""

import ast
import importlib.abc
import importlib.machinery
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson

ROOT = Path(__file__).parents[2]
OURS = ("channels", "gateway")
STEP, CHARACTER, COPIED, LOOKED_AT, FOREIGN, MATCH = 25, 1, 3, 10, 10, 100
TEXT = (str, bytes, bytearray)
#: Methods that look at what they are called with, or at what they take away, and not at all of the text.
SHORT = frozenset(
    {"startswith", "endswith", "removeprefix", "append", "extend", "isascii", "get", "items", "keys", "values", "hex"}
)
SEARCHES = frozenset({"find", "index", "rfind", "rindex", "count"})
#: Of functions that are called by their name, those that go through what they are given.
THROUGH = ("sorted", "set", "frozenset", "list", "tuple", "sum", "max", "min", "bytes", "bytearray", "dict", "str")
SMALL, LARGE = 2_000, 8_000
#: How many shapes each parser is measured with; they take turns.
EACH = 1
#: What costs most, as ``make fuzz`` finds it, in inputs of full size.
COSTLY = {
    "mail": "calendar lines", "mail-html": "addresses in brackets", "mail-report": "boundary look-alikes",
    "mail-to": "commas", "mail-authentication-results": "semicolons", "html": "tags", "quoted-reply": "line ends",
    "mail-parts": "nested parts", "resend-texts": "semicolons", "sinch-body": "a key for each number",
    "segments": "braces", "flowed": "line ends", "text-bounce": "addresses in brackets",
    "encoded-words": "encoded words",
    "transfer-base64": "half addresses", "transfer-x-uuencode": "line ends", "rows": "dashed lines",
    "canned-reply": "braces", "log-line": "digits", "personal-data": "numbers", "masked-event": "numbers",
}  # fmt: skip


class Work:
    """What was done since it was last asked."""

    def __init__(self) -> None:
        self.done = 0

    def call(self, owner: Any, name: str, *arguments: Any, **named: Any) -> Any:
        """Call a method, and count what it touches."""
        method = getattr(owner, name)
        known = isinstance(owner, (re.Pattern, *TEXT, list))
        is_ours = known or str(getattr(method, "__module__", None)).startswith(OURS)
        self.done += STEP + (0 if is_ours else FOREIGN * sum(len(one) for one in arguments if isinstance(one, TEXT)))
        result = method(*arguments, **named)
        if isinstance(owner, re.Pattern):
            return self._looked(owner, name, arguments, result)
        if isinstance(owner, TEXT):
            self.done += self._touched(owner, name, arguments, result)
        elif isinstance(owner, list) and name in {"pop", "insert", "remove", "index"}:
            self.done += len(owner) if arguments else 0
        return result

    def plain(self, function: Any, *arguments: Any, **named: Any) -> Any:
        """Call a function of Python's own that goes through what it is given."""
        self.done += STEP + COPIED * sum(len(one) for one in arguments if isinstance(one, (*TEXT, list, tuple, dict)))
        return function(*arguments, **named)

    def part(self, whole: Any, which: Any) -> Any:
        """Cut out a part."""
        result = whole[which]
        self.done += STEP + (len(result) if isinstance(result, (*TEXT, list, tuple)) else 0)
        return result

    def added(self, first: Any, second: Any) -> Any:
        """Add two things."""
        result = first + second
        self.done += STEP + (len(result) if isinstance(result, (*TEXT, list, tuple)) else 0)
        return result

    def more(self, grown: Any, more: Any) -> Any:
        """Count what ``+=`` copies: all of what can't be changed."""
        if isinstance(more, (*TEXT, list, tuple)):
            self.done += STEP + len(more) + (len(grown) if isinstance(grown, str | bytes | tuple) else 0)
        return more

    def within(self, one: Any, whole: Any) -> bool:
        """Tell whether something is in something."""
        self.done += STEP + (len(whole) if isinstance(whole, (*TEXT, list, tuple)) else 0)
        return one in whole

    def each(self, things: Iterable[Any]) -> Iterator[Any]:
        """Give all of something, each a step."""
        for one in things:
            self.done += STEP
            yield one

    def _touched(self, owner: Any, name: str, arguments: Sequence[Any], result: Any) -> int:
        if name in SHORT:
            return sum(len(one) for one in arguments if isinstance(one, TEXT))
        if name in SEARCHES:
            start, end, _ = slice(*(*arguments[1:3], None, None)[:2]).indices(len(owner))
            forwards = name in {"find", "index"} and result >= 0
            return CHARACTER * (max(0, (result if forwards else end) - start) + _length(arguments[0]))
        if name in {"lstrip", "rstrip", "strip"}:
            return len(owner) - len(result) + (len(result) if len(result) < len(owner) else 0)
        parts = len(result) * STEP if isinstance(result, list | tuple) else 0
        made = len(result) if isinstance(result, TEXT) else 0
        return COPIED * CHARACTER * max(made, len(owner) if name != "join" else 0) + parts

    def _looked(self, pattern: re.Pattern[Any], name: str, arguments: Sequence[Any], result: Any) -> Any:
        text = arguments[1] if name in {"sub", "subn"} else arguments[0] if arguments else ""
        start, end = (*arguments[1:3], 0, len(text))[:2] if name in {"match", "search", "fullmatch"} else (0, len(text))
        if len(arguments) < 3 or name not in {"match", "search", "fullmatch"}:
            end = len(text)
        if name == "finditer":
            return self._matches(result, len(text))
        if name in {"match", "search", "fullmatch"} and result is not None:
            end = result.end()
        if name == "match" and result is None:
            end = min(end, start + 1)  # most fail at once; what a pattern takes at one place is counted elsewhere
        self.done += MATCH + LOOKED_AT * max(0, end - start)
        self.done += MATCH * (len(result) if isinstance(result, list) else 0)
        if name in {"sub", "subn"}:
            self.done += MATCH * sum(1 for _ in islice(pattern.finditer(text), len(text)))
        return result

    def _matches(self, found: Iterator[re.Match[Any]], length: int) -> Iterator[re.Match[Any]]:
        at = 0
        for one in found:
            self.done += MATCH + LOOKED_AT * max(1, one.end() - at)
            at = one.end()
            yield one
        self.done += LOOKED_AT * (length - at)


WORK = Work()


class Counted(ast.NodeTransformer):
    """Writes code anew that says what it does."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Count methods, and functions that go through what they are given."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and not node.func.attr.startswith("__"):
            name = ast.Constant(node.func.attr)
            return ast.copy_location(_counting("call", [node.func.value, name, *node.args], node.keywords), node)
        if isinstance(node.func, ast.Name) and node.func.id in THROUGH:
            return ast.copy_location(_counting("plain", [node.func, *node.args], node.keywords), node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Count slices."""
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load) or not isinstance(node.slice, ast.Slice):
            return node
        ends = [part or ast.Constant(None) for part in (node.slice.lower, node.slice.upper, node.slice.step)]
        which = ast.Call(ast.Name("slice", ast.Load()), ends, [])
        return ast.copy_location(_counting("part", [node.value, which]), node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Count sums."""
        self.generic_visit(node)
        return _counting("added", [node.left, node.right]) if isinstance(node.op, ast.Add) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """Count what is added to something."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Add) and isinstance(node.target, ast.Name):
            node.value = _counting("more", [ast.Name(node.target.id, ast.Load()), node.value])
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Count searches by ``in``."""
        self.generic_visit(node)
        if len(node.ops) > 1 or not isinstance(node.ops[0], ast.In | ast.NotIn):
            return node
        found: ast.expr = _counting("within", [node.left, *node.comparators])
        return ast.UnaryOp(ast.Not(), found) if isinstance(node.ops[0], ast.NotIn) else found

    def visit_For(self, node: ast.For) -> ast.AST:
        """Count rounds."""
        self.generic_visit(node)
        node.iter = _counting("each", [node.iter])
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        """Count rounds."""
        self.generic_visit(node)
        node.body.insert(0, ast.Expr(_counting("added", [ast.Constant(0), ast.Constant(0)])))
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        """Count rounds."""
        self.generic_visit(node)
        if not node.is_async:
            node.iter = _counting("each", [node.iter])
        return node


def _length(thing: Any) -> int:
    return len(thing) if isinstance(thing, TEXT) else 1


def _counting(what: str, arguments: list[ast.expr], named: list[ast.keyword] | None = None) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name("__work__", ast.Load()), what, ast.Load()), arguments, named or [])


class Loader(importlib.machinery.SourceFileLoader):
    """Loads a module of ours with its code written anew; nothing of that is kept."""

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:  # type: ignore[override]
        """Compile."""
        return compile(ast.fix_missing_locations(Counted().visit(ast.parse(data))), path, "exec", optimize=_optimize)

    def get_code(self, fullname: str) -> Any:
        """Compile, whatever was compiled before."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)

    def exec_module(self, module: ModuleType) -> None:
        """Run."""
        vars(module)["__work__"] = WORK
        super().exec_module(module)


class Finder(importlib.abc.MetaPathFinder):
    """Finds modules of ours."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        """Find."""
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if fullname.partition(".")[0] in OURS and spec is not None and spec.origin:
            spec.loader = Loader(fullname, spec.origin)
        return spec if fullname.partition(".")[0] in OURS else None


def cost(read: Callable[[bytes], object], data: bytes) -> int:
    """Return the work of reading something."""
    WORK.done = 0
    read(data)
    return WORK.done


def main() -> None:
    """Count, and print."""
    from tests.fuzz.hostile import SHAPES  # noqa: PLC0415 - once the finder is there
    from tests.fuzz.parsers import parsers  # noqa: PLC0415

    growing, costly = [], {}
    shapes = cycle(SHAPES.items())
    for name, parser in parsers().items():
        if name.startswith("body-"):
            continue  # all of them are one and the same, in Rust
        for shape, make in islice(shapes, EACH):
            sizes = [make(min(size, parser.most // 4 * (1 + 3 * (size == LARGE)))) for size in (SMALL, LARGE)]
            cost(parser.tries, sizes[1])  # what is loaded or kept at first is no work of an input
            growing.append((name, shape, *(cost(parser.tries, data) for data in sizes)))
    for name, shape in COSTLY.items():
        parser = parsers()[name]
        costly[name] = cost(parser.tries, SHAPES[shape](parser.most))
    sys.stdout.write(orjson.dumps({"growing": growing, "costly": costly}).decode())


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.meta_path.insert(0, Finder())
    main()
