"""Holding what the gateway says live against ``/asyncapi.json``: the document as it is published, and a bit stricter.

The document lets objects have keys that it does not name, since later versions may bring some; here each key has to
be named.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import orjson
from jsonschema_rs import Draft202012Validator

from gateway.live.description import document
from gateway.model.log import Entry, entry_json
from tests import leaks

Json = Any
ALL_ENTRIES = "SELECT tenant_id, seq, id, type, conversation_id, created_at, data::text FROM events"


def strict(schemas: Mapping[str, Json]) -> dict[str, Json]:
    """Return schemas that allow only the keys they name, unless they say otherwise."""
    copy: dict[str, Json] = deepcopy(dict(schemas))
    for schema in copy.values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return copy


def event_types() -> frozenset[str]:
    """Return the types of events that the document names."""
    return frozenset(_models())


def event_faults(event: Json) -> list[str]:
    """Say where an event is not what the document says of its type."""
    model = _models().get(event["type"])
    return _faults(model, event) if model else [f"the document names no event {event['type']}"]


def log_faults(entries: Iterable[Entry]) -> list[str]:
    """Say where entries of a log are not what the document says."""
    faults: list[str] = []
    for entry in entries:
        text = entry_json(entry)
        leaks.search(text.decode(), f"an entry {entry.type} of the log")
        faults += event_faults(orjson.loads(text))
    return faults


def frame_faults(frame: Json, operation: str) -> list[str]:
    """Say where a frame is not what the document says of its type, among what clients ``tell`` or ``hear``."""
    model = _frames(operation).get(str(frame.get("type")))
    if model == "EventFrame" and isinstance(frame.get("event"), dict):
        return event_faults(frame["event"])
    return _faults(model, frame) if model else [f"no message of the type {frame.get('type')}"]


def _faults(model: str, value: Json) -> list[str]:
    return [f"{model} {error.instance_path}: {error.message}" for error in _validator(model).iter_errors(value)]


@cache
def _models() -> Mapping[str, str]:
    """Return the model of each type of event."""
    schemas = document()["components"]["schemas"]
    models = [one["$ref"].rpartition("/")[2] for one in schemas["EventFrame"]["properties"]["event"]["oneOf"]]
    return {kind: model for model in models for kind in _words(schemas[model]["properties"]["type"])}


def _words(schema: Json) -> list[str]:
    """Return the words that a text may be."""
    return [schema["const"]] if "const" in schema else list(schema["enum"])


@cache
def _frames(operation: str) -> Mapping[str, str]:
    """Return the model of each type of frame in one direction."""
    described = document()
    messages, schemas = described["components"]["messages"], described["components"]["schemas"]
    names = [one["$ref"].rpartition("/")[2] for one in described["operations"][operation]["messages"]]
    models = [messages[name]["payload"]["$ref"].rpartition("/")[2] for name in names]
    return {schemas[model]["properties"]["type"]["const"]: model for model in models}


@cache
def _validator(model: str) -> Draft202012Validator:
    """Compile the schema of a model, once."""
    schemas = strict(document()["components"]["schemas"])
    return Draft202012Validator({"$ref": f"#/components/schemas/{model}", "components": {"schemas": schemas}})
