"""Items of ``value.messages``: what customers wrote, and news that Meta sends in the same list."""

from collections.abc import Callable, Mapping
from typing import Any

from channels.events import InboundMessage, Other
from channels.json_fields import (
    Object,
    Unreadable,
    id_in,
    moment_in,
    object_in,
    required_id,
    required_object,
    text_in,
)
from channels.phone_addresses import is_user_id, spelled
from channels.whatsapp.change import CHANNEL, Change, common, user_id_in
from channels.whatsapp.contents import content_form, content_of
from channels.whatsapp.people import Person, sender_of
from channels.whatsapp.problems import first_problem

#: What a system message tells, in one word for Meta's old and new names of it.
SYSTEM_NEWS = {
    "user_changed_number": "number_changed",
    "customer_changed_number": "number_changed",
    "user_changed_user_id": "user_id_changed",
    "customer_identity_changed": "identity_changed",
}


def read_message(message: Any, change: Change) -> InboundMessage | Other:
    """Read one item of ``value.messages``.

    Raises:
        Unreadable: when it lacks an id, or the content that its type announces.
    """
    if type(message) is not dict:
        raise Unreadable("a message is not an object")
    external_id = required_id(message, "id")
    sender = sender_of(message, change, external_id)
    kind = message.get("type")
    news = NEWS.get(kind) if type(kind) is str else None
    if news is not None:
        return news(message, change, sender, external_id)
    return _written(message, change, sender, external_id)


def _written(message: Object, change: Change, sender: Person, external_id: str) -> InboundMessage:
    content = content_of(message)
    extra = sender.extra | content.extra
    quoted = note_surroundings(message, extra)
    code, reason = first_problem(message) if "errors" in message else (None, None)
    return InboundMessage(
        provider=change.provider,
        channel=CHANNEL,
        account=change.account,
        address=change.address,
        external_id=external_id,
        occurred_at=moment_in(message, "timestamp"),
        extra=extra,
        subtype=content.subtype,
        sender=sender.address,
        recipients=change.ours,
        identities=sender.identities,
        sender_name=sender.name,
        text=content.text,
        attachments=content.attachments,
        in_reply_to=content.in_reply_to or quoted,
        error_code=code,
        error_message=reason,
    )


def note_surroundings(message: Object, extra: dict[str, Any]) -> str | None:
    """Note the group, the ad and the forwarding of a message; return the id of the message that it quotes."""
    if "group_id" in message and (group := id_in(message, "group_id")):
        extra["group_id"] = group
    if "referral" in message and (referral := object_in(message, "referral")):
        extra["referral"] = referral
    if "context" not in message:
        return None
    context = object_in(message, "context")
    for mark in ("forwarded", "frequently_forwarded"):
        if context.get(mark) is True:
            extra[mark] = True
    if product := object_in(context, "referred_product"):
        extra["referred_product"] = product
    return id_in(context, "id")


def _edit(message: Object, change: Change, sender: Person, external_id: str) -> Other:
    edit = required_object(message, "edit")
    content = content_of(required_object(edit, "message"))
    extra = sender.extra | content.extra | {"edited_type": content.subtype, "content": content_form(content)}
    return _news(
        message, change, sender, external_id, "edit", content.text, extra,
        meant=required_id(edit, "original_message_id"),
    )  # fmt: skip


def _revoke(message: Object, change: Change, sender: Person, external_id: str) -> Other:
    meant = required_id(required_object(message, "revoke"), "original_message_id")
    return _news(message, change, sender, external_id, "revoke", None, sender.extra, meant=meant)


def _welcome(message: Object, change: Change, sender: Person, external_id: str) -> Other:
    return _news(message, change, sender, external_id, "request_welcome", None, sender.extra)


def _system(message: Object, change: Change, sender: Person, external_id: str) -> Other:
    system = required_object(message, "system")
    said = text_in(system, "type") or ("user_changed_number" if _new_number(system) else "system")
    extra = sender.extra | _old_and_new(message, system)
    if identity := object_in(system, "identity"):
        extra["identity"] = identity
    subtype = SYSTEM_NEWS.get(said, said)
    return _news(message, change, sender, external_id, subtype, text_in(system, "body"), extra)


def _new_number(system: Object) -> str | None:
    return id_in(system, "wa_id") or id_in(system, "new_wa_id")


def _old_and_new(message: Object, system: Object) -> dict[str, str]:
    """Return the number and the user ids that somebody had before, and those they have now."""
    sent = id_in(message, "from")
    old = (sent if sent and not is_user_id(sent) else None) or id_in(system, "customer")
    new = _new_number(system)
    found = {
        "old_address": spelled(old) if old else None,
        "new_address": spelled(new) if new else None,
        "old_user_id": user_id_in(message, "from_user_id") or user_id_in(message, "from"),
        "new_user_id": user_id_in(system, "user_id"),
        "new_parent_user_id": user_id_in(system, "parent_user_id"),
    }
    return {name: value for name, value in found.items() if value}


def _news(
    message: Object,
    change: Change,
    sender: Person,
    external_id: str,
    subtype: str,
    text: str | None,
    extra: Object,
    meant: str | None = None,
) -> Other:
    return Other(
        **common(change),
        external_id=external_id,
        occurred_at=moment_in(message, "timestamp"),
        extra=extra,
        subtype=subtype,
        sender=sender.address,
        recipients=change.ours,
        text=text,
        in_reply_to=meant,
        message_ref=meant,
    )


NEWS: Mapping[str, Callable[[Object, Change, Person, str], Other]] = {
    "edit": _edit,
    "revoke": _revoke,
    "request_welcome": _welcome,
    "system": _system,
}
