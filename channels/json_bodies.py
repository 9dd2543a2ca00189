"""JSON bodies, read fast when they are clean and patiently when they are not."""

import json
from typing import Any

import orjson

from channels.errors import PayloadMalformed


def read_json(body: bytes) -> Any:  # Any: the document is a stranger's, every reader checks what it takes
    """Return the value of a JSON document.

    Half of a surrogate pair is no valid text, and orjson refuses the whole document for it. Senders that cut a text
    by length do write such halves, so they become U+FFFD instead of costing us the rest of the post.

    Raises:
        PayloadMalformed: when it is no JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _patiently(body)


def _patiently(body: bytes) -> Any:
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False)
        return orjson.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    except (ValueError, RecursionError) as error:
        raise PayloadMalformed("not_json", "the body isn't JSON") from error
