"""Items of ``value.message_echoes``: what the business itself wrote in the phone app, to a person or to a group.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/smb_message_echoes
"""

from typing import Any

from channels.events import Other
from channels.json_fields import Object, Unreadable, id_in, moment_in, required_id, required_object, text_in
from channels.phone_addresses import spelled
from channels.whatsapp.change import Change, common, user_id_in
from channels.whatsapp.contents import content_form, content_of
from channels.whatsapp.messages import note_surroundings

#: Echoes that change an earlier message instead of being one.
CHANGES = frozenset({"edit", "revoke"})


def read_echo(item: Any, change: Change) -> Other:
    """Read one item. It never is an inbound message; ``extra.content`` has what is needed to show it as ours.

    Raises:
        Unreadable: when it is not an object, or lacks an id or the content that its type announces.
    """
    if type(item) is not dict:
        raise Unreadable("an echo is not an object")
    external_id = required_id(item, "id")
    kind = text_in(item, "type")
    extra: dict[str, Any] = {"raw_type": kind} if kind else {}
    if kind in CHANGES:
        return _change(item, change, external_id, kind, extra)
    content = content_of(item)
    extra = content.extra | extra | {"content": content_form(content)}
    quoted = note_surroundings(item, extra)
    return _echo(item, change, external_id, "echo", content.text, extra, quoted=content.in_reply_to or quoted)


def _change(item: Object, change: Change, external_id: str, kind: str, extra: dict[str, Any]) -> Other:
    """Read an edit or a revocation of a message that was written in the phone app."""
    source = required_object(item, kind)
    meant = required_id(source, "original_message_id")
    text = None
    if kind == "edit":
        content = content_of(required_object(source, "message"))
        text = content.text
        extra |= content.extra | {"edited_type": content.subtype, "content": content_form(content)}
    return _echo(item, change, external_id, kind, text, extra | {"echo": True}, meant=meant)


def _echo(
    item: Object,
    change: Change,
    external_id: str,
    subtype: str,
    text: str | None,
    extra: dict[str, Any],
    quoted: str | None = None,
    meant: str | None = None,
) -> Other:
    sender = id_in(item, "from")
    person, user_id = id_in(item, "to"), user_id_in(item, "to_user_id")
    recipient = id_in(item, "group_id") or (spelled(person) if person else user_id)
    if user_id:
        extra["user_id"] = user_id
    return Other(
        **common(change),
        external_id=external_id,
        occurred_at=moment_in(item, "timestamp"),
        extra=extra,
        subtype=subtype,
        sender=spelled(sender) if sender else None,
        recipients=(recipient,) if recipient else (),
        text=text,
        in_reply_to=meant or quoted,
        message_ref=meant,
    )
