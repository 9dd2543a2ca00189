"""What of an entry of the log is looked through: the texts that people wrote, by the record that they stand in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.model.ids import parse
from gateway.store.pii_results import Record

#: Types of entries with texts in them, for LIKE.
PATTERNS: Sequence[str] = (
    "message.created", "message.updated", "message.deleted", "note.%", "customer.created", "customer.updated",
    "customer.merged", r"customer\_note.updated", "activity.created",
)  # fmt: skip
SUBJECT = "subject"
MESSAGE = ("text", SUBJECT)
CUSTOMER = ("name", "business_name", "customer_code")


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of a record, by field; one that is empty is told too: what was found there before is gone."""

    record: Record
    fields: Mapping[str, str]


def texts_of(kind: str, data: Mapping[str, Any]) -> Texts | None:  # Any: of any event
    """Return what of an entry is looked through; None: nothing."""
    if kind.startswith(("message.", "note.")):
        record = Record(parse("msg", data["id"]), parse("cnv", data["conversation_id"]))
        gone = bool(data.get("deleted_at"))
        return Texts(record, {name: "" if gone else _text(data.get(name)) for name in MESSAGE})
    if kind == "activity.created":  # somebody may have called a conversation something
        extra = data.get("extra") or {}
        if extra.get("what") != SUBJECT:
            return None
        return Texts(
            Record(parse("msg", data["id"]), parse("cnv", data["conversation_id"])), {SUBJECT: _text(extra.get("to"))}
        )
    if kind == "customer_note.updated":
        record = Record(parse("cus", data["customer_id"]), None)
        return Texts(record, {str(data["id"]): "" if data.get("deleted_at") else _text(data.get("text"))})
    if kind.startswith("customer."):
        data = data["customer"] if kind == "customer.merged" else data
        fields = {name: _text(data.get(name)) for name in CUSTOMER}
        return Texts(Record(parse("cus", data["id"]), None), fields | dict(_custom(data.get("custom_fields"))))
    return None


def _custom(fields: object) -> Iterator[tuple[str, str]]:
    if isinstance(fields, Mapping):
        for key, value in fields.items():
            if isinstance(value, str):
                yield f"custom_fields.{key}", value
            elif isinstance(value, int) and not isinstance(value, bool):
                yield f"custom_fields.{key}", str(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
