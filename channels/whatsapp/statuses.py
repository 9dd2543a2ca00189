"""Items of ``value.statuses``: what became of messages that we sent."""

from typing import Any

from channels.events import StatusUpdate
from channels.json_fields import Object, Unreadable, id_in, list_in, moment_in, object_in, required_id, text_in
from channels.phone_addresses import spelled
from channels.refusals import in_words
from channels.whatsapp.change import Change, common, user_id_in
from channels.whatsapp.problems import PROBLEMS, STOPPED, first_problem

KNOWN = frozenset({"sent", "delivered", "read", "played", "failed", "deleted"})


def read_status(status: Any, change: Change) -> StatusUpdate:
    """Read one item of ``value.statuses``.

    Its own id is made of the sent message's id, Meta's word and, in a group, the participant: nothing else tells two
    of them apart.

    Raises:
        Unreadable: when it does not say which message, or what became of it.
    """
    if type(status) is not dict:
        raise Unreadable("a status is not an object")
    message_ref = required_id(status, "id")
    word = required_id(status, "status")
    recipient = id_in(status, "recipient_id") or user_id_in(status, "recipient_user_id")
    participant = id_in(status, "recipient_participant_id") or id_in(status, "participant_recipient_id")
    code, said = first_problem(status)
    return StatusUpdate(
        **common(change),
        external_id=":".join(part for part in (message_ref, word, participant) if part),
        occurred_at=moment_in(status, "timestamp"),
        extra=_extra(status, word, recipient, participant, code),
        status=word if word in KNOWN else "unknown",
        message_ref=message_ref,
        recipient=spelled(recipient) if recipient else None,
        error_code=code,
        error_message=in_words(PROBLEMS.of(code), said) if code else said,
    )


def _extra(
    status: Object, word: str, recipient: str | None, participant: str | None, code: str | None
) -> dict[str, Any]:
    extra: dict[str, Any] = {"raw_status": word}
    if word == "failed":
        extra["retryable"] = PROBLEMS.is_retryable(code)
    if PROBLEMS.of(code) == STOPPED:
        extra["marketing_opt_out"] = "stop"
    if participant or status.get("recipient_type") == "group":
        extra |= {"group_id": recipient, "participant": spelled(participant) if participant else None}
    found = {
        "user_id": user_id_in(status, "recipient_user_id"),
        "parent_user_id": _parent(status),
        "participant_user_id": user_id_in(status, "recipient_participant_user_id"),
        "callback_data": text_in(status, "biz_opaque_callback_data"),
        "conversation_id": id_in(object_in(status, "conversation"), "id"),
        "pricing": object_in(status, "pricing"),
        "errors": [error for error in list_in(status, "errors") if type(error) is dict],
    }
    return extra | {key: value for key, value in found.items() if value}


def _parent(status: Object) -> str | None:
    """Return the recipient's user id in the parent portfolio; Meta changed the spelling of its name in 2026."""
    return user_id_in(status, "parent_recipient_user_id") or user_id_in(status, "recipient_parent_user_id")
