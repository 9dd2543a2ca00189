"""Every frame of the websocket, both ways, with a stranger's ids: in one process, and over Redis to another."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from gateway.keys import Keyring, new_master_key
from gateway.live.description import document
from gateway.live.neighbours import Neighbours
from gateway.live.radio import Radio
from gateway.model.ids import public
from tests.conftest import MakeTenant, Tenant, new_id
from tests.live.clients import Reader
from tests.live.conftest import serve
from tests.live.serving import Serve, Served
from tests.valkey import Valkey, running_valkey

__all__ = ["serve"]

SAY, SILENT = 0.2, 5.0
WORD = "alphaish"


@pytest.fixture
async def valkey() -> AsyncIterator[Valkey]:
    """What the two processes share."""
    async with running_valkey() as server:
        yield server


def types_of(operation: str) -> dict[str, Any]:
    """Return the schemas of all messages in one direction, by their type."""
    described = document()
    messages, schemas = described["components"]["messages"], described["components"]["schemas"]
    names = [one["$ref"].rpartition("/")[2] for one in described["operations"][operation]["messages"]]
    models = [schemas[messages[name]["payload"]["$ref"].rpartition("/")[2]] for name in names]
    return {model["properties"]["type"]["const"]: model for model in models}


def frames_about(theirs: dict[str, str], epoch: str) -> Iterator[dict[str, Any]]:
    """Give a frame of every type that a client may send, with all that it may hold, about somebody else's things."""
    for kind, model in types_of("tell").items():
        frame: dict[str, Any] = {"type": kind}
        for name, schema in model["properties"].items():
            text = json.dumps(schema)
            if name == "epoch":
                frame[name] = epoch
            elif name == "after":
                frame[name] = 0
            elif "_[0-9a-f]{32}" in text:
                frame[name] = next(key for prefix, key in theirs.items() if f"^{prefix}_" in text)
            else:
                assert name == "type", f"{kind}.{name} is new: say here what of a stranger's it may name"
        yield frame


class Ear:
    """A reader that keeps all it hears."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.heard: list[dict[str, Any]] = []

    async def until(self, kind: str) -> dict[str, Any]:
        """Read up to a frame of a type."""
        while not self.heard or self.heard[-1]["type"] != kind:
            self.heard.append(await self.reader.next())
        return self.heard.pop() if kind == "pong" else self.heard[-1]

    async def all_by_now(self) -> list[dict[str, Any]]:
        """Return all that was heard, after an answer to a question that was asked last."""
        await self.reader.websocket.send_json({"type": "ping"})
        await self.until("pong")
        return self.heard


async def ear(served: Served, tenant: Tenant, resume: dict[str, Any] | None = None) -> Ear:
    """Open a browser's websocket and resume."""
    opened = Ear(Reader(await served.open_as_browser(await served.log_in(tenant))))
    await opened.reader.websocket.send_json({"type": "resume", **(resume or {})})
    return opened


async def test_no_frame_reaches_or_tells_of_another_tenant(
    serve: Serve, make_tenant: MakeTenant, valkey: Valkey
) -> None:
    theirs, own = await make_tenant("alpha"), await make_tenant("beta")
    processes, keyring = [], Keyring(new_master_key())
    for name in ("here", "there"):
        radio = Radio(valkey.servers())
        processes.append(await serve(radio=radio, neighbours=Neighbours(radio, name, keyring, SAY, SILENT)))
    here, there = processes
    conversation, user = public("cnv", new_id()), UUID(theirs.facts["user_id"])
    told = await ear(here, theirs)  # all types of frames come here
    hello = await told.until("hello")
    strangers = [await ear(here, own), await ear(there, own)]
    for stranger in strangers:
        await stranger.until("hello")
        for frame in frames_about({"cnv": conversation, "usr": public("usr", user)}, hello["epoch"]):
            await stranger.reader.websocket.send_json(frame)
        await stranger.all_by_now()
    for frame in (await told.all_by_now())[1:]:
        assert frame["type"] == "online", frame  # their own arrival
        assert [one["user_id"] for one in frame["agents"]] == [public("usr", user)]

    await told.reader.websocket.send_json({"type": "subscribe", "conversation_id": conversation})
    colleague = await ear(there, theirs)
    await colleague.until("hello")
    await colleague.reader.websocket.send_json({"type": "subscribe", "conversation_id": conversation})
    await told.until("presence")
    await colleague.reader.websocket.send_json({"type": "typing", "conversation_id": conversation})
    await told.until("typing")
    await here.announce(theirs, data=json.dumps({"text": WORD}))
    await told.until("event")
    draft = {"conversation_id": conversation, "read_up_to": None, "updated_at": "2026-01-01T00:00:00.000Z"}
    here.live.tell_own(theirs.id, user, "read.updated", orjson.dumps(draft).decode())
    await told.until("own")
    await told.reader.websocket.send_json({"type": "online"})
    await told.until("online")
    await told.reader.websocket.send_json({"type": "none"})
    await told.until("error")
    late = await ear(here, theirs, {"after": 0, "epoch": "another"})
    told.heard.append(await late.until("resync"))
    await told.reader.websocket.send_json({"type": "ping"})
    kinds = {frame["type"] for frame in told.heard} | {(await told.reader.until("pong"))["type"]}
    assert kinds == set(types_of("hear")), "a type of frame that the gateway says and nobody has listened for here"

    known = {theirs.id.hex, user.hex, str(theirs.id), WORD, hello["epoch"]}
    sessions = {one["session"] for frame in told.heard for one in frame.get("viewers", ())} | {hello["session"]}
    for stranger in strangers:
        text = json.dumps(await stranger.all_by_now())
        assert not [one for one in known | sessions if one in text], text
        for frame in stranger.heard:
            assert frame["type"] in {"hello", "online", "presence", "resync", "typing"}, frame
            assert frame["type"] != "typing" or frame["user_id"] == public("usr", UUID(own.facts["user_id"])), frame
