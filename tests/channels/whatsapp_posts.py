"""Posts of the WhatsApp Cloud API, made from what is special about them."""

from typing import Any

import orjson

from channels.http import HttpRequest
from channels.providers.whatsapp_cloud import ADAPTER

METADATA = {"display_phone_number": "+1 312-555-0188", "phone_number_id": "300000000000001"}
TEXT = {"from": "12025550142", "id": "wamid.1", "timestamp": "1767225600", "type": "text", "text": {"body": "hi"}}


def post(value: Any, field: Any = "messages") -> HttpRequest:
    """Return a post of one change."""
    change = {"field": field, "value": value}
    document = {"object": "whatsapp_business_account", "entry": [{"id": "200000000000001", "changes": [change]}]}
    return HttpRequest("POST", "https://gw.example.test/hooks/int_1", body=orjson.dumps(document))


def parsed(value: Any, field: Any = "messages") -> list[Any]:
    """Parse a post of one change, whose value gets our number."""
    whole = {"metadata": METADATA, **value} if isinstance(value, dict) else value
    return list(ADAPTER.parse(post(whole, field), {}))


def message(**changes: Any) -> Any:
    """Parse one message: the text above with some keys changed; None takes a key away."""
    raw = {key: value for key, value in (TEXT | changes).items() if value is not None}
    (event,) = parsed({"messages": [raw]})
    return event


def typed(kind: str, content: Any, **changes: Any) -> Any:
    """Parse one message of another type."""
    return message(**({"type": kind, "text": None, kind: content} | changes))
