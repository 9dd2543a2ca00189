"""Requests made from the OpenAPI document: its own examples, with ids of things that are there."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from aiohttp import WSServerHandshakeError

from tests.api.companies import Company
from tests.api.conftest import Served

SAMPLE = re.compile(r"([a-z]+)_0{32}")
ID_PATTERN = re.compile(r"([a-z]+)_\[0-9a-f\]\{32\}")
Json = Any


@dataclass(frozen=True)
class Described:
    """An operation, as the document has it."""

    method: str
    path: str
    says: Mapping[str, Json]

    @property
    def name(self) -> str:
        """Its operationId."""
        return str(self.says["operationId"])

    @property
    def prefix(self) -> str:
        """The prefix of the id in its path, or nothing."""
        found = ID_PATTERN.search(orjson.dumps(self._parameters("path")).decode())
        return found[1] if found else ""

    @property
    def is_socket(self) -> bool:
        """Whether it is a websocket."""
        return "101" in self.says["responses"]

    @property
    def statuses(self) -> set[int]:
        """How it answers when all is well."""
        return {int(status) for status in self.says["responses"] if int(status) < 400}

    def path_of(self, key: str) -> str:
        """Return its address for an id; words are those of a provider that there is."""
        return re.sub(r"\{\w+\}", key if self.prefix else "twilio", self.path)

    def query(self, id_of: Callable[[str], str], *, wanted: bool) -> list[tuple[str, str]]:
        """Return the parameters that it needs, and if wanted those that take an id."""
        found = [("conversation_id", id_of("cnv"))] if self.is_socket else []  # to be sent in frames
        for one in self._parameters("query"):
            schema = orjson.dumps(one["schema"]).decode()
            prefix = ID_PATTERN.search(schema)
            if prefix and wanted:
                found.append((one["name"], id_of(prefix[1])))
            elif one["required"]:
                found.append((one["name"], str(one["schema"]["examples"][0])))
        return found

    def body(self, id_of: Callable[[str], str]) -> tuple[dict[str, str], bytes]:
        """Return the headers and the bytes of its example."""
        content = self.says.get("requestBody", {}).get("content")
        if content is None:
            return {}, b""
        kind, described = next(iter(content.items()))
        assert "example" in described, f"{self.name}: an operation with a body has an example of it"
        example = described["example"]
        text = example if isinstance(example, str) else orjson.dumps(example).decode()
        return {"Content-Type": kind}, SAMPLE.sub(lambda found: id_of(found[1]), text).encode()

    def _parameters(self, place: str) -> list[Json]:
        return [one for one in self.says.get("parameters", []) if one["in"] == place]


@dataclass(frozen=True)
class Request:
    """A request; ``about_theirs``: its path names a thing of another tenant."""

    described: Described
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    about_theirs: bool = False


@dataclass(frozen=True)
class Answer:
    """An answer: its body as text, for a websocket all that was heard."""

    status: int
    text: str
    content_type: str

    @property
    def lacks(self) -> bool:
        """Whether the caller lacks the permission; there are other reasons to be forbidden something."""
        return self.status == 403 and "lacks the permission" in self.text


def operations(document: Json) -> list[Described]:
    """Return all operations of a document."""
    return [
        Described(m.upper(), path, one) for path, methods in document["paths"].items() for m, one in methods.items()
    ]


def request(one: Described, own: Company, *, filtered: bool = False) -> Request:
    """Make a request about a company's things; filtered, with every parameter that takes an id."""
    headers, body = one.body(own.inside)
    path = one.path_of(own.at(one.path, one.prefix) if one.prefix else "")
    return Request(one, path, one.query(own.inside, wanted=filtered), headers, body)


def empty_request(one: Described) -> Request:
    """Make a request about nothing that there is, and without anything in it."""
    return Request(one, one.path_of(f"{one.prefix}_{'0' * 32}"), [], {}, b"")


def requests_about(one: Described, theirs: Company, own: Company) -> Iterator[Request]:
    """Make requests about another company's things, then some where one thing is theirs and all others are own."""
    about = request(one, theirs).path
    yield replace(request(one, own), path=about, about_theirs=bool(one.prefix))
    if one.query(theirs.inside, wanted=True) != one.query(theirs.inside, wanted=False):
        yield replace(request(one, own), query=one.query(theirs.inside, wanted=True))
    places = len(SAMPLE.findall(orjson.dumps(one.says.get("requestBody", {})).decode()))
    for place in range(places):
        counted = iter(range(places))

        def one_of_theirs(prefix: str, place: int = place, counted: Iterator[int] = counted) -> str:
            return (theirs if next(counted) == place else own).inside(prefix)

        yield replace(request(one, own), body=one.body(one_of_theirs)[1])


async def ask(served: Served, one: Request, auth: Mapping[str, str]) -> Answer:
    """Send a request."""
    if one.described.is_socket and (heard := await hear(served, one, auth)):
        return heard
    async with served.client.request(
        one.described.method, one.path, params=one.query, headers={**auth, **one.headers}, data=one.body or None,
        allow_redirects=False,
    ) as answer:  # fmt: skip
        text = (await answer.read()).decode("utf-8", "replace")
        return Answer(answer.status, f"{answer.headers.get('Location', '')}{text}", answer.content_type)


async def hear(served: Served, one: Request, auth: Mapping[str, str]) -> Answer | None:
    """Ask for everything on a websocket, and return what is heard until the pong; None when it does not open."""
    conversation = dict(one.query).get("conversation_id")
    heard: list[str] = []
    try:
        async with served.client.ws_connect(one.path, headers=auth) as websocket:
            await websocket.send_json({"type": "resume", "after": 0})
            for kind in ("subscribe", "typing", "presence", "online", "ping"):
                await websocket.send_json({"type": kind, "conversation_id": conversation})
            while not heard or '"pong"' not in heard[-1]:
                heard.append(await websocket.receive_str(timeout=10))
    except WSServerHandshakeError:
        return None
    return Answer(101, "\n".join(heard), "")
