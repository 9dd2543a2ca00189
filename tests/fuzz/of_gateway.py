"""The parsers of what callers, browsers, files and neighbours send."""

import base64
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict
from pydantic import TypeAdapter, ValidationError
from yarl import URL

import gateway.api.routes  # noqa: F401 - it brings the models of all operations
from channels.http import HttpRequest, HttpResponse
from gateway.access import origin_of, tenant_of_key, tenant_of_link, tenant_of_session
from gateway.api.cursors import name_position_of, position_of, values_of
from gateway.api.etags import require_match
from gateway.api.idempotency import KEY
from gateway.api.login import normal
from gateway.api.ranges import part_of
from gateway.api.terms import beginning_of, number_of, parts_of, terms_of
from gateway.customers import fields
from gateway.customers.addresses import AddressInvalid, normalised
from gateway.customers.csv_files import FileUnreadable, layout_of
from gateway.customers.exporting import line
from gateway.files.errors import LinkInvalid
from gateway.files.films import film_of
from gateway.files.links import link_to, read_token
from gateway.files.looks import FILMS, HEAD_BYTES, PICTURES, SOUND, type_of
from gateway.files.pictures import picture_size
from gateway.keys import Keyring, new_master_key
from gateway.live import gossip, protocol, wakeup
from gateway.live.limits import Limits
from gateway.model.fields import Moment
from gateway.model.ids import IdInvalid, parse
from gateway.model.rendering import render
from gateway.openapi.operation import BodyModel, QueryModel
from gateway.openapi.reading import body_of, read_query
from gateway.outgoing.target import UrlUnusable, target_of
from gateway.people import slips, totp
from gateway.people.single_sign_on import ANSWER_LIMIT, Attempt, Client, SignInRefused, SingleSignOn
from gateway.pii.detecting import Detectors, Rule
from gateway.pii.events import masked_event
from gateway.pii.finding import KINDS
from gateway.pii.templates import TemplateInvalid
from gateway.problems import (
    ChangedMeanwhile,
    CursorInvalid,
    Invalid,
    Malformed,
    NotFound,
    TooLarge,
    Unauthenticated,
    answer_to,
)
from gateway.redaction import redact, scrub
from gateway.store.customers_fields import Field
from tests.fuzz.parser import LONGEST_FIELD, Parser, text

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEYRING = Keyring(new_master_key())
ISSUER = "https://login.example.org"
ATTEMPT = Attempt("s", "n", "v")
ALL = Detectors([Rule(kind) for kind in KINDS if kind != "custom"])
KEYS = b'{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}'
LINK = link_to(KEYRING, UUID(int=1), UUID(int=2), NOW + timedelta(hours=1)).encode()


def parsers() -> Iterator[Parser]:
    """Give them."""
    for name, read, count in (("time", position_of, 0), ("name", name_position_of, 0), ("values", None, 7)):
        yield Parser(f"cursor-by-{name}", _cursor(read, count), [b"WzEsIjAiLCIwIl0"], (CursorInvalid,), LONGEST_FIELD)
        yield Parser(f"cursor-of-{name}", _inside_cursor(read, count), [b'[1, "0", "0"]'], (CursorInvalid,), 6000)
    yield Parser("query", _query, [b"limit=5&cursor=a", b"status=open&label=lbl_1&label=lbl_2"], most=LONGEST_FIELD)
    for model in models(BodyModel):
        yield Parser(
            f"body-{model.__module__.rpartition('.')[2]}-{model.__name__}",
            partial(_read, model),
            [b'{"text": "Hi", "name": "a", "ids": ["b"]}'],
        )
    yield Parser("websocket-frame", lambda data: protocol.read(text(data)),
                 [b'{"type":"resume","after":5}'], (protocol.FrameMalformed,), Limits().frame_bytes)  # fmt: skip
    yield Parser("gossip", gossip.read, [b'{"type":"who","process":"a"}'], (gossip.SayingMalformed,))
    yield Parser("wake-up", lambda data: wakeup.read(text(data)), [f"{UUID(int=1)}:5".encode()],
                 (wakeup.WakeupMalformed,), wakeup.LARGEST_PAYLOAD)  # fmt: skip
    yield Parser("search-terms", _terms, [b'a "b c" -d'], most=LONGEST_FIELD)
    yield Parser("search-hits", _hits, [b"a blue hat"])
    yield Parser("if-match", _matched, [b'"a", W/"b"', b"*"], (ChangedMeanwhile,), LONGEST_FIELD)
    yield Parser("range", lambda data: part_of(text(data), 1000), [b"bytes=0-5", b"bytes=-5"], most=LONGEST_FIELD)
    yield Parser("idempotency-key", lambda data: KEY.fullmatch(text(data)), [b"a-1"], most=LONGEST_FIELD)
    yield Parser("rows", lambda data: layout_of(io.BytesIO(data)), [b'Name,Phone\n"A\n",1\n'], (FileUnreadable,))
    yield Parser("rows-utf-16", lambda data: layout_of(io.BytesIO(b"\xff\xfe" + data)), [], (FileUnreadable,))
    yield Parser("row-written", lambda data: line([text(data)]), [b"=1+1"])
    refused: tuple[type[Exception], ...] = (SignInRefused,)
    yield Parser(
        "id-token", lambda data: _signed_in(text(data)), [b"eyJhbGciOiJSUzI1NiJ9.e30.AA"], refused, ANSWER_LIMIT
    )
    yield Parser(
        "id-token-head", lambda data: _signed_in(_token(data)), [b'{"alg":"RS256"}'], refused, ANSWER_LIMIT // 2
    )
    yield Parser("provider-keys", lambda data: _signed_in(keys=data), [KEYS], refused, ANSWER_LIMIT)
    yield Parser("provider-description", lambda data: _signed_in(description=data), [b"{}"], refused, ANSWER_LIMIT)
    yield Parser("moment", _moment, [b"2026-01-01T00:00:00Z", b"2026-01-01T00:00:00+14:00"])
    yield Parser("address", _address, [b"jane@example.org", b"+12025550142"])
    yield Parser("id", lambda data: parse("msg", text(data)), [b"msg_" + b"0" * 32], (IdInvalid,))
    yield Parser("media-link", lambda data: read_token(KEYRING, text(data), NOW), [LINK], (LinkInvalid,), LONGEST_FIELD)
    yield Parser("slip", lambda data: slips.read(KEYRING, "x", text(data), NOW), [b"e30=.00"], most=LONGEST_FIELD)
    yield Parser("credentials", _credentials, [b"pgk_12345678_AAAA"], most=LONGEST_FIELD)
    yield Parser("url", lambda data: target_of(text(data)), [b"https://a.example.org:8443/x"], (UrlUnusable,))
    yield Parser("origin", lambda data: origin_of(text(data)), [b"https://a.example.org"], most=LONGEST_FIELD)
    yield Parser("canned-reply", lambda data: render(text(data), {"customer.name": text(data)}), [b"{{customer.name}}"])
    yield Parser("file-type", lambda data: type_of(data[:HEAD_BYTES], text(data)), [b"\x89PNG\r\n\x1a\n", b"OggS"])
    yield Parser("picture", _picture, [b"\xff\xd8\xff\xe0\0\4ab\xff\xc0\0\x11\x08\0\1\0\1", b"GIF89a\1\0\1\0"])
    yield Parser("film", _film, [b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08moov", b"RIFF\0\0\0\0WAVEfmt "])
    yield Parser("personal-data", lambda data: ALL.find(text(data)), [b"card 4111 1111 1111 1111, tel +1 202 555 0142"])
    yield Parser("masked-event", _masked, [b"mail a@b.example", b"12 Maple Street"])
    yield Parser("own-pattern", _own_pattern, [b'"a" 99-aa9?', b"********99"], (TemplateInvalid,))
    yield Parser("code", lambda data: (totp.is_code(text(data)), totp.step_of("A" * 32, text(data), NOW)), [b"123456"])
    yield Parser("cell", _cell, [b"1", b"true", b"2026-01-01"])
    yield Parser("log-line", _line, [b"Bearer abcdefgh a@b.example"])


def models(of: type[Any]) -> Iterator[type[Any]]:
    """Give all models that inherit from one."""
    for model in of.__subclasses__():
        yield model
        yield from models(model)


def _cursor(read: Callable[..., object] | None, count: int) -> Callable[[bytes], object]:
    if read is None:
        return lambda data: values_of(text(data), ["a"], count)
    return lambda data: read(text(data), ["a"])


def _inside_cursor(read: Callable[..., object] | None, count: int) -> Callable[[bytes], object]:
    whole = _cursor(read, count)
    return lambda data: whole(base64.urlsafe_b64encode(data).rstrip(b"="))


def _query(data: bytes) -> None:
    query = URL("http://a/?" + data.decode("latin-1"), encoded=True).query
    for model in models(QueryModel):
        try:
            read_query(query, model)
        except Invalid as refused:
            answer_to(refused)


def _read(model: type[BodyModel], data: bytes) -> None:
    """Read a body; a problem that it ends in can be answered."""
    try:
        body_of(data, model)
    except (Malformed, Invalid, TooLarge) as refused:
        answer_to(refused)


def _terms(data: bytes) -> None:
    typed = data.decode("utf-8", "replace")[:200]  # SearchQuery takes no more
    terms_of(typed)
    number_of(typed)


def _hits(data: bytes) -> None:
    words = data.decode("utf-8", "replace")[:20_000]  # a search is shown no more of a text
    parts_of(words, terms_of(words[:200]))
    parts_of(words, terms_of("a b"))
    beginning_of(words)


def _matched(data: bytes) -> None:
    require_match(make_mocked_request("PATCH", "/", CIMultiDict({"If-Match": data.decode("utf-8", "replace")})), "{}")


def _token(head: bytes) -> str:
    return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in (head, b"{}", b"x"))


def _signed_in(
    token: str = "e30.e30.AA",
    keys: bytes = b'{"keys":[]}',
    description: bytes = orjson.dumps(
        {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token", "jwks_uri": f"{ISSUER}/keys"}
    ),
) -> None:
    """Sign in with an ID token, by a provider that answers anything."""
    answers = {"/token": orjson.dumps({"id_token": token.encode("utf-8", "replace").decode()}), "/keys": keys}

    async def call(request: HttpRequest, _limit: int) -> HttpResponse:
        return HttpResponse(200, answers.get(request.url.removeprefix(ISSUER), description))

    sign_in = SingleSignOn(Client(ISSUER, "us", None, "Login"), call, lambda: NOW)
    run = sign_in.identity(ATTEMPT, "code", "https://gateway.test/callback")
    try:
        run.send(None)  # nothing in it waits
    except StopIteration:
        return


def _moment(data: bytes) -> None:
    for value in (text(data).encode("utf-8", "replace").decode(), data):
        try:
            TypeAdapter(Moment).validate_python(value)
        except ValidationError:
            continue


def _address(data: bytes) -> None:
    normal(text(data))
    for kind in ("phone", "whatsapp", "email", "bsuid"):
        try:
            normalised(kind, text(data))
        except AddressInvalid:
            continue


def _credentials(data: bytes) -> None:
    for read in (tenant_of_key, tenant_of_link, tenant_of_session):
        try:
            read(text(data))
        except (Unauthenticated, NotFound):
            continue


def _picture(data: bytes) -> None:
    for kind in PICTURES:
        picture_size(kind, data[:HEAD_BYTES])


def _film(data: bytes) -> None:
    for kind in SOUND | FILMS:
        film_of(kind, io.BytesIO(data), len(data))


def _masked(data: bytes) -> None:
    words = data.decode("utf-8", "replace")
    part = len(words) // 10 + 1
    texts = [words[at : at + part] for at in range(0, len(words), part)]
    masked_event(orjson.dumps({"data": {"text": texts[:5], "custom_fields": {"a": texts[5:]}}}), ALL, str)


def _own_pattern(data: bytes) -> None:
    """Use what somebody entered as a pattern, and look through what somebody else wrote."""
    words = data.decode("utf-8", "replace")
    Detectors([Rule("custom", "x", '9?9?9?9?aa"-"****')]).find(words)
    Detectors([Rule("custom", "x", words)]).find(words)


def _cell(data: bytes) -> None:
    """Read a cell of a file for a field of each type."""
    for kind in ("text", "number", "date", "boolean", "choice"):
        try:
            fields.read(Field("a", "A", kind, ("b",)), text(data))
        except fields.ValueUnfit:
            continue


def _line(data: bytes) -> None:
    words = text(data)
    scrub(words)
    redact(None, "info", {"event": words, "error": [words] * 3, "inner": {words[:100]: words}})
