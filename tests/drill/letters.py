"""What customers write: drawn by chance, and made into signed webhooks as the providers would post them."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from channels.http import HttpRequest
from gateway.simulator.imitation import Written
from gateway.simulator.providers import IMITATIONS
from tests.drill.companies import PROVIDERS, Company
from tests.drill.marks import mark
from tests.ingest.posts import Post, text, whatsapp

#: How often each provider's turn is: most of the traffic is chat.
WEIGHTS = {"whatsapp_cloud": 5, "twilio": 3, "postmark": 1, "sendgrid": 1}
CUSTOMERS = 40
#: WhatsApp brings several messages in one post when there is much to tell.
TOGETHER_CHANCE = 0.2
MOST_TOGETHER = 3
#: The numbers of marks that are names of customers, not messages.
NAMES_FROM = 9_000_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A post that is to be made, as often as it takes.

    Attributes:
        provider: that posts it.
        marks: of its messages.
        signed: returns it as it is posted at a time: always the same bytes, but some sign the time, too.
    """

    provider: str
    marks: Sequence[str]
    signed: Callable[[datetime], Post]


def drawn(company: Company, first: int, chance: random.Random, now: datetime) -> Letter:
    """Draw a letter that is written now; its marks are numbered from ``first`` on."""
    provider = chance.choices(PROVIDERS, [WEIGHTS[one] for one in PROVIDERS])[0]
    sender = chance.randrange(CUSTOMERS)
    if provider == "whatsapp_cloud" and chance.random() < TOGETHER_CHANCE:
        marks = [mark(company.name, first + place) for place in range(chance.randint(2, MOST_TOGETHER))]
        items = [
            text(f"wamid.{one}", f"Message {one}", sender=_number(sender)[1:], at=int(now.timestamp())) for one in marks
        ]
        post = whatsapp(company.integration(provider), items)
        return Letter(provider, marks, lambda _now: post)
    one = mark(company.name, first)
    account, imitation = company.accounts[provider], IMITATIONS[provider]
    channel, address = account.addresses[0]
    mail = channel == "email"
    written = Written(
        account=account,
        channel=channel,
        address=address,
        customer=f"customer{sender}.{company.name}@example.org" if mail else _number(sender),
        name=mark(company.name, NAMES_FROM + sender),
        text=f"Message {one}",
        subject=f"Subject {one}" if mail else "",
    )
    request = imitation.write(written, now, f"{chance.getrandbits(128):032x}")
    return Letter(provider, [one], lambda moment: _as_post(imitation.signed(request, account, moment)))


def _number(sender: int) -> str:
    return f"+1202555{100 + sender:04}"


def _as_post(request: HttpRequest) -> Post:
    parts = urlsplit(request.url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return Post(path, request.body, request.headers.as_dict())
