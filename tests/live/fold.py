"""Folding the log into an old answer of the API: the same rules as ``web/src/model/apply.ts``."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Inbox = dict[str, Any]  # {"seq", "conversations": newest activity first, "messages": by conversation, oldest first}
Thing = Mapping[str, Any]


def fold(inbox: Inbox, events: Iterable[Thing]) -> Inbox:
    """Return the inbox after some entries of the log; what it has seen already changes nothing."""
    for event in events:
        if event["seq"] > inbox["seq"]:
            inbox = apply({**inbox, "seq": event["seq"]}, event["type"], event["data"])
    return inbox


def apply(inbox: Inbox, kind: str, data: Thing) -> Inbox:  # noqa: PLR0911 - one for each kind of entry
    """Return the inbox after one entry; a type that is not known changes nothing."""
    match kind:
        case "message.created":
            message = {key: value for key, value in data.items() if key != "conversation"}
            return put_conversation(put_message(inbox, message), data["conversation"])
        case "message.updated":
            return show_last(put_message(take_away(inbox, data), data), data)
        case "message.deleted" | "message.status_changed":
            return show_last(put_message(inbox, data), data)
        case "note.created" | "note.updated" | "note.deleted" | "activity.created":
            return put_message(inbox, data)  # no list shows them
        case "conversation.created" | "conversation.updated":
            return put_conversation(inbox, data)
        case "customer.updated":
            return renew_customer(inbox, data)
        case "customer.merged":
            return lead_on(inbox, data["merged"]["id"], data["customer"])
        case "customer.erased":
            return forget(inbox, [data["id"], *data["merged_ids"]])
        case "attachment.updated":
            return put_attachment(inbox, data)
    return inbox


def forget(inbox: Inbox, customers: Sequence[str]) -> Inbox:
    """Know nothing of some customers any more."""
    gone = {one["id"] for one in inbox["conversations"] if one["customer"]["id"] in customers}
    return {
        **inbox,
        "conversations": [one for one in inbox["conversations"] if one["id"] not in gone],
        "messages": {thread: messages for thread, messages in inbox["messages"].items() if thread not in gone},
    }


def take_away(inbox: Inbox, message: Thing) -> Inbox:
    """Take a message out of other threads: an undone merge moves messages to another conversation."""
    threads = {
        thread: messages
        if thread == message["conversation_id"]
        else [other for other in messages if other["id"] != message["id"]]
        for thread, messages in inbox["messages"].items()
    }
    return {**inbox, "messages": threads}


def put_message(inbox: Inbox, message: Thing) -> Inbox:
    """Put a message where it belongs in its thread, in place of an older version of itself."""
    thread = inbox["messages"].get(message["conversation_id"], [])
    others = [other for other in thread if other["id"] != message["id"]]
    placed = sorted([*others, message], key=lambda m: (m["occurred_at"], m["id"]))
    return {**inbox, "messages": {**inbox["messages"], message["conversation_id"]: placed}}


def put_attachment(inbox: Inbox, changed: Thing) -> Inbox:
    """Put a file in place of an older version of itself; a thread that is not loaded has none."""
    conversation = changed["conversation_id"]
    if conversation not in inbox["messages"]:
        return inbox
    thread = [
        {**message, "attachments": [_newer(one, changed["attachment"]) for one in message["attachments"]]}
        if message["id"] == changed["message_id"]
        else message
        for message in inbox["messages"][conversation]
    ]
    return {**inbox, "messages": {**inbox["messages"], conversation: thread}}


def _newer(one: Thing, changed: Thing) -> Thing:
    return changed if one["id"] == changed["id"] else one


def put_conversation(inbox: Inbox, conversation: Thing) -> Inbox:
    """Put a conversation where it belongs in the list, in place of an older version of itself."""
    others = [other for other in inbox["conversations"] if other["id"] != conversation["id"]]
    placed = sorted([*others, conversation], key=lambda c: (c["last_message_at"], c["id"]), reverse=True)
    return {**inbox, "conversations": placed}


def show_last(inbox: Inbox, message: Thing) -> Inbox:
    """Let the list show a message as it is now, if it is the conversation's last one."""
    now = {"preview": message["preview"], "status": message["status"], "deleted": bool(message.get("deleted_at"))}
    for conversation in inbox["conversations"]:
        last = conversation["last_message"]
        if conversation["id"] == message["conversation_id"] and last and last["id"] == message["id"]:
            return put_conversation(inbox, {**conversation, "last_message": {**last, **now}})
    return inbox


def renew_customer(inbox: Inbox, customer: Thing) -> Inbox:
    """Let every conversation show its customer's name and first address; a provider's own id comes last."""
    return lead_on(inbox, customer["id"], customer)


def lead_on(inbox: Inbox, merged: str, customer: Thing) -> Inbox:
    """Let the conversations of one customer, and those of who they are now, show the latter."""
    addresses = sorted(customer["identities"], key=lambda identity: identity["kind"] == "bsuid")
    address = addresses[0]["value"] if addresses else None
    shown = {"id": customer["id"], "name": customer["name"], "address": address}
    return {
        **inbox,
        "conversations": [
            {**conversation, "customer": shown}
            if conversation["customer"]["id"] in {merged, customer["id"]}
            else conversation
            for conversation in inbox["conversations"]
        ],
    }
