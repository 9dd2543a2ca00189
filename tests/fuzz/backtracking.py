"""How many steps a pattern takes: it is matched as ``re`` does, by trying and going back, and the tries are counted.

Python's own tree of a pattern is walked, so that what is counted is what ``re`` would do, without its shortcuts. Bounds
of repetitions are made small: what grows with them alone is linear.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from re import _compiler as compiler  # type: ignore[attr-defined]  # re has no public tree
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

#: A repetition is repeated so often at most, unless it has no bound at all.
BOUND = 3
#: A pattern that takes more steps for an input is called endless.
MOST_STEPS = 6_000
REPEATS = (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT)
ONE = (ops.LITERAL, ops.NOT_LITERAL, ops.IN, ops.ANY, ops.RANGE, ops.CATEGORY)
#: Characters that are tried beside those that a pattern names.
USUAL = "a1 -\n.,@<>\"'=:;/\\é_\x01"

Node = tuple[Any, Any]
Text = str | bytes


class Endless(Exception):
    """More steps than anything linear takes."""


class Backtracking:
    """A pattern whose steps can be counted."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self._tree = parser.parse(pattern.pattern, pattern.flags & ~(re.DEBUG | re.TEMPLATE))
        self._flags = pattern.flags
        self._bytes = isinstance(pattern.pattern, bytes)
        self._tests: dict[int, Callable[[Any], object]] = {}
        self._known: dict[tuple[int, str], bool] = {}
        self._text = ""
        self._groups: dict[int, tuple[int, int]] = {}
        self.steps = 0

    def search(self, text: str) -> int:
        """Return the steps of finding it as often as it is in a text."""
        self.steps, self._text, start = 0, text, 0
        while start <= len(text):
            self._groups = {}
            end = next(self._sequence(list(self._tree), start), start)
            start = max(end, start + 1)
        return self.steps

    def match(self, text: str) -> int:
        """Return the steps of matching all of a text, from its beginning on."""
        self.steps, self._text, self._groups = 0, text, {}
        for end in self._sequence(list(self._tree), 0):
            if end == len(text):
                break
        return self.steps

    def alphabet(self) -> list[str]:
        """Return a character for each set of characters that the pattern tells apart."""
        ones = list(_ones(self._tree))
        named = [chr(code) for node in ones for code in _codes(node)]
        kinds: dict[tuple[bool, ...], str] = {}
        for char in [*named, *USUAL]:
            if not self._bytes or ord(char) < 256:
                kinds.setdefault(tuple(self._fits(node, char) for node in ones), char)
        return list(kinds.values())

    def beginnings(self, most: int) -> list[str]:
        """Return texts that lead to the repetitions of the pattern, and what each repeats."""
        found: dict[str, None] = {"": None}
        for text in islice(self._samples(list(self._tree)), most):
            found.setdefault(text)
        return list(found)

    def _samples(self, nodes: Sequence[Node], before: str = "") -> Iterator[str]:
        """Give a sample up to each repetition, and samples of what is repeated."""
        for kind, argument in nodes:
            if kind in REPEATS:
                yield before
                yield from self._samples(list(argument[2]), before)
                before += self._sample(list(argument[2])) * max(argument[0], 1)
                yield before
            elif kind is ops.SUBPATTERN:
                yield from self._samples(list(argument[3]), before)
                before += self._sample(list(argument[3]))
            elif kind is ops.BRANCH:
                for branch in argument[1]:
                    yield from self._samples(list(branch), before)
                before += self._sample(list(argument[1][0]))
            elif kind is ops.ATOMIC_GROUP:
                yield from self._samples(list(argument), before)
                before += self._sample(list(argument))
            else:
                before += self._sample([(kind, argument)])

    def bodies(self) -> list[str]:
        """Return a sample of each thing that is repeated."""
        return list(dict.fromkeys(self._sample(list(body)) for body in _bodies(self._tree)))

    def _sample(self, nodes: Sequence[Node]) -> str:
        out = ""
        for kind, argument in nodes:
            if kind in ONE:
                out += next((char for char in [*map(chr, _codes((kind, argument))), *USUAL]
                             if self._fits((kind, argument), char)), "")  # fmt: skip
            elif kind in REPEATS:
                out += self._sample(list(argument[2])) * max(argument[0], 1)
            elif kind is ops.SUBPATTERN:
                out += self._sample(list(argument[3]))
            elif kind is ops.BRANCH:
                out += self._sample(list(argument[1][0]))
            elif kind is ops.ATOMIC_GROUP:
                out += self._sample(list(argument))
        return out

    def _fits(self, node: Node, char: str) -> bool:
        key = (id(node[1]) if not isinstance(node[1], int) else hash((node[0], node[1])), char)
        known = self._known.get(key)
        if known is None:
            test = self._tests.get(key[0])
            if test is None:
                one = parser.SubPattern(self._tree.state, [node])
                test = self._tests[key[0]] = compiler.compile(one, self._flags).fullmatch
            known = self._known[key] = test(char.encode("latin-1") if self._bytes else char) is not None
        return known

    def _sequence(self, nodes: Sequence[Node], at: int, first: int = 0) -> Iterator[int]:
        """Give each place where nodes may end, the preferred one first."""
        if first == len(nodes):
            yield at
            return
        for end in self._node(nodes[first], at):
            yield from self._sequence(nodes, end, first + 1)

    def _node(self, node: Node, at: int) -> Iterator[int]:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Endless
        kind, argument = node
        if kind is ops.SUBPATTERN:
            for end in self._sequence(list(argument[3]), at):
                if argument[0] is not None:
                    self._groups[argument[0]] = (at, end)
                yield end
        elif kind is ops.BRANCH:
            for branch in argument[1]:
                yield from self._sequence(list(branch), at)
        elif kind in REPEATS:
            yield from self._repeat(kind, argument, at)
        elif kind is ops.ATOMIC_GROUP:
            yield from islice(self._sequence(list(argument), at), 1)
        else:
            yield from self._once(node, at)

    def _once(self, node: Node, at: int) -> Iterator[int]:
        """Give the one place where what has no choice may end."""
        kind, argument = node
        if kind in ONE:
            ends = at + 1 if at < len(self._text) and self._fits(node, self._text[at]) else None
        elif kind is ops.AT:
            ends = at if self._is_at(argument, at) else None
        elif kind is ops.GROUPREF:
            start, end = self._groups.get(argument, (0, 0))
            ends = at + end - start if self._text.startswith(self._text[start:end], at) else None
        else:
            assert kind in (ops.ASSERT, ops.ASSERT_NOT), kind
            direction, inner = argument
            start = at if direction > 0 else at - inner.getwidth()[0]
            holds = start >= 0 and next(self._sequence(list(inner), start), None) is not None
            ends = at if holds is (kind is ops.ASSERT) else None
        if ends is not None:
            yield ends

    def _repeat(self, kind: Any, argument: Any, at: int) -> Iterator[int]:
        least, most, body = argument
        least, most = min(least, BOUND), most if most is ops.MAXREPEAT else min(most, BOUND)
        found = self._rounds(list(body), least, most, at, greedy=kind is not ops.MIN_REPEAT)
        yield from islice(found, 1) if kind is ops.POSSESSIVE_REPEAT else found

    def _rounds(self, body: Sequence[Node], least: int, most: Any, at: int, *, greedy: bool) -> Iterator[int]:
        """Give where rounds of a repetition may end; a stack of what may still be tried, for there may be many."""
        stack = [(at, iter(self._sequence(body, at)))]
        if not greedy and least == 0:
            yield at
        while stack:
            start, ways = stack[-1]
            end = next(ways, None) if most is ops.MAXREPEAT or len(stack) <= most else None
            if end is None or (end == start and len(stack) > least):
                stack.pop()
                if greedy and len(stack) >= least:
                    yield start
                continue
            stack.append((end, iter(self._sequence(body, end))))
            if not greedy and len(stack) - 1 >= least:
                yield end

    def _is_at(self, place: Any, at: int) -> bool:
        before, after = self._text[at - 1 : at] if at else "", self._text[at : at + 1]
        multiline = bool(self._flags & re.MULTILINE)
        if place in (ops.AT_BEGINNING, ops.AT_BEGINNING_STRING, ops.AT_BEGINNING_LINE):
            lines = place is ops.AT_BEGINNING_LINE or (multiline and place is ops.AT_BEGINNING)
            return at == 0 or (lines and before == "\n")
        if place in (ops.AT_END, ops.AT_END_STRING, ops.AT_END_LINE):
            lines = place is not ops.AT_END_STRING
            return not after or (lines and after == "\n" and (multiline or at + 1 == len(self._text)))
        word = (before.isalnum() or before == "_") != (after.isalnum() or after == "_")
        return word is (place in (ops.AT_BOUNDARY, ops.AT_UNI_BOUNDARY))


def _ones(tree: Any) -> Iterator[Node]:
    """Give all that take one character."""
    for kind, argument in tree:
        if kind in ONE:
            yield kind, argument
        for inner in _inside(kind, argument):
            yield from _ones(inner)


def _bodies(tree: Any) -> Iterator[Any]:
    for kind, argument in tree:
        if kind in REPEATS and (argument[1] is ops.MAXREPEAT or argument[1] > 1):
            yield argument[2]
        for inner in _inside(kind, argument):
            yield from _bodies(inner)


def _inside(kind: Any, argument: Any) -> Sequence[Any]:
    if kind in REPEATS:
        return [argument[2]]
    if kind is ops.SUBPATTERN:
        return [argument[3]]
    if kind is ops.BRANCH:
        return list(argument[1])
    if kind in (ops.ASSERT, ops.ASSERT_NOT):
        return [argument[1]]
    return [argument] if kind is ops.ATOMIC_GROUP else []


def _codes(node: Node) -> Iterator[int]:
    """Give the first of each range of characters that a node names."""
    kind, argument = node
    if kind is ops.LITERAL:
        yield argument
    elif kind is ops.RANGE:
        yield argument[0]
    elif kind is ops.IN:
        for part in argument:
            yield from _codes(part)
