"""The recorded mails, how an event looks in their words, and how expectations are compared."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from channels.events import ChannelEvent, InboundMessage, Mailbox, Media, StatusUpdate

FIXTURES = Path(__file__).parents[2] / "fixtures"


def recorded(folder: str) -> list[dict[str, Any]]:
    """Load every expectation of a folder, each with its name."""
    paths = sorted((FIXTURES / folder).glob("*.expect.json"))
    return [
        json.loads(path.read_bytes()) | {"name": path.name.removesuffix(".expect.json")} for path in paths
    ]


def raw(folder: str, name: str) -> bytes:
    return (FIXTURES / folder / name).read_bytes()


def as_recorded(event: ChannelEvent) -> dict[str, Any]:
    """Write an event in the words of the mail fixtures."""
    if isinstance(event, InboundMessage):
        return {
            "kind": "message",
            "external_id": event.external_id,
            "occurred_at": event.occurred_at,
            "from": _box(event.sender),
            "to": [_box(box) for box in event.recipients],
            "text": event.text,
            "attachments": [_file(item) for item in event.attachments if isinstance(item, Media)],
            **(event.mail or {}),
        }
    assert isinstance(event, StatusUpdate)
    code, message = event.error_code, event.error_message
    return {
        "kind": "status",
        "external_id": event.external_id,
        "message_ref": event.message_ref,
        "recipient": event.recipient,
        "status": event.status,
        "error": None if code is None and message is None else {"code": code, "message": message},
        "occurred_at": None
        if event.occurred_at is None
        else event.occurred_at.isoformat(timespec="milliseconds"),
        **(event.mail or {}),
    }


def differences(wanted: Any, got: Any, where: str = "") -> list[str]:
    """Compare what is expected with what came, by the fixtures' matchers; empty when it fits."""
    if isinstance(wanted, str) and where.endswith(".occurred_at"):
        wanted = wanted.replace("Z", "+00:00")
    if isinstance(wanted, dict) and (unmet := _matched(wanted, got)) is not None:
        return [f"{where}: {unmet} of {wanted!r} not met by {got!r}"] if unmet else []
    if isinstance(wanted, dict) and isinstance(got, Mapping):
        return [
            found
            for key, value in wanted.items()
            for found in differences(value, got.get(key), f"{where}.{key}")
        ]
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        pairs = enumerate(zip(wanted, got, strict=True))
        return [found for n, (one, other) in pairs for found in differences(one, other, f"{where}[{n}]")]
    return [] if wanted == got else [f"{where}: wanted {wanted!r}, got {got!r}"]


def _matched(matcher: dict[str, Any], got: Any) -> str | None:
    """Return the rule that is not met, "" when all are, None when this is no matcher."""
    rules = {
        "contains": lambda parts: all(part in (got or "") for part in parts),
        "not_contains": lambda parts: not any(part in (got or "") for part in parts),
        "no_control": lambda _: not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in got),
        "safe": lambda _: _is_safe(got),
        "max_len": lambda most: len(got) <= most,
        "first": lambda first: got[0] == first,
        "last": lambda last: got[-1] == last,
    }
    if not matcher or not set(matcher) <= set(rules):
        return None
    return next((name for name, value in matcher.items() if not rules[name](value)), "")


def _is_safe(name: str) -> bool:
    hidden = set("/\\\u200e\u200f") | {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
    return (
        0 < len(name) <= 150
        and name not in (".", "..")
        and not hidden & set(name)
        and all(ord(char) >= 32 for char in name)
        and name.upper() != "CON"
    )


def _box(box: str | Mailbox | None) -> Any:
    return asdict(box) if isinstance(box, Mailbox) else box


def _file(item: Media) -> dict[str, Any]:
    return {
        "filename": item.filename,
        "content_type": item.mime_type,
        "size": item.size,
        "inline": item.inline,
        "content_id": item.content_id,
        "sha256": item.sha256,
    }
