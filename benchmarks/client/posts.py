"""Signed WhatsApp text webhooks, each with a message of its own, as bytes that only have to be sent."""

import base64
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.client.hooks import Hook
from benchmarks.client.http import request
from gateway.demo.samples import signed_by_meta

# What Meta sends along.
HEADERS = {"User-Agent": "facebookexternalua", "Accept": "*/*", "Accept-Encoding": "deflate, gzip"}
TEXT = (
    "hello I ordered the blue one last week but it has not come yet could you please look where it is my address is"
    " still the same as before and somebody is at home every day until five thank you very much for your help with this"
)
WORDS = TEXT.split()
TEXT_WORDS = range(35, 70)  # makes bodies of 650 to 850 bytes
NUMBERS_PER_AREA = 100  # 555-0100 to 555-0199 are nobody's


@dataclass(frozen=True, slots=True)
class Post:
    """A webhook: the number of its message in this run, and the whole request."""

    number: int
    request: bytes


class PostMaker:
    """Makes posts.

    Args:
        hooks: all tenants.
        run: makes the messages of this run unlike those of any other.
        seed: of what is left to chance.
    """

    def __init__(self, hooks: Sequence[Hook], run: str, seed: int) -> None:
        self._hooks = hooks
        self._run = run
        self._chance = random.Random(seed)
        self._made = 0

    def introductions(self, tenants: range, senders: int) -> list[Post]:
        """Have each customer of some tenants write once, the tenants taking turns."""
        return [self._post(tenant, sender) for sender in range(senders) for tenant in tenants]

    def conversation(self, tenants: range, senders: int, count: int) -> list[Post]:
        """Have customers of some tenants write, in any order."""
        choose = self._chance.randrange
        return [self._post(tenants[choose(len(tenants))], choose(senders)) for _ in range(count)]

    def external_id(self, number: int) -> str:
        """Return WhatsApp's id of a message."""
        return "wamid." + base64.b64encode(f"{self._run}:{number:025d}".encode()).decode()

    def _post(self, tenant: int, sender: int) -> Post:
        number, self._made = self._made, self._made + 1
        hook = self._hooks[tenant]
        phone = phone_number(sender)
        length = self._chance.choice(TEXT_WORDS)
        message = {
            "from": phone,
            "id": self.external_id(number),
            "timestamp": str(int(time.time())),
            "text": {"body": " ".join(self._chance.choices(WORDS, k=length))},
            "type": "text",
        }
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "12025550110", "phone_number_id": hook.address},
            "contacts": [{"profile": {"name": f"Customer {sender}"}, "wa_id": phone}],
            "messages": [message],
        }
        sample = signed_by_meta(hook.connection, [{"value": value, "field": "messages"}], datetime.now(UTC))
        return Post(number, request("POST", hook.path, {**HEADERS, **sample.headers}, sample.body))


def phone_number(sender: int) -> str:
    """Return a number that is reserved for examples."""
    area, last = divmod(sender, NUMBERS_PER_AREA)
    return f"1{201 + area}55501{last:02d}"
