"""Our logins, taken out of what receivers answer: some repeat what they were sent, each in a spelling of its own."""

import base64
import binascii
import html
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus

import orjson

from gateway.delivery.caller import Answer

HIDDEN = "[hidden]"
#: Whatever is no longer than this may stand anywhere by chance.
SHORTEST = 4
HEXADECIMAL = re.compile(r"%[0-9A-F]{2}")


def hidden_of(login: Mapping[str, str]) -> Sequence[str]:
    """Return what proves who we are in each spelling, the longest first.

    Args:
        login: headers by name. What stands behind the name of a scheme counts alone, too; of Basic also the pair of
            name and password, and the password.
    """
    found = {
        spelling
        for value in login.values()
        for part in _parts(value)
        for spelling in _spellings(part)
        if len(part) > SHORTEST
    }
    return sorted(found, key=len, reverse=True)


def without(answer: Answer, hidden: Collection[str]) -> Answer:
    """Take our logins out of an answer."""
    for value in hidden:
        answer.headers = {name: text.replace(value, HIDDEN) for name, text in answer.headers.items()}
        answer.body = answer.body.replace(value, HIDDEN)
        for length in range(min(len(value), len(answer.body)), SHORTEST, -1):
            if answer.body.endswith(value[:length]):  # it was cut within one
                answer.body = answer.body[:-length]
                break
    return answer


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
