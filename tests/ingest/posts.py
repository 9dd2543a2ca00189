"""Signed webhooks, as the three providers would post them."""

import base64
import hashlib
import hmac
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from aiohttp import ClientSession

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Post:
    """A webhook, ready to be posted to ``path``."""

    path: str
    body: bytes
    headers: Mapping[str, str]

    async def send(self, client: ClientSession) -> int:
        """Post it; returns the status."""
        async with client.post(self.path, data=self.body, headers=self.headers) as answer:
            await answer.read()
            return answer.status

    def to(self, hook_url: str) -> "Post":
        """Return the same bytes for another URL."""
        return replace(self, path=urlsplit(hook_url).path)

    def with_body(self, body: bytes) -> "Post":
        """Return another body under the same signature."""
        return replace(self, body=body)


def unique(prefix: str = "wamid.T") -> str:
    """Return an external id that no test has used."""
    return f"{prefix}{next(_numbers)}"


def text(external_id: str, body: str = "Hello", sender: str = "12025550142", at: int = 1767225600) -> dict[str, Any]:
    """Return a WhatsApp text message."""
    return {"from": sender, "id": external_id, "timestamp": str(at), "type": "text", "text": {"body": body}}


def status(external_id: str, word: str, at: int = 1767225700) -> dict[str, Any]:
    """Return a WhatsApp status."""
    return {"id": external_id, "status": word, "timestamp": str(at), "recipient_id": "12025550142"}


def edit(external_id: str, meant: str, body: str, at: int, sender: str = "12025550142") -> dict[str, Any]:
    """Return a customer's edit of a WhatsApp message."""
    message = {"type": "text", "text": {"body": body}}
    return {
        "from": sender, "id": external_id, "timestamp": str(at), "type": "edit",
        "edit": {"original_message_id": meant, "message": message},
    }  # fmt: skip


def revoke(external_id: str, meant: str, at: int, sender: str = "12025550142") -> dict[str, Any]:
    """Return a customer's revocation of a WhatsApp message."""
    return {
        "from": sender, "id": external_id, "timestamp": str(at), "type": "revoke",
        "revoke": {"original_message_id": meant},
    }  # fmt: skip


def reaction(external_id: str, meant: str, emoji: str, at: int, sender: str = "12025550142") -> dict[str, Any]:
    """Return a reaction to a WhatsApp message."""
    return {
        "from": sender, "id": external_id, "timestamp": str(at), "type": "reaction",
        "reaction": {"message_id": meant, "emoji": emoji},
    }  # fmt: skip


def echoes(address: str, *items: Mapping[str, Any]) -> dict[str, Any]:
    """Return a change with what the business wrote in the phone's app."""
    return _other_change("smb_message_echoes", address, {"message_echoes": list(items)})


def preferences(address: str, *items: tuple[str, str, int]) -> dict[str, Any]:
    """Return a change with what customers want of marketing messages: who, stop or resume, when."""
    told = [
        {"wa_id": who, "category": "marketing_messages", "value": value, "detail": value, "timestamp": str(at)}
        for who, value, at in items
    ]
    return _other_change("user_preferences", address, {"user_preferences": told})


def _other_change(field: str, address: str, value: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"display_phone_number": "12025550100", "phone_number_id": address}
    return {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}


def change(
    address: str, messages: Sequence[Any] = (), statuses: Sequence[Any] = (), name: str = "Dana Reyes"
) -> dict[str, Any]:
    """Return one change of a WhatsApp post."""
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "12025550100", "phone_number_id": address},
    }
    if messages:
        value["messages"] = list(messages)
        value["contacts"] = [{"profile": {"name": name}, "wa_id": m["from"]} for m in messages if "from" in m]
    if statuses:
        value["statuses"] = list(statuses)
    return {"field": "messages", "value": value}


def whatsapp(
    integration: Mapping[str, Any],
    messages: Sequence[Any] = (),
    statuses: Sequence[Any] = (),
    changes: Sequence[Any] | None = None,
) -> Post:
    """Return a signed post of the WhatsApp Cloud API."""
    address = integration["channels"][0]["address"]
    all_changes = changes if changes is not None else [change(address, messages, statuses)]
    return whatsapp_raw(
        integration,
        orjson.dumps(
            {"object": "whatsapp_business_account", "entry": [{"id": "200000000000001", "changes": all_changes}]}
        ),
    )


def whatsapp_raw(integration: Mapping[str, Any], body: bytes) -> Post:
    """Sign any bytes as Meta would."""
    digest = hmac.new(integration["credentials"]["app_secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}
    return Post(urlsplit(integration["hook_url"]).path, body, headers)


def twilio(integration: Mapping[str, Any], **fields: str) -> Post:
    """Return a signed form post of Twilio; an inbound SMS unless the fields say otherwise."""
    credentials = integration["credentials"]
    sid = fields.pop("MessageSid", f"SM{next(_numbers):032x}")
    form = {
        "AccountSid": credentials["account_sid"],
        "MessageSid": sid,
        "From": "+12025550143",
        "To": integration["channels"][0]["address"],
        "Body": "Hello",
        "NumMedia": "0",
        "SmsStatus": "received",
        **fields,
    }
    signed = integration["hook_url"] + "".join(name + form[name] for name in sorted(form))
    mac = hmac.new(credentials["auth_token"].encode(), signed.encode(), hashlib.sha1).digest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": base64.b64encode(mac).decode(),
    }
    return Post(urlsplit(integration["hook_url"]).path, urlencode(form).encode(), headers)


def postmark(
    integration: Mapping[str, Any],
    *,
    message_id: str | None = None,
    sender: str = "jane@example.org",
    subject: str = "Order 1043",
    text_body: str = "Where is my order?",
    html_body: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    token: str = "",
) -> Post:
    """Return an inbound mail as Postmark posts it; ``token`` stands behind a plus in its address."""
    own = message_id or f"m{next(_numbers)}@mail.example.org"
    name, _, domain = integration["channels"][0]["address"].partition("@")
    mailbox = f"{name}+{token}@{domain}" if token else f"{name}@{domain}"
    fields: dict[str, Any] = {
        "From": f"Jane Doe <{sender}>",
        "FromName": "Jane Doe",
        "FromFull": {"Email": sender, "Name": "Jane Doe", "MailboxHash": ""},
        "To": mailbox,
        "ToFull": [{"Email": mailbox, "Name": "", "MailboxHash": token}],
        "MailboxHash": token,
        "CcFull": [],
        "OriginalRecipient": mailbox,
        "Subject": subject,
        "MessageID": hashlib.md5(own.encode()).hexdigest(),
        "Date": "Thu, 1 Jan 2026 00:00:00 +0000",
        "TextBody": text_body,
        "Headers": [{"Name": "Message-ID", "Value": f"<{own}>"}, *({"Name": n, "Value": v} for n, v in headers)],
        "Attachments": [],
    }
    if html_body is not None:
        fields["HtmlBody"] = html_body
    return postmark_raw(integration, orjson.dumps(fields))


def postmark_raw(integration: Mapping[str, Any], body: bytes) -> Post:
    """Authenticate any bytes as Postmark would."""
    login = "{username}:{password}".format_map(integration["credentials"])
    headers = {
        "Content-Type": "application/json",
        "Authorization": "Basic " + base64.b64encode(login.encode()).decode(),
    }
    return Post(urlsplit(integration["hook_url"]).path, body, headers)
