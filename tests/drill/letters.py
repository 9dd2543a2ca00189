"""What customers write: drawn by chance, and made into signed webhooks as the providers would post them."""

import random
from collections.abc import Sequence
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
    """A post that is to be made.

    Attributes:
        company: to whom.
        provider: through whom.
        marks: of its messages.
        sender: which customer, by number.
        seed: makes the provider's ids.
    """

    company: Company
    provider: str
    marks: Sequence[str]
    sender: int
    seed: int


def drawn(company: Company, first: int, chance: random.Random) -> Letter:
    """Draw a letter; its marks are numbered from ``first`` on."""
    provider = chance.choices(PROVIDERS, [WEIGHTS[one] for one in PROVIDERS])[0]
    several = provider == "whatsapp_cloud" and chance.random() < TOGETHER_CHANCE
    count = chance.randint(2, MOST_TOGETHER) if several else 1
    marks = [mark(company.name, first + place) for place in range(count)]
    return Letter(company, provider, marks, chance.randrange(CUSTOMERS), chance.getrandbits(64))


def posted(letter: Letter, now: datetime) -> Post:
    """Return a letter as its provider posts it now: the same at each repetition, but for the time that is signed."""
    company, sender = letter.company, letter.sender
    name = mark(company.name, NAMES_FROM + sender)
    if len(letter.marks) > 1:
        items = [
            text(f"wamid.{one}", f"Message {one}", sender=_number(sender)[1:], at=int(now.timestamp()))
            for one in letter.marks
        ]
        return whatsapp(company.integration(letter.provider), items)
    [one] = letter.marks
    account, imitation = company.accounts[letter.provider], IMITATIONS[letter.provider]
    channel, address = account.addresses[0]
    mail = channel == "email"
    written = Written(
        account=account,
        channel=channel,
        address=address,
        customer=f"customer{sender}.{company.name}@example.org" if mail else _number(sender),
        name=name,
        text=f"Message {one}",
        subject=f"Subject {one}" if mail else "",
    )
    unique = f"{random.Random(letter.seed).getrandbits(128):032x}"
    return _as_post(imitation.signed(imitation.write(written, now, unique), account, now))


def _number(sender: int) -> str:
    return f"+1202555{100 + sender:04}"


def _as_post(request: HttpRequest) -> Post:
    parts = urlsplit(request.url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return Post(path, request.body, request.headers.as_dict())
