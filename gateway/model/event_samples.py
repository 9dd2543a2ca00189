"""An example of each type of event, for those who write receivers: of a made-up tenant, complete and valid."""

from collections.abc import Mapping
from typing import Any

from gateway.model.event import EndpointPing
from gateway.model.event_types import MODELS, PING

Json = dict[str, Any]  # Any: a JSON document

TENANT = "01920000-0000-7000-8000-000000000001"
MOMENT = "2026-01-01T00:00:11.000Z"
LATER = "2026-01-02T00:00:11.000Z"
NUMBER = "+12025550142"


def _id(prefix: str, number: int = 1) -> str:
    return f"{prefix}_01920000000070008000{number:012x}"


TIMES: Json = {"created_at": MOMENT, "updated_at": MOMENT}
KEPT: Json = {**TIMES, "deleted_at": None}

MESSAGE: Json = {
    "id": _id("msg"),
    "conversation_id": _id("cnv"),
    "external_id": "wamid.EXAMPLE",
    "channel": "whatsapp",
    "channel_id": _id("ch"),
    "provider": "whatsapp_cloud",
    "direction": "inbound",
    "kind": "text",
    "text": "Hello",
    "preview": "Hello",
    "from": {"name": "Dana Reyes", "address": NUMBER},
    "to": ["+12025550100"],
    "author_id": None,
    "mentions": [],
    "attachments": [],
    "in_reply_to": None,
    "reply_to_id": None,
    "subject": None,
    "reply_text": None,
    "has_html": False,
    "mail": None,
    "status": "received",
    "status_at": {},
    "error": None,
    "occurred_at": MOMENT,
    "received_at": MOMENT,
    "created_at": MOMENT,
    "edited_at": None,
    "deleted_at": None,
    "extra": {},
}
SENT: Json = {
    **MESSAGE,
    "direction": "outbound",
    "from": {"name": None, "address": "+12025550100"},
    "to": [NUMBER],
    "author_id": _id("usr"),
    "status": "delivered",
    "status_at": {"sent": MOMENT, "delivered": MOMENT},
}
NOTE: Json = {
    **MESSAGE,
    "external_id": None,
    "direction": "internal",
    "kind": "note",
    "text": "Call her on Monday",
    "preview": "Call her on Monday",
    "from": {"name": None, "address": None},
    "to": [],
    "author_id": _id("usr"),
}
CONVERSATION: Json = {
    "id": _id("cnv"),
    "channel": {
        "id": _id("ch"),
        "kind": "whatsapp",
        "provider": "whatsapp_cloud",
        "address": "106000000000001",
        "name": "WhatsApp",
    },
    "customer": {"id": _id("cus"), "name": "Dana Reyes", "address": NUMBER},
    "status": "open",
    "snoozed_until": None,
    "priority": "normal",
    "assignee_id": None,
    "team_id": None,
    "label_ids": [_id("lbl")],
    "subject": None,
    "subject_preview": None,
    "unread_count": 1,
    "last_message": {
        "id": _id("msg"),
        "direction": "inbound",
        "kind": "text",
        "preview": "Hello",
        "author_id": None,
        "status": "received",
        "deleted": False,
        "at": MOMENT,
    },
    "window_expires_at": LATER,
    **TIMES,
    "last_message_at": MOMENT,
}
CUSTOMER: Json = {
    "id": _id("cus"),
    "name": "Dana Reyes",
    "business_name": None,
    "customer_code": "C-1001",
    "status": "active",
    "merged_into": None,
    "identities": [{"kind": "whatsapp", "value": NUMBER}],
    "opt_outs": [],
    "label_ids": [],
    "custom_fields": {"size": "M"},
    **KEPT,
}
CHANNEL: Json = {
    "id": _id("ch"),
    "connection_id": _id("int"),
    "provider": "whatsapp_cloud",
    "kind": "whatsapp",
    "address": "106000000000001",
    "name": "WhatsApp",
    "status": "active",
    **KEPT,
}
ENDPOINT: Json = {
    "id": _id("ep"),
    "host": "integrator.example.org",
    "description": "Order system",
    "event_types": ["message.*"],
    "status": "enabled",
    "disabled_reason": None,
    "disabled_at": None,
    "failing_since": None,
    "warnings": 0,
    **KEPT,
}
DELIVERY: Json = {
    "id": _id("dlv"),
    "endpoint_id": _id("ep"),
    "kind": "event",
    "event_id": _id("evt", 7),
    "event_type": "message.created",
    "seq": 40,
    "previous_seq": 38,
    "conversation_id": _id("cnv"),
    "conversation_sequence": None,
    "status": "FAILED",
    "attempts": 10,
    "next_attempt_at": None,
    "held_reason": None,
    "response_status_code": None,
    "error_kind": "connect",
    "error": "no connection: connection refused",
    "last_attempt_at": MOMENT,
    "finished_at": MOMENT,
    **TIMES,
}
#: What stands under ``data``, by type.
DATA: Mapping[str, Json] = {
    "activity.created": {
        **NOTE,
        "kind": "activity",
        "text": None,
        "preview": "",
        "extra": {"what": "status", "from": "open", "to": "resolved"},
    },
    "attachment.updated": {
        "message_id": _id("msg"),
        "conversation_id": _id("cnv"),
        "attachment": {
            "id": _id("att"),
            "type": "image",
            "filename": "chair.png",
            "mime_type": "image/png",
            "size": 81_920,
            "width": 640,
            "height": 480,
            "duration_ms": None,
            "content_id": None,
            "state": "stored",
            "error": None,
        },
    },
    "canned_reply.updated": {
        "id": _id("can"),
        "owner_id": None,
        "shortcut": "thanks",
        "name": "Thanks",
        "text": "Thank you, {{customer.name}}!",
        **KEPT,
    },
    "channel.alarm": {
        "channel_id": None,
        "connection_id": _id("int"),
        "level": "critical",
        "sentence": "The provider restricted the account.",
        "subtype": "account_update",
        "occurred_at": MOMENT,
        "extra": {"event": "ACCOUNT_RESTRICTION"},
    },
    "channel.created": CHANNEL,
    "channel.updated": {**CHANNEL, "name": "Sales"},
    "conversation.created": CONVERSATION,
    "conversation.updated": {**CONVERSATION, "status": "resolved", "unread_count": 0},
    "custom_field.updated": {
        "id": _id("fld"),
        "key": "size",
        "name": "Size",
        "type": "choice",
        "choices": ["S", "M", "L"],
        "position": 0,
        **KEPT,
    },
    "customer.created": CUSTOMER,
    "customer.erased": {"id": _id("cus"), "merged_ids": [], "request_id": _id("dsr")},
    "customer.merged": {
        "customer": CUSTOMER,
        "merged": {**CUSTOMER, "id": _id("cus", 2), "status": "merged", "merged_into": _id("cus"), "identities": []},
    },
    "customer.updated": {**CUSTOMER, "business_name": "Example Ltd"},
    "customer_note.updated": {
        "id": _id("cnt"),
        "customer_id": _id("cus"),
        "author_id": _id("usr"),
        "text": "Wears hats",
        "created_at": MOMENT,
        "edited_at": None,
        "deleted_at": None,
    },
    "delivery.exhausted": DELIVERY,
    "event.erased": {"was": "message.created"},
    "label.updated": {"id": _id("lbl"), "name": "Urgent", "color": "red", "description": None, **KEPT},
    "member.updated": {
        "id": _id("usr"),
        "name": "Kim",
        "email": "kim@example.org",
        "role": "operator",
        "extra_permissions": [],
        "status": "active",
        "availability": "online",
        **TIMES,
    },
    "message.created": {**MESSAGE, "conversation": CONVERSATION},
    "message.deleted": {**MESSAGE, "text": None, "preview": "", "deleted_at": LATER},
    "message.status_changed": SENT,
    "message.updated": {**MESSAGE, "text": "Hello there", "preview": "Hello there", "edited_at": LATER},
    "note.created": NOTE,
    "note.deleted": {**NOTE, "text": None, "preview": "", "deleted_at": LATER},
    "note.updated": {**NOTE, "text": "Call her on Tuesday", "preview": "Call her on Tuesday", "edited_at": LATER},
    "team.updated": {
        "id": _id("team"),
        "name": "Sales",
        "member_ids": [_id("usr")],
        "channel_ids": [_id("ch")],
        "auto_assign": True,
        "capacity": 20,
        **KEPT,
    },
    "view.updated": {
        "id": _id("view"),
        "owner_id": None,
        "name": "Late",
        "filters": {
            "status": ["open"],
            "assignee": None,
            "team": None,
            "label": [],
            "channel": [],
            "priority": [],
            "unread": False,
            "updated_before": None,
            "sort": "oldest",
        },
        **KEPT,
    },
    "webhook_endpoint.updated": ENDPOINT,
    PING: {"endpoint_id": _id("ep")},
}


def sample_of(kind: str) -> Json:
    """Return an event of a type, as it is posted to endpoints."""
    model = MODELS.get(kind, EndpointPing)
    in_conversation = model.model_fields["conversation_id"].annotation is not type(None)
    return {
        "id": _id("evt"),
        "seq": 0 if kind == PING else 42,
        "type": kind,
        "timestamp": MOMENT,
        "tenant_id": TENANT,
        "conversation_id": _id("cnv") if in_conversation else None,
        "data": DATA[kind],
    }
