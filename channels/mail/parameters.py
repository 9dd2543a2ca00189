"""Content-Type and Content-Disposition: a value and its parameters (RFC 2045, 2183, 2231)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from channels.mail.charsets import decode
from channels.mail.words import decode_words

TOKEN = re.compile(r"[\w.+-]+(?:/[\w.+-]+)?", re.ASCII)
CONTINUATION = re.compile(r"([^*]{1,64})\*(\d{1,3})(\*?)")
MOST = 200


@dataclass(frozen=True, slots=True)
class Parameterised:
    """A header value in lower case, and its parameters by lower-case name."""

    value: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """Return a parameter's value; empty when it was not sent."""
        return self.parameters.get(name, "")


def parameterised(text: str | None) -> Parameterised:
    """Read a value with parameters; what can't be read is left out.

    An RFC 2231 value wins over a plain one of the same name; encoded words within quotes are
    decoded although RFC 2047 forbids them, because mail programs send them.
    """
    head, _, rest = (text or "").partition(";")
    token = TOKEN.match(head.strip())
    return Parameterised(token[0].lower() if token is not None else "", _combined(dict(_pairs(rest))))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Give ``name, raw value`` pairs; quoted values may hold ";" and escaped quotes."""
    at, seen = 0, 0
    while at < len(text) and seen < MOST:
        equals, semicolon = text.find("=", at), text.find(";", at)
        if equals < 0:
            return
        if 0 <= semicolon < equals:
            at = semicolon + 1
            continue
        name = text[at:equals].strip().lower()
        value, at = _value(text, equals + 1)
        seen += 1
        yield name, value


def _value(text: str, at: int) -> tuple[str, int]:
    """Return the value that begins at ``at``, and where the next parameter begins."""
    while at < len(text) and text[at] in " \t":
        at += 1
    if text[at : at + 1] != '"':
        stop = text.find(";", at)
        stop = len(text) if stop < 0 else stop
        return text[at:stop].strip(), stop + 1
    out: list[str] = []
    at += 1
    while at < len(text) and text[at] != '"':
        at += 1 if text[at] == "\\" and text[at + 1 : at + 2] in ('"', "\\") else 0
        out.append(text[at])
        at += 1
    stop = text.find(";", at)
    return "".join(out), len(text) if stop < 0 else stop + 1


def _combined(raw: Mapping[str, str]) -> dict[str, str]:
    plain = {name: decode_words(value) for name, value in raw.items() if "*" not in name}
    extended = {name[:-1]: value for name, value in raw.items() if name.endswith("*") and "*" not in name[:-1]}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value in raw.items():
        if (part := CONTINUATION.fullmatch(name)) is not None:
            pieces.setdefault(part[1], {})[int(part[2])] = (value, bool(part[3]))
    return {
        **plain,
        **{name: _joined(numbered) for name, numbered in pieces.items()},
        **{name: _joined({0: (value, True)}) for name, value in extended.items()},
    }


def _joined(numbered: Mapping[int, tuple[str, bool]]) -> str:
    """Put continuations together; ``charset'language'`` stands before the first encoded one."""
    raw, charset = bytearray(), ""
    for number in sorted(numbered):
        value, encoded = numbered[number]
        if encoded and number == min(numbered) and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        written = value.encode("utf-8", "replace")
        raw.extend(unquote_to_bytes(written) if encoded else written)
    return decode(bytes(raw), charset)
