"""The client for Python against the document of the API: what it sends and takes answers for is there, and so named."""

import inspect
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, TypedDict, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from aiohttp import ClientSession

from gateway.running import Running
from postgate_client import Cursor, Postgate, models

Json = Any

#: One call of each method, with all that it can be told.
CALLS: Mapping[str, tuple[Sequence[Any], Mapping[str, Any]]] = {
    "events": ((7,), {"epoch": "e", "types": ["message.*"], "limit": 5, "wait": 1}),
    "head": ((), {}),
    "follow": ((Cursor(7, "e"),), {"types": ["message.*"], "wait": 1}),
    "endpoints": ((), {}),
    "endpoint": (("ep_1",), {}),
    "create_endpoint": (("https://integrator.example.org",), get_type_hints(models.NewEndpoint)),
    "change_endpoint": (("ep_1",), get_type_hints(models.EndpointChange)),
    "remove_endpoint": (("ep_1",), {}),
    "rotate_secret": (("ep_1",), {"secret": "s", "overlap_seconds": 1, "probe": True}),
    "ping": (("ep_1",), {}),
    "deliveries": ((), get_type_hints(models.DeliveryFilter)),
    "delivery": (("dlv_1",), {}),
    "attempts": (("dlv_1",), {}),
    "redeliver": (("dlv_1",), {}),
    "recover": (("ep_1", "s", "u"), {}),
    "replay": (("ep_1",), get_type_hints(models.ReplayFields)),
    "recovery": (("rcv_1",), {}),
    "cancel_recovery": (("rcv_1",), {}),
    "resume_recovery": (("rcv_1",), {}),
    "progress": (("rcv_1",), {}),
    "conversations": ((), get_type_hints(models.ConversationFilter)),
    "send_message": (("cnv_1",), {"idempotency_key": "k", **get_type_hints(models.MessageFields)}),
}
#: What the document calls otherwise.
NAMES = {
    "NewEndpoint": "EndpointBody", "ReplayFields": "ReplayBody", "MessageFields": "MessageBody",
    "Progress": "RecoveryProgress", "Fault": "ProblemFault", "Secret": "SigningSecret", "Event": "MessageCreated",
}  # fmt: skip
#: Those that are no schemas: queries, and what two others have in common.
ELSEWHERE = {"DeliveryFilter": "/api/v1/deliveries", "ConversationFilter": "/api/v1/conversations"}
COMMON = {"EndpointFields"}
#: Of these some keys are left out.
IN_PART = {"Message", "MessageFields", "NewEndpoint", "Fault"}
MODELS = {name: one for name, one in vars(models).items() if is_typeddict(one) and one is not TypedDict}


@dataclass
class Sent:
    """A request, and what its answer is taken for."""

    method: str
    path: str
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    kind: str = ""


class Recorded(Postgate):
    """Notes what it would send, and gets a little of everything."""

    sent: Sent
    kind: str = ""

    async def _pages(self, kind: Any, path: str, query: Mapping[str, Any]) -> AsyncIterator[Any]:
        async for one in super()._pages(kind, path, query):
            self.sent.kind = f"{kind.__name__}Page"
            yield one

    async def _call(self, kind: Any, method: str, path: str, *args: Any, **options: Any) -> Any:
        found = await super()._call(kind, method, path, *args, **options)
        self.sent.kind = kind.__name__
        return found

    async def _request(self, method: str, path: str, query: Any, body: Any, headers: Any, seconds: float) -> Any:
        self.sent = Sent(method, path, query, body or {}, headers or {})
        return {
            "data": [{"seq": 8}], "next_cursor": None, "head": 8, "epoch": "e", "next_after": 8, "status": "done",
        }  # fmt: skip


async def sent(name: str) -> Sent:
    """Call a method; returns what it sends."""
    client = Recorded("http://gateway.test", "pgk_x")
    args, fields = CALLS[name]
    found = getattr(client, name)(*args, **fields)
    await (anext(found) if isinstance(found, AsyncIterator) else found)
    return client.sent


@pytest.fixture
async def document(gateway: Running) -> Json:
    """The document as it is published."""
    async with ClientSession(gateway.url) as client, client.get("/openapi.json") as answer:
        return await answer.json()


async def test_the_client_speaks_as_the_document_says(document: Json) -> None:
    public = {name for name, one in vars(Postgate).items() if inspect.isfunction(one) and not name.startswith("_")}
    assert public == set(CALLS)
    for name in CALLS:
        request = await sent(name)
        operation = operation_of(document, request)
        named = {(one["in"], one["name"].lower()) for one in operation.get("parameters", [])}
        said = {("query", key) for key in request.query} | {("header", key.lower()) for key in request.headers}
        assert said <= named, name
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        schema = resolved(document, content.get("schema", {}))
        assert set(request.body) <= set(schema.get("properties", {})), name
        assert set(schema.get("required", [])) <= set(request.body), name
        assert answer_of(operation) == ("object" if request.method == "DELETE" else request.kind), name
    for name, schema in MODELS.items():
        if name in ELSEWHERE:
            listed = document["paths"][ELSEWHERE[name]]["get"]["parameters"]
            properties = {one["name"]: one["schema"] for one in listed}
            check(document, name, schema, properties, in_part=True)
        elif name not in COMMON:
            described = document["components"]["schemas"][NAMES.get(name, name)]
            check(document, name, schema, described["properties"], in_part=name in IN_PART)


def operation_of(document: Json, request: Sent) -> Json:
    """Return what the document says of a request."""
    for path, methods in document["paths"].items():
        if re.fullmatch(path.replace("{id}", "[a-z]+_1"), request.path) and request.method.lower() in methods:
            return methods[request.method.lower()]
    raise AssertionError(f"there is no {request.method} {request.path}")


def answer_of(operation: Json) -> str:
    """Return the name of what is answered."""
    [good] = [one for status, one in operation["responses"].items() if status.startswith("2")]
    content = good.get("content", {}).get("application/json")
    return "object" if content is None else content["schema"]["$ref"].rpartition("/")[2]


def resolved(document: Json, schema: Json) -> Json:
    """Follow a reference."""
    reference = schema.get("$ref")
    return schema if reference is None else document["components"]["schemas"][reference.rpartition("/")[2]]


def check(document: Json, name: str, model: type, properties: Mapping[str, Json], *, in_part: bool) -> None:
    """Hold the keys of a model, and what they may be, against those of a schema."""
    hints = get_type_hints(model)
    assert set(hints) <= set(properties), name
    assert in_part or set(hints) == set(properties), name
    for key, hint in hints.items():
        told, known = of_schema(document, properties[key]), of_hint(hint)
        if vars(model)["__total__"] is False:  # what is sent: fewer may be known than there are
            assert known <= told, (name, key)
        elif "any" not in told and name != "Event":
            assert known == told, (name, key)


def of_hint(hint: Any) -> set[str]:
    """Return the types and the words that a hint allows."""
    if hint is Any:
        return {"any"}
    if get_origin(hint) is Literal:
        return {f"={word}" for word in get_args(hint)}
    if get_origin(hint) in {list, dict}:
        return {"array" if get_origin(hint) is list else "object"}
    if is_typeddict(hint):
        return {"object"}
    simple = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
    if hint in simple:
        return {simple[hint]}
    return {one for part in get_args(hint) for one in of_hint(part)}


def of_schema(document: Json, schema: Json) -> set[str]:
    """Return the same of a schema."""
    schema = resolved(document, schema)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return {one for part in choices for one in of_schema(document, part)}
    words = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
    if words:
        return {f"={word}" for word in words}
    return {schema.get("type", "any")}
