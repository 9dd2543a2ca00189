"""Every secret of a test, searched in every log line and every answer of the gateway: a test that lets one out fails.

Secrets are learnt where they are made, entered or sealed, in this process; what programs of a test make for themselves
is not known here, but what they are given is. Lines are searched as they are written, those of programs as pytest
caught them; answers and entries of the log as they leave. What is somebody's (``tests/personal.py``) is searched in
lines, problems, labels and spans.
"""

import functools
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, TypeGuard, cast

import orjson
import pytest
import structlog
from aiohttp import web
from pydantic import SecretStr

from channels.registry import ADAPTERS
from gateway import access, passwords
from gateway.access import GATE
from gateway.keys import Keyring
from gateway.keys.sealing import Sealer
from gateway.logs import processors, renderer
from gateway.people import totp
from tests import personal

#: Shorter ones turn up by chance, and are none that anything is protected by.
SHORTEST = 10
#: Which operations may answer which secrets, since that is what they are for.
ANSWERED: Mapping[str, frozenset[str]] = {
    "token": frozenset({"POST /api/v1/api-keys", "POST /api/v1/invitations", "POST /api/v1/invitations/{id}/resend"}),
    "second factor": frozenset({"POST /api/v1/me/second-factor"}),
    "recovery code": frozenset(
        {"POST /api/v1/me/second-factor/confirm", "POST /api/v1/me/second-factor/recovery-codes"}
    ),
    "webhook secret": frozenset(
        {"POST /api/v1/webhook-endpoints", "POST /api/v1/webhook-endpoints/{id}/rotate-secret"}
    ),
}
#: What is the same for everybody, and has examples in it that tests enter as secrets.
DESCRIPTIONS = frozenset({"GET /openapi.json", "GET /asyncapi.json", "GET /docs", "GET /api/v1/event-types"})
#: A link to a file is a secret of whoever may read the file: it is answered wherever files are, and told nobody else.
OF_FILES = "media link"
#: Whose contents are strangers': what is in a file is no answer of ours.
FILES = "/media/{token}"
HIDDEN_FIELDS = frozenset(
    name
    for adapter in ADAPTERS.values()
    for name, field in adapter.credentials.model_fields.items()
    if SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ()))
)

_known: dict[str, str] = {}
_always: dict[str, str] = {}
_found: list[str] = []


def know(kind: str, *values: str, always: bool = False) -> None:
    """Take note of secrets, of this test or ``always`` of all."""
    for value in values:
        if len(value) >= SHORTEST:
            (_always if always else _known)[value] = kind


def know_tenant(ready: Mapping[str, Any]) -> None:
    """Take note of all secrets of a tenant, as its ready file has them."""
    know("token", ready["api_key"].split("_", 2)[2])
    know("password", ready["password"])
    for integration in ready["integrations"]:
        _know_credentials(integration["credentials"])


def search(text: str, where: str, allowed: Callable[[str], bool] = lambda _kind: False) -> None:
    """Look for secrets in what somebody else may read."""
    for value, kind in (*_always.items(), *_known.items()):
        if value in text and not allowed(kind):
            _found.append(f"a secret ({kind}) stands in {where}")


def search_line(text: str, where: str) -> None:
    """Look for secrets and for what is somebody's in what is written down."""
    search(text, where)
    for kind in personal.found_in(text):
        _somebodys(kind, where)


def forget() -> None:
    """Know no secrets any more, but those of all tests, and nothing of what was found."""
    personal.forget()
    _known.clear()
    _found.clear()


def take() -> list[str]:
    """Return what was found, and forget it."""
    found = list(dict.fromkeys(_found))
    _found.clear()
    return found


def _somebodys(kind: str, where: str) -> None:
    _found.append(f"somebody's {kind} stands in {where}")


def _know_credentials(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name in HIDDEN_FIELDS:
            know("credential", *(value if isinstance(value, list) else [str(value)]))


def _know_sealed(value: bytes, belongs_to: str) -> None:
    """Take note of what is sealed, but for the bodies of webhooks: these are no secrets to log in with."""
    if "/credentials/" in belongs_to:
        _know_credentials(orjson.loads(value))
    elif "/endpoint/" in belongs_to:
        know("webhook secret", *_texts(orjson.loads(value), "value"))
        know("endpoint's login", *_texts(orjson.loads(value), "password", "token", "client_secret"))


def _texts(value: Any, *names: str) -> Iterable[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in names and isinstance(inner, str):
                yield inner.partition("_")[2] if inner.startswith(("whsec_", "whsk_")) else inner
            yield from _texts(inner, *names)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, *names)


def _listen(owner: Any, name: str, hear: Callable[..., None]) -> None:
    """Have ``hear`` called with what a function returns and with its arguments, whenever it returns."""
    real = getattr(owner, name)

    @functools.wraps(real)
    def heard(*arguments: Any, **named: Any) -> Any:
        made = real(*arguments, **named)
        hear(made, *arguments, **named)
        return made

    setattr(owner, name, heard)


def _listen_to_answers() -> None:
    prepare, write = web.StreamResponse.prepare, web.StreamResponse.write

    async def prepared(self: web.StreamResponse, request: web.BaseRequest) -> Any:
        begun = await prepare(self, request)
        if _is_ours(request):
            _search_answer(request, self)
        return begun

    async def written(self: web.StreamResponse, data: Any) -> None:
        request = self._req
        if _is_ours(request) and _route(request) != FILES:
            _search_text(bytes(data).decode("utf-8", "replace"), _operation(request))
        await write(self, data)

    web.StreamResponse.prepare = prepared  # type: ignore[method-assign]  # to listen is what this module is for
    web.StreamResponse.write = written  # type: ignore[method-assign]


def _search_answer(request: web.Request, answer: web.StreamResponse) -> None:
    operation = _operation(request)
    for name, value in answer.headers.items():
        if name != "Set-Cookie":
            _search_text(value, operation)
    personal.search_problem(answer, operation, _somebodys)
    body = answer.body if isinstance(answer, web.Response) else None
    if isinstance(body, bytes) and body:
        _search_text(body.decode("utf-8", "replace"), operation)


def _search_text(text: str, operation: str) -> None:
    search(
        text,
        f"the answer to {operation}",
        lambda kind: kind == OF_FILES or operation in DESCRIPTIONS or operation in ANSWERED.get(kind, ()),
    )


def _is_ours(request: object) -> TypeGuard[web.Request]:
    """Tell whether a request was made to the gateway, and not to one of the providers and receivers of a test."""
    routed = isinstance(request, web.Request) and getattr(request, "_match_info", None) is not None
    return routed and GATE in cast("web.Request", request).config_dict


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return "-" if resource is None else resource.canonical


def _operation(request: web.Request) -> str:
    return f"{request.method} {_route(request).replace('{id:[^/]+_[^/]+}', '{id}')}"


class _Lines:
    """Writes the product's own lines, and looks into each."""

    def msg(self, line: str) -> None:
        search_line(line, "a log line")
        sys.stderr.write(f"{line}\n")

    debug = info = warning = error = critical = exception = fatal = msg


def _look(_logger: object, _method: str, event: Any) -> Any:
    """Look into an event before anything is taken out of it: that is for the day when care was not enough."""
    search_line(repr(event), f"the log event {event.get('event')}, before it is redacted")
    return event


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Forget the secrets of the test before, and write lines as the product does."""
    forget()
    structlog.configure(
        processors=[_look, *processors(), renderer()],
        wrapper_class=structlog.make_filtering_bound_logger(10),
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=False,
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that let a secret out."""
    report = yield
    if call.when == "teardown":
        for name, text in report.sections:
            search(text, name.lower())
            if "stderr" in name:
                written = "\n".join(line for line in text.splitlines() if line.startswith('{"'))
                for kind in personal.found_in(written):
                    _somebodys(kind, name.lower())
        if found := take():
            report.outcome = "failed"
            report.longrepr = "\n".join(found)
    return report


_listen(access, "_encoded", lambda made, *_: know("token", made))
_listen(totp, "new_secret", lambda made, *_: know("second factor", made))
_listen(totp, "new_recovery_codes", lambda made, *_: know("recovery code", *made))
_listen(Keyring, "mac", lambda made, _, purpose, __: know(purpose, made))
_listen(Sealer, "seal", lambda _, __, value, belongs_to: _know_sealed(value, belongs_to))
_listen(passwords.PasswordChecker, "matches", lambda _, __, password, ___: know("password", password))
_listen(passwords.PasswordChecker, "hashed", lambda _, __, password: know("password", password))
_listen_to_answers()
personal.listen(_somebodys)
