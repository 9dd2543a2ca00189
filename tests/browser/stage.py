"""An inbox as it looks in the middle of a working day, for pictures."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import asyncpg
import orjson
from aiohttp import ClientSession, CookieJar

from tests.browser.answers import answer
from tests.browser.integrators import integrate
from tests.browser.site import Site
from tests.browser.troubles import trouble
from tests.conftest import new_id
from tests.ingest.posts import Post, change, postmark_raw, twilio, whatsapp

Json = dict[str, Any]

#: Providers told most of these times; the rest, and when it was received, is set to fit.
SET_TIME = """
UPDATE messages SET occurred_at = $3, received_at = $3::timestamptz + interval '0.6 s'
WHERE tenant_id = $1 AND external_id = $2
"""
SETTLE = """
UPDATE conversations c SET last_message_at = newest, created_at = oldest, unread_count = unread FROM (
    SELECT m.conversation_id, max(m.occurred_at) AS newest, min(m.occurred_at) AS oldest,
        count(*) FILTER (WHERE m.direction = 'inbound' AND m.external_id = ANY ($2)) AS unread
    FROM messages m WHERE m.tenant_id = $1 GROUP BY 1) f
WHERE c.tenant_id = $1 AND c.id = f.conversation_id
"""
READ_BY_NOW = "UPDATE messages SET status = 'read' WHERE tenant_id = $1 AND external_id = ANY ($2)"
DELIVERED = "UPDATE messages SET status = 'delivered' WHERE tenant_id = $1 AND external_id = ANY ($2)"
KIM = "Kim Doe"
COLLEAGUE = f"""
WITH made AS (INSERT INTO users (id, email, name) VALUES ($2, 'kim@example.org', '{KIM}'))
INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, 'operator')
"""
UNREAD = ["k2", "k3", "d7", "d8", f"SM{'3' * 32}", "l2"]
OFFER = """
<p>Hello,</p><p>thank you for the quick answer. We take the <b>24 office chairs</b>, half of them in slate and half in
sand. The floor plan is attached; the goods lift is at the back.</p>
<table style="border-collapse:collapse;font-size:14px"><tr style="background-color:#eef2f3">
<th style="padding:6px 12px;text-align:left">Chair</th><th style="padding:6px 12px;text-align:right">Pieces</th>
<th style="padding:6px 12px;text-align:left">Floor</th></tr>
<tr><td style="padding:6px 12px">Slate</td><td style="padding:6px 12px;text-align:right">12</td>
<td style="padding:6px 12px">2nd, east wing</td></tr><tr><td style="padding:6px 12px">Sand</td>
<td style="padding:6px 12px;text-align:right">12</td><td style="padding:6px 12px">3rd, library</td></tr></table>
<p>Kind regards<br>Amara Okafor</p><p><img src="cid:plan@office" alt="Floor plan"></p>
<blockquote><p>Dear Ms Okafor, we can deliver all 24 chairs in the second week of January.</p></blockquote>
"""
ASKED = """
<p>Hello,</p><p>could you send me an offer for 24 office chairs, delivered in January? Two colours would be nice.</p>
<p>Kind regards<br>Amara Okafor<br>Office management</p>
"""


@dataclass(frozen=True)
class Stage:
    """Fills a site's inbox with what ten customers wrote.

    Args:
        site: running.
        admin_url: its database, as the superuser.
        now: everything happened before.
    """

    site: Site
    admin_url: str
    now: datetime

    async def fill(self) -> None:
        """Post everything, answer some of it, and set what the gateway takes from its own clock."""
        times = {name: self._ago(age) for name, age in AGES.items()}
        first, *mails = self._mails(times)
        posts = [*self._whatsapp(times), *self._texts(), first]
        await self.site.post(*posts)
        await self.site.stored(len(posts))
        await self.site.post(*mails)  # one of them answers the first, which must be there by then
        await self.site.stored(len(posts) + len(mails))
        for to, name, text, minutes in ANSWERS:
            await answer(self.admin_url, self.site.tenant, to, name, text, timedelta(minutes=minutes))
            times[name] = times[to] + timedelta(minutes=minutes)
        connection = await asyncpg.connect(self.admin_url)
        try:
            for name, moment in times.items():
                await connection.execute(SET_TIME, self.site.tenant.id, name, moment)
            await connection.execute(SETTLE, self.site.tenant.id, UNREAD)
            await connection.execute(READ_BY_NOW, self.site.tenant.id, ["a1", "a2"])
            await connection.execute(DELIVERED, self.site.tenant.id, ["a3", "a4"])
            await connection.execute(COLLEAGUE, self.site.tenant.id, new_id())
        finally:
            await connection.close()
        await self._work()

    async def _work(self) -> None:
        """Do what people do with all that: labels, teams, notes, and conversations in every state."""
        origin = {"Origin": self.site.url}
        async with ClientSession(
            f"{self.site.url}/api/v1/", cookie_jar=CookieJar(unsafe=True), headers=origin
        ) as session:

            async def ask(method: str, path: str, body: Json | None = None) -> Json:
                async with session.request(method, path, json=body) as answer:
                    assert answer.ok, await answer.text()
                    shown: Json = await answer.json()
                    return shown

            ready = self.site.tenant.ready
            me = (await ask("POST", "login", {name: ready[name] for name in ("email", "password")}))["user"]["id"]
            labels = {name: await ask("POST", "labels", {"name": name, "color": color}) for name, color in LABELS}
            for path, body in SHARED:
                await ask("POST", path, body)
            members = {one["name"]: one["id"] for one in (await ask("GET", "members"))["data"]}
            everybody = list(members.values())
            await ask("POST", "teams", {"name": "Sales", "member_ids": everybody, "auto_assign": False})
            listed = (await ask("GET", "conversations?limit=100"))["data"]
            rows = {one["customer"]["name"]: one["id"] for one in listed}
            later = (self.now + timedelta(days=3)).isoformat()
            for name, change in {
                "Dana Reyes": {"assignee_id": me, "priority": "high", "label_ids": [labels["Delivery"]["id"]]},
                "Kofi Mensah": {"assignee_id": members[KIM], "label_ids": [one["id"] for one in labels.values()]},
                "Mei Tanaka": {"status": "snoozed", "snoozed_until": later},
                "Priya Nair": {"status": "resolved"},
                "Jonas Lindqvist": {"priority": "urgent", "label_ids": [labels["Workshop"]["id"]]},
            }.items():
                await ask("PATCH", f"conversations/{rows[name]}", change)
            note = {"text": "@Kim Doe the driver knows the back entrance by now.", "mentions": [members[KIM]]}
            await ask("POST", f"conversations/{rows['Dana Reyes']}/notes", note)
            await integrate(ask, self.admin_url, self.site.tenant.id, self.now)
            await trouble(ask, self.admin_url, self.site.tenant.id, self.now)

    def _ago(self, minutes: float) -> datetime:
        return self.now - timedelta(minutes=minutes)

    def _whatsapp(self, times: Mapping[str, datetime]) -> Sequence[Post]:
        integration = self.site.tenant.integration("whatsapp_cloud")
        address = integration["channels"][0]["address"]
        return [
            whatsapp(
                integration,
                changes=[
                    change(
                        address,
                        [{"from": number, "id": key, "timestamp": str(int(times[key].timestamp())), **content}],
                        name=name,
                    )
                ],
            )
            for name, number, key, content in WHATSAPP
        ]

    def _texts(self) -> Sequence[Post]:
        integration = self.site.tenant.integration("twilio")
        return [twilio(integration, MessageSid=sid, From=number, Body=body) for sid, number, body in TEXTS]

    def _mails(self, times: Mapping[str, datetime]) -> Sequence[Post]:
        return [self._mail(key, times[key], *mail) for key, mail in MAILS.items()]

    def _mail(self, key: str, sent: datetime, name: str, mailbox: str, subject: str, text: str, more: Json) -> Post:
        integration = self.site.tenant.integration("postmark")
        to = integration["channels"][0]["address"]
        passed = f"mx.example.net; dkim=pass header.d={mailbox.partition('@')[2]}; dmarc=pass"
        given = dict(more)
        fields = {
            "From": f"{name} <{mailbox}>",
            "FromName": name,
            "FromFull": {"Email": mailbox, "Name": name, "MailboxHash": ""},
            "To": to,
            "ToFull": [{"Email": to, "Name": "", "MailboxHash": ""}],
            "CcFull": [],
            "OriginalRecipient": to,
            "Subject": subject,
            "MessageID": key,
            "Date": format_datetime(sent),
            "TextBody": text,
            "Attachments": [],
            "Headers": [
                {"Name": "Message-ID", "Value": f"<{key}@mail.example.org>"},
                {"Name": "Authentication-Results", "Value": passed},
                *given.pop("Headers", []),
            ],
            **given,
        }
        return postmark_raw(integration, orjson.dumps(fields))


def _text(body: str, answers: str | None = None) -> Json:
    context = {"context": {"id": answers, "from": "12025550110"}} if answers else {}
    return {"type": "text", "text": {"body": body}, **context}


def _file(name: str, kind: str, size: int, content_id: str = "") -> Json:
    content = base64.b64encode(b"\x89PNG" if kind == "image/png" else b"%PDF" + bytes(size)).decode()
    return {"Name": name, "Content": content, "ContentType": kind, "ContentLength": size, "ContentID": content_id}


def _media(kind: str, **fields: Any) -> Json:
    return {"type": kind, kind: {"id": "1013859600285441", "sha256": "", **fields}}


AGES = {
    **{"d1": 1500.0, "d2": 1490, "d3": 46, "d4": 45, "d5": 44, "d6": 39, "d7": 12, "d8": 11},
    **{"k1": 190, "k2": 26, "k3": 25, "l1": 330, "l2": 3, "m1": 1700},
    **{f"SM{'1' * 32}": 150, f"SM{'2' * 32}": 140, f"SM{'3' * 32}": 48, f"SM{'4' * 32}": 400, f"SM{'5' * 32}": 2900},
    **{"e1": 1600, "e2": 64, "e3": 255, "e4": 3100},
}
DANA, KOFI = ("Dana Reyes", "12025550142"), ("Kofi Mensah", "12025550147")
LUCIA, MEI = ("Lucía Ortega", "12025550151"), ("Mei Tanaka", "12025550158")
WHATSAPP: Sequence[tuple[str, str, str, Json]] = [
    (*DANA, "d1", _text("Hi! Is the oak table from the spring catalogue still in stock?")),
    (*DANA, "d2", _text("Perfect, thank you")),
    (*DANA, "d3", _media("image", mime_type="image/jpeg", caption="This is the corner it has to fit into")),
    (*DANA, "d4", {"type": "location", "location": {
        "latitude": 38.8977, "longitude": -77.0365, "name": "Back entrance", "address": "16 Mill Lane"}}),
    (*DANA, "d5", _text("Two of them, please, and four of the grey chairs", answers="a1")),
    (*DANA, "d6", {"type": "reaction", "reaction": {"message_id": "a2", "emoji": "❤"}}),
    (*DANA, "d7", _text("Friday works. Can the driver call me when he is close?")),
    (*DANA, "d8", _media("audio", mime_type="audio/ogg; codecs=opus", voice=True)),
    (*KOFI, "k1", _text("Good morning, my order 20931 says delivered but nothing is here")),
    (*KOFI, "k2", _text("Found it! The neighbour took it in.")),
    (*KOFI, "k3", _text("Sorry for the trouble, and thank you for looking into it so quickly")),
    (*LUCIA, "l1", _text("Hola, ¿tienen la lámpara en color verde?")),
    (*LUCIA, "l2", _media("document", mime_type="application/pdf", filename="plano-salon.pdf")),
    (*MEI, "m1", _text("Could I still change order 20977?")),
]  # fmt: skip
TEXTS = [
    (f"SM{'1' * 32}", "+12025550163", "Is the shop open on Sunday?"),
    (f"SM{'2' * 32}", "+12025550163", "ok thx"),
    (f"SM{'3' * 32}", "+12025550163", "Do I need an appointment for the kitchen advice?"),
    (f"SM{'4' * 32}", "+12025550169", "Your driver called, I was in a meeting. Please leave it with the porter."),
    (f"SM{'5' * 32}", "+12025550174", "Pls call me back about the invoice. Any time after 4"),
]
MAILS: Mapping[str, tuple[str, str, str, str, Json]] = {
    "e1": (
        "Amara Okafor", "amara.okafor@example.org", "Offer for 24 office chairs", "Could you send me an offer?",
        {"HtmlBody": ASKED},
    ),
    "e2": (
        "Amara Okafor", "amara.okafor@example.org", "Re: Offer for 24 office chairs",
        "Thank you for the quick answer. We take the 24 office chairs, half of them in slate and half in sand.",
        {"HtmlBody": OFFER, "Headers": [{"Name": "References", "Value": "<e1@mail.example.org>"}],
         "CcFull": [{"Email": "facilities@example.org", "Name": "Facilities", "MailboxHash": ""}],
         "Attachments": [_file("floor-plan.png", "image/png", 4, "plan@office"),
                         _file("purchase-order-8841.pdf", "application/pdf", 182_000)]},
    ),
    "e3": (
        "Jonas Lindqvist", "jonas@example.net", "Cabinet: drawer does not close",
        "The second drawer of the cabinet does not close any more. What do I do?", {},
    ),
    "e4": ("Priya Nair", "priya.nair@example.com", "Invoice 4417", "Please cancel it, it was paid twice.", {}),
}  # fmt: skip
LABELS = [("Delivery", "blue"), ("Workshop", "amber"), ("Regulars", "violet")]
#: Where it is made, and what.
SHARED: Sequence[tuple[str, Json]] = [
    ("canned-replies", {"shortcut": "hours", "name": "Opening hours", "shared": True,
                        "text": "Hello {{customer.first_name}}, we are open from 11 to 5, also on Sundays."}),
    ("canned-replies", {"shortcut": "thanks", "name": "Thanks", "text": "Thank you, we are on it.", "shared": True}),
    ("custom-fields", {"key": "level", "name": "Level", "type": "choice", "choices": ["gold", "silver"]}),
    ("custom-fields", {"key": "since", "name": "Customer since", "type": "date"}),
    ("views", {"name": "Urgent and open", "filters": {"priority": ["urgent"], "status": ["open"]}, "shared": True}),
    ("invitations", {"email": "robin@example.org", "role": "operator"}),
]  # fmt: skip
#: To which message, the answer's id, what it says, minutes later.
ANSWERS = [
    ("d1", "a1", "Good morning Dana, it is: three left in the 180 cm size.", 3.0),
    ("d5", "a2", "Done. Two tables and four chairs, 1,284.00 in all. Does Friday between 9 and 12 suit you?", 3),
    ("k1", "a3", "Good morning Kofi, I am asking the driver. Give me ten minutes.", 4),
    (f"SM{'1' * 32}", "a4", "Yes, from 11 to 5. The kitchen studio has its own hours, though.", 6),
]
