"""What people wrote and who they are, in a test: searched in log lines, problems, labels of metrics and spans.

Learnt where it comes in: from the rows of webhooks and mails, and from bodies and queries of the API. What is too short
turns up by chance, and of a flood of messages the first ones will do.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
from aiohttp import web
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel

from gateway.files.keeping import Files
from gateway.ingest.webhook import Webhook
from gateway.openapi import api, reading
from gateway.tracing import Tracer

SHORTEST = 8
MOST = 300
PROBLEM = "application/problem+json"
#: Whose problems name the customer who has an address or a code already, to those who may read them all; and the keys
#: of what was sent.
NAMING = frozenset(
    {
        "POST /api/v1/customers", "PATCH /api/v1/customers/{id}", "POST /api/v1/customers/{id}/identities",
        "POST /api/v1/webhook-endpoints",
    }
)  # fmt: skip
#: Where a message's row has what is somebody's (``gateway/ingest/translate.py``).
PLACES: Mapping[int, str] = {
    2: "external id", 7: "address", 9: "address", 10: "name", 14: "text", 15: "text", 18: "address", 21: "subject",
}  # fmt: skip
FILES = 17
#: Members of bodies and parameters that hold what people write.
WORDS = frozenset({"text", "html", "subject", "filename", "value", "note", "customer_code", "business_name", "q"})
CUSTOM = "custom_fields"

_known: dict[str, str] = {}
_labels: set[tuple[str, ...]] = set()


def know(kind: str, *values: object) -> None:
    """Take note of what is somebody's."""
    for value in values:
        for line in value.splitlines() if isinstance(value, str) else ():
            bare = line.removeprefix("+")  # as providers write numbers
            if len(bare) >= SHORTEST and len(_known) < MOST:
                _known[bare] = kind


def forget() -> None:
    """Know nobody any more."""
    _known.clear()
    _labels.clear()


def found_in(text: str) -> Iterator[str]:
    """Give the kinds of what is somebody's in a text."""
    for value, kind in _known.items():
        if value in text:
            yield kind


def listen(found: Callable[[str, str], None]) -> None:
    """Learn from now on what is somebody's, and tell of labels, spans and problems in which it stands.

    Args:
        found: told the kind and the place.
    """
    _after(Webhook, "row", lambda _made, webhook, **_: _know_rows(webhook))
    _after(reading, "body_of", lambda made, *_: _know_model(made))
    _after(api, "read_query", lambda made, *_: _know_model(made))
    _after(Files, "take", lambda *_, filename=None, **__: know("file name", filename))
    _after(MetricWrapperBase, "labels", lambda _made, _metric, *values, **named: _labelled(found, values, named))
    _after(Tracer, "span", lambda _made, _tracer, name, *given, **named: _search(
        repr((name, given, named)), f"the span {name}", found))  # fmt: skip


def search_problem(answer: web.StreamResponse, operation: str, found: Callable[[str, str], None]) -> None:
    """Look into an answer, if it is a problem."""
    if operation in NAMING or answer.content_type != PROBLEM:
        return
    if isinstance(answer, web.Response) and isinstance(answer.body, bytes):
        _search(answer.body.decode("utf-8", "replace"), f"a problem of {operation}", found)


def _search(text: str, where: str, found: Callable[[str, str], None]) -> None:
    for kind in found_in(text):
        found(kind, where)


def _labelled(found: Callable[[str, str], None], values: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    label = tuple(map(str, (*values, *named.values())))
    if label not in _labels:
        _labels.add(label)
        _search("\n".join(label), "a label of a metric", found)


def _know_rows(webhook: Webhook) -> None:
    for row in (row for row in webhook.messages if len(row) > max(PLACES)):  # a test of writing makes up shorter ones
        for place, kind in PLACES.items():
            know(kind, row[place])
        for file in orjson.loads(row[FILES] or "[]"):
            know("file name", file["filename"])


def _know_model(model: BaseModel) -> None:
    _know_members(model.model_dump())


def _know_members(value: Any, *, inside: bool = False) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _know_members(inner, inside=inside or name in WORDS or name == CUSTOM)
    elif isinstance(value, list | tuple):
        for inner in value:
            _know_members(inner, inside=inside)
    elif inside:
        know("words", value)


def _after(owner: Any, name: str, hear: Callable[..., None]) -> None:
    """Have ``hear`` called with what a function returns and with its arguments, whenever it returns."""
    real = getattr(owner, name)

    @functools.wraps(real)
    def heard(*arguments: Any, **named: Any) -> Any:
        made = real(*arguments, **named)
        hear(made, *arguments, **named)
        return made

    setattr(owner, name, heard)
