"""The parsers of webhooks: each provider's, with bytes of any kind in each place, and what these are made of."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from channels.adapter import Adapter
from channels.errors import PayloadMalformed, SignatureInvalid
from channels.events import Quarantined
from channels.forms import FormInvalid, read_pairs
from channels.generic.body_templates import filled, places_of
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_bodies import read_json
from channels.multipart import FormPart, read_multipart, write_multipart
from channels.normal_form import normal_form, quarantined_form
from channels.opt_out_words import opt_out_of
from channels.phone_numbers import e164
from channels.registry import ADAPTERS
from channels.retry_after import retry_after
from channels.segments import segments
from channels.signatures import require_fresh
from tests.channels.fixtures import NOW, Recorded, all_recorded
from tests.fuzz.parser import LONGEST_FIELD, Parser, text

Filled = Callable[[HttpRequest, bytes], HttpRequest]


def parsers() -> Iterator[Parser]:
    """Give them."""
    for provider, cases in richest().items():
        adapter, case = ADAPTERS[provider], cases[0]
        for number, like in enumerate(_kinds(cases)):
            name = f"{provider}-body" if number == 0 else f"{provider}-body-{number}"
            yield Parser(name, partial(_parsed, adapter, like[0], _body), [one.request.body for one in like])
        yield Parser(f"{provider}-texts", partial(_parsed, adapter, case, texts_replaced), [b"a"])
        yield Parser(f"{provider}-answer", partial(_answered, adapter), [b'{"id": "1"}'])
        yield Parser(f"{provider}-proof", partial(_judged, case), most=LONGEST_FIELD)
    yield Parser("url-query", _queried, [b"https://h.test/?hub.mode=subscribe&hub.challenge=1"], most=LONGEST_FIELD)
    yield Parser("json-body", read_json, [b'{"a": ["\\ud800", 1e3]}'], (PayloadMalformed,))
    yield Parser("form", lambda data: read_pairs(text(data)), [b"a=b&c=%20"], (FormInvalid,))
    yield Parser("multipart", _multipart, [b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--b--\r\n'])
    yield Parser("multipart-type", lambda data: _multipart(b"", text(data)), [b"multipart/form-data; boundary=b"])
    yield Parser("phone-number", lambda data: (e164(text(data)), e164(text(data), "DE")), [b"+12025550142", b"0049 30"])
    yield Parser("retry-after", _waited, [b"120"], most=LONGEST_FIELD)
    yield Parser("time-stamp", _fresh, [b"1767225600"], (SignatureInvalid,), most=LONGEST_FIELD)
    yield Parser("segments", lambda data: segments(data.decode("utf-8", "replace")), [b"Hi"])
    yield Parser("opt-out", lambda data: opt_out_of(data.decode("utf-8", "replace")), [b"STOP", b" stop. "])
    yield Parser("body-template", _template, [b'{"to": "{{to}}"}'])


def richest() -> dict[str, list[Recorded]]:
    """Return the recordings of each provider, the one with the most events and the longest body first."""
    found: dict[str, list[Recorded]] = {provider: [] for provider in sorted(ADAPTERS)}
    for case in sorted(all_recorded(), key=lambda one: (len(one.events), len(one.request.body)), reverse=True):
        if case.valid and case.request.body:
            found[case.provider].append(case)
    return {provider: cases for provider, cases in found.items() if cases}


def _kinds(cases: list[Recorded]) -> list[list[Recorded]]:
    """Sort recordings by how they are sent: each kind is read in another way."""
    kinds: dict[tuple[str, str], list[Recorded]] = {}
    for case in cases:
        kinds.setdefault((case.request.media_type, case.request.url.partition("?")[0]), []).append(case)
    return list(kinds.values())


def _parsed(adapter: Adapter, case: Recorded, fill: Filled, data: bytes) -> None:
    """Parse a recording with bytes in it, and write what came of it, as the store does."""
    request = fill(case.request, data)
    try:
        events = adapter.parse(request, case.context)
    except PayloadMalformed:
        return
    orjson.dumps([quarantined_form(one) if isinstance(one, Quarantined) else normal_form(one) for one in events])


def _body(request: HttpRequest, data: bytes) -> HttpRequest:
    return replace(request, body=data)


def texts_replaced(request: HttpRequest, data: bytes) -> HttpRequest:
    """Put bytes into every text of a recording; they share them, so that it gets no longer than they are."""
    if request.body[:1] in {b"{", b"["}:
        document = orjson.loads(request.body)
        words = data.decode("utf-8", "replace")
        count = max(1, sum(1 for _ in _leaves(document)))
        return replace(request, body=orjson.dumps(_replaced(document, words[: len(words) // count + 1])))
    if request.media_type == "multipart/form-data":
        parts = read_multipart(request.headers.get("content-type"), request.body).parts
        share = data[: len(data) // max(1, len(parts)) + 1]
        kind, body = write_multipart([FormPart(one.name, share, one.filename, one.type) for one in parts])
        return replace(request, headers=request.headers.with_fields({"content-type": kind}), body=body)
    if request.media_type == "application/x-www-form-urlencoded":
        pairs = parse_qsl(request.body.decode(), keep_blank_values=True)
        share = data[: len(data) // max(1, 3 * len(pairs)) + 1]
        return replace(request, body=urlencode([(name, share) for name, _ in pairs]).encode())
    return replace(request, body=request.body + data)


def _leaves(node: Any) -> Iterator[str]:
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        if isinstance(child, str):
            yield child
        yield from _leaves(child)


def _replaced(node: Any, words: str, key: str = "") -> Any:
    """Replace all texts but those that tell what an item is."""
    if isinstance(node, dict):
        return {name: _replaced(child, words, name) for name, child in node.items()}
    if isinstance(node, list):
        return [_replaced(child, words) for child in node]
    kept = key.lower() in {"type", "event", "eventtype", "event-type", "recordtype", "object", "field", "kind", "topic"}
    return words if isinstance(node, str) and not kept else node


def _judged(case: Recorded, data: bytes) -> None:
    """Verify a recording with bytes in each of its headers."""
    headers = Headers((name, text(data)) for name in case.request.headers.as_dict())
    credentials = case.adapter.credentials.model_validate(case.credentials)
    for name in case.request.headers.as_dict():
        request = replace(case.request, headers=case.request.headers.with_fields({name: text(data)}))
        _verified(case, request, credentials)
    _verified(case, replace(case.request, headers=headers), credentials)


def _verified(case: Recorded, request: HttpRequest, credentials: Any) -> None:
    try:
        case.adapter.verify(request, credentials, case.now)
    except SignatureInvalid:
        return


def _queried(data: bytes) -> None:
    for adapter in ADAPTERS.values():
        request = HttpRequest("GET", text(data), Headers(), b"")
        try:
            adapter.parse(request, {})
        except PayloadMalformed:
            continue


def _answered(adapter: Adapter, data: bytes) -> None:
    adapter.read(HttpResponse(400 if len(data) % 2 else 200, data))


def _multipart(data: bytes, kind: str = "multipart/form-data; boundary=b") -> None:
    try:
        form = read_multipart(kind, data)
    except PayloadMalformed:
        return
    for name in ("a", "headers", "from"):
        form.text(name), form.once(name)


def _waited(data: bytes) -> None:
    retry_after(HttpResponse(429, b"", Headers([("Retry-After", text(data))])))


def _fresh(data: bytes) -> None:
    require_fresh(text(data), NOW, past=300, future=300)


def _template(data: bytes) -> None:
    """Fill a stranger's words into a template, and read a template that somebody wrote."""
    words = data.decode("utf-8", "replace")
    places_of({"a": words})
    filled({"a": "{{text}}", "b": ["{{text}}"], "c": words}, {"text": words})
