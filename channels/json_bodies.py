"""JSON bodies, read fast when they are clean and patiently when they are not."""

import json
from typing import Any

import orjson

from channels.errors import CannotSend, PayloadMalformed

#: orjson writes 254 levels and reads 1,024: what is deeper than that could be read, but never be stored.
DEEPEST = 250
#: Entries of all lists of a body. Each may become an event, which costs a hundred times what its bytes do; providers
#: send a thousand at most.
MOST_ENTRIES = 10_000


def read_json(body: bytes) -> Any:  # Any: the document is a stranger's, every reader checks what it takes
    """Return the value of a JSON document.

    Half of a surrogate pair is no valid text, and orjson refuses the whole document for it. Senders that cut a text
    by length do write such halves, so they become U+FFFD instead of costing us the rest of the post.

    Raises:
        PayloadMalformed: when it is no JSON, nested deeper than can be written again, or holds too many entries.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = _patiently(body)
    if body.count(b"[") + body.count(b"{") > DEEPEST:  # no document is deeper than it has brackets
        _require_shallow(document)
    if body.count(b",") + body.count(b"[") > MOST_ENTRIES:  # no list has more entries than commas and its bracket
        _require_few(document)
    return document


def write_json(document: Any) -> bytes:  # Any: whatever JSON has
    """Write the body of a request to a provider.

    Raises:
        CannotSend: when it holds something that is no text (half of a surrogate pair).
    """
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError as error:
        raise CannotSend("text_unwritable", "the message holds characters that can't be sent") from error


def _patiently(body: bytes) -> Any:
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False)
        return orjson.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    except (ValueError, RecursionError) as error:
        raise PayloadMalformed("not_json", "the body isn't JSON") from error


def _require_shallow(document: Any) -> None:
    try:
        orjson.dumps(document)
    except orjson.JSONEncodeError as error:
        raise PayloadMalformed("too_deep", "the body is nested too deep") from error


def _require_few(document: Any) -> None:
    left, pending = MOST_ENTRIES, [document]
    while pending:
        node = pending.pop()
        if type(node) is list:
            left -= len(node)
            if left < 0:
                raise PayloadMalformed("too_many_entries", f"the body's lists have more than {MOST_ENTRIES} entries")
            pending += node
        elif type(node) is dict:
            pending += [value for value in node.values() if type(value) is list or type(value) is dict]
