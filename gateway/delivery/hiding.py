"""Our logins, taken out of what receivers answer: some repeat what they were sent, each in a spelling of its own."""

import base64
import binascii
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote

import orjson

from gateway.delivery.caller import Answer

HIDDEN = "[hidden]"
#: Whatever is no longer than this may stand anywhere by chance.
SHORTEST = 4
#: Of a shorter one too little is left in base64.
LONG_ENOUGH = 12
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
SPACE = re.compile(r"\s+")
HEXADECIMAL = re.compile(r"%[0-9A-F]{2}")


@dataclass(frozen=True, slots=True)
class Hidden:
    """What proves who we are.

    Attributes:
        spellings: each value as receivers usually write it, the longest first.
        plain: the values in the form in which all spellings are alike.
    """

    spellings: Sequence[str]
    plain: Sequence[str]


def hidden_of(login: Mapping[str, str]) -> Hidden:
    """Return what is to be hidden of a login.

    Args:
        login: headers by name. What stands behind the name of a scheme counts alone, too; of Basic also the pair of
            name and password, and the password.
    """
    parts = {part for value in login.values() for part in _parts(value) if len(part) > SHORTEST}
    spellings = {spelling for part in parts for spelling in (*_spellings(part), *_in_base64(part))}
    plain = {value for part in parts if len(value := _plain(part)) > SHORTEST}
    return Hidden(sorted(spellings, key=len, reverse=True), sorted(plain))


def without(answer: Answer, hidden: Hidden) -> Answer:
    """Take our logins out of an answer. A body or a header that holds one in yet another spelling is hidden whole."""
    for value in hidden.spellings:
        answer.headers = {name: text.replace(value, HIDDEN) for name, text in answer.headers.items()}
        answer.body = answer.body.replace(value, HIDDEN)
        for length in range(min(len(value), len(answer.body)), SHORTEST, -1):
            if answer.body.endswith(value[:length]):  # it was cut within one
                answer.body = answer.body[:-length]
                break
    if hidden.plain:
        answer.headers = {name: HIDDEN if _holds(text, hidden) else text for name, text in answer.headers.items()}
        if _holds(answer.body, hidden):
            answer.body = HIDDEN
    return answer


def _holds(text: str, hidden: Hidden) -> bool:
    plain = _plain(text)
    return any(value in plain for value in hidden.plain)


def _plain(text: str) -> str:
    """Undo escapes of JSON, of HTML and of URLs, twice; drop white space and backslashes; fold case."""
    for _ in range(2):
        text = unquote(html.unescape(ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)))
    return SPACE.sub("", text).replace("\\", "").casefold()


def _parts(value: str) -> Iterator[str]:
    yield value
    scheme, _, proof = value.partition(" ")
    yield proof
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(proof, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return  # it is a header of the owner's own, which says what it likes
        yield pair
        yield pair.partition(":")[2]


def _spellings(value: str) -> Iterator[str]:
    """Write a value as it is, and as JSON (with and without an escaped slash), a URL, a form and HTML have it."""
    yield value
    yield value.rstrip("=") or value
    written = orjson.dumps(value).decode()[1:-1]
    yield written
    yield written.replace("/", r"\/")
    for encoded in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield encoded
        yield HEXADECIMAL.sub(lambda found: found[0].lower(), encoded)
    escaped = html.escape(value)
    yield escaped
    yield escaped.replace("&#x27;", "&#039;")


def _in_base64(value: str) -> Iterator[str]:
    """Write what base64 makes of a value within a longer text, wherever it begins there; of short ones nothing."""
    for offset in range(3) if len(value) >= LONG_ENOUGH else ():
        encoded = base64.b64encode(b"\0" * offset + value.encode()).decode()
        yield encoded[4 if offset else 0 : -4]
