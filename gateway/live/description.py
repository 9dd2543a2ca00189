"""``/asyncapi.json``: what is said on the websocket (https://www.asyncapi.com/docs/reference/specification/v3.0.0)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
from aiohttp import web
from pydantic.json_schema import models_json_schema

from gateway.access import COOKIE
from gateway.live.hub import LOGIN_ENDED, RESUME_ELSEWHERE, TRY_AGAIN_LATER
from gateway.live.stream import PROTOCOL_ERROR
from gateway.model.stream import SENT_BY_CLIENT, SENT_BY_GATEWAY, Frame
from gateway.openapi import Answer, NoBody, NoQuery, OpenCall, Operation

ASYNCAPI = Operation(
    method="GET",
    path="/asyncapi.json",
    name="get_asyncapi",
    tag="Description",
    summary="Get the description of the websocket (AsyncAPI 3.0).",
    query=NoQuery,
    body=NoBody,
    answers={200: Answer("The document.")},
)
DESCRIPTION = (
    "Everything that happens is an entry of the tenant's log, and the websocket carries the log. Connect with the "
    "cookie of a login, or with an API key; send `resume` with the last seq that you have; take what follows. After a "
    "lost connection do the same again: nothing is missing, and nothing comes twice. The gateway closes with "
    f"{TRY_AGAIN_LATER} when you read too slowly or there is no room (come back later), {RESUME_ELSEWHERE} when it "
    f"restarts (come back at once), {LOGIN_ENDED} when your login has ended, {PROTOCOL_ERROR} when "
    "too many of your frames can't be understood or no resume came. The codes of problems are `frame_malformed` and "
    "`frame_unknown`."
)

Json = dict[str, Any]  # Any: a JSON document


async def describe(_call: OpenCall[NoQuery, NoBody]) -> web.StreamResponse:
    """Answer the document."""
    headers = {"Cache-Control": "public, max-age=300"}
    return web.Response(body=orjson.dumps(document()), content_type="application/json", headers=headers)


@cache
def document() -> Json:
    """Return the AsyncAPI document of the websocket."""
    frames = {**SENT_BY_CLIENT, **SENT_BY_GATEWAY}
    _, schemas = models_json_schema(
        [(frame, "serialization") for frame in frames.values()], ref_template="#/components/schemas/{model}"
    )
    # OpenAPI's way to tell them apart; in AsyncAPI the word means something else, and each names its types itself
    del schemas["$defs"]["EventFrame"]["properties"]["event"]["discriminator"]
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Postgate, live", "version": "1", "description": DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": {
            "stream": {
                "address": "/api/v1/stream",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in frames},
                "bindings": {"ws": {"method": "GET"}},
            }
        },
        "operations": {
            "tell": _operation("receive", SENT_BY_CLIENT),
            "hear": _operation("send", SENT_BY_GATEWAY),
        },
        "components": {
            "messages": {name: _message(frame) for name, frame in frames.items()},
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "session": {"type": "httpApiKey", "in": "cookie", "name": COOKIE},
                "api_key": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(action: str, frames: Mapping[str, type[Frame]]) -> Json:
    """Describe one direction, as seen from the gateway."""
    return {
        "action": action,
        "channel": {"$ref": "#/channels/stream"},
        "messages": [{"$ref": f"#/channels/stream/messages/{name}"} for name in frames],
        "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in ("session", "api_key")],
    }


def _message(frame: type[Frame]) -> Json:
    return {
        "summary": (frame.__doc__ or "").partition("\n")[0],
        "payload": {"$ref": f"#/components/schemas/{frame.__name__}"},
    }
