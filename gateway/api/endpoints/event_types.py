"""``/api/v1/event-types``: all types of events, with a schema and an example of each."""

from functools import cache
from typing import Any

from aiohttp import web

from gateway.api.endpoints.managing import TAG
from gateway.model.endpoint import EventType, EventTypePage
from gateway.model.event import EndpointPing, Happening
from gateway.model.event_samples import sample_of
from gateway.model.event_types import MEANINGS, MODELS, PING
from gateway.openapi import Answer, Api, Call, NoBody, NoQuery, Operation, json_answer

DIALECT = "https://json-schema.org/draft/2020-12/schema"

LIST = Operation(
    method="GET",
    path="/api/v1/event-types",
    name="list_event_types",
    tag=TAG,
    summary="List the types of events, with a JSON Schema and an example of each.",
    description="Events may get further keys, and there may be further types: pass over what you do not know.",
    query=NoQuery,
    body=NoBody,
    permission="webhooks.read",
    answers={200: Answer("All of them, in alphabetical order.", EventTypePage)},
)


async def list_types(_call: Call[NoQuery, NoBody]) -> web.StreamResponse:
    """Answer all types."""
    return json_answer(catalogue())


@cache
def catalogue() -> str:
    """Return all types of events as the API answers them."""
    models: dict[str, type[Happening]] = {**MODELS, PING: EndpointPing}
    found = [_described(kind, model) for kind, model in sorted(models.items())]
    return EventTypePage(data=found, next_cursor=None).model_dump_json(by_alias=True)


def _described(kind: str, model: type[Happening]) -> EventType:
    return EventType(
        type=kind,
        description=MEANINGS[kind],
        schema=_schema(kind, model),
        example=sample_of(kind),
        subscribable=kind != PING,
    )


def _schema(kind: str, model: type[Happening]) -> dict[str, Any]:
    """Return the schema of events of one type; a model may be that of several."""
    schema = model.model_json_schema(mode="serialization")
    schema["properties"]["type"] = {"const": kind, "title": "Type", "type": "string"}
    return {"$schema": DIALECT, **schema}


def add_routes(api: Api) -> None:
    """Mount the operations."""
    api.add(LIST, list_types)
