"""Changes that are neither messages nor statuses: preferences, echoes, problems, and fields we only take note of."""

from typing import Any

from channels.events import Other
from channels.json_fields import Unreadable, id_in, moment_in, object_in, required_id, text_in
from channels.phone_addresses import spelled
from channels.whatsapp.change import Change, common, user_id_in
from channels.whatsapp.problems import problem_in


def read_preference(item: Any, change: Change) -> Other:
    """Read one item of ``value.user_preferences``: a customer stopped or resumed marketing messages.

    Raises:
        Unreadable: when it is not an object.
    """
    if type(item) is not dict:
        raise Unreadable("a user preference is not an object")
    number, user_id = id_in(item, "wa_id"), user_id_in(item, "user_id")
    sender = spelled(number) if number else user_id
    found = {"category": text_in(item, "category"), "value": text_in(item, "value"), "user_id": user_id}
    return Other(
        **common(change),
        external_id="",
        occurred_at=moment_in(item, "timestamp"),
        extra={key: value for key, value in found.items() if value},
        subtype="user_preference",
        sender=sender,
        recipients=change.ours,
        text=text_in(item, "detail"),
    )


def read_echo(item: Any, change: Change) -> Other:
    """Read one item of ``value.message_echoes``: what the business itself wrote in the phone app.

    Raises:
        Unreadable: when it is not an object or has no id.
    """
    if type(item) is not dict:
        raise Unreadable("an echo is not an object")
    sender, to = id_in(item, "from"), id_in(item, "to") or user_id_in(item, "to_user_id")
    kind = text_in(item, "type")
    return Other(
        **common(change),
        external_id=required_id(item, "id"),
        occurred_at=moment_in(item, "timestamp"),
        extra={"raw_type": kind} if kind else {},
        subtype="echo",
        sender=spelled(sender) if sender else None,
        recipients=(spelled(to),) if to else (),
        text=text_in(object_in(item, "text"), "body"),
        in_reply_to=id_in(object_in(item, "context"), "id"),
    )


def read_problem(item: Any, change: Change) -> Other:
    """Read one item of ``value.errors``: trouble with the app or the number, not with one message.

    Raises:
        Unreadable: when it is not an object.
    """
    if type(item) is not dict:
        raise Unreadable("an error is not an object")
    code, details = problem_in(item)
    return Other(
        **common(change),
        external_id="",
        occurred_at=change.happened_at,
        extra={"details": details} if details else {},
        subtype="provider_error",
        recipients=change.ours,
        text=text_in(item, "message") or text_in(item, "title"),
        error_code=code,
        error_message=details,
    )


def read_field(change: Change) -> Other:
    """Take note of a change that we have no use for; the list of fields grows without notice."""
    plain = {key: value for key, value in change.value.items() if type(value) in {str, int, float, bool}}
    plain.pop("messaging_product", None)
    return Other(
        **common(change),
        external_id="",
        occurred_at=change.happened_at,
        extra=plain | {"waba_id": change.business_account},
        subtype=change.name,
        recipients=change.ours,
    )
