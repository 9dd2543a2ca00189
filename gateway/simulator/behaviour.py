"""How an imitated provider behaves: well, unless it is told otherwise, or the recipient's address says so."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

#: Why a message is refused, in words that each provider translates into its own. Any other word is taken for a code of
#: the provider's, and answered as it is.
REASONS = ("undeliverable", "window", "opted_out", "busy", "trouble", "login")

MOST_ORDERS = 500
MOST_COUNTED = 10_000

Reason = Annotated[str, Field(pattern=r"^[a-z_]{1,30}$|^[0-9]{1,10}$")]


class Behaviour(BaseModel):
    """What an imitated provider does with a message. As it stands, everything goes well."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    delay: float = Field(default=0, ge=0, le=600, description="Seconds before it answers.")
    refuse: Reason | None = Field(
        default=None, description=f"Refuse it: {', '.join(REASONS)}, or a code of the provider's."
    )
    retry_after: int | None = Field(default=None, ge=0, le=86_400, description="The seconds that a refusal asks for.")
    lose: bool = Field(default=False, description="Close the connection, and forget the message.")
    answer: Literal["normal", "hang", "close"] = Field(
        default="normal", description="Take it, but never answer; or close the connection instead of an answer."
    )
    early: bool = Field(default=False, description="Let all statuses come before the answer.")
    fail: Reason | None = Field(default=None, description="Take it, and tell afterwards that it failed.")
    steps: int | None = Field(default=None, ge=0, le=10, description="Tell only so many statuses.")
    repeat: int = Field(default=1, ge=1, le=20, description="Post each status so many times.")
    reorder: bool = Field(default=False, description="Post the last status first.")
    replies: bool = Field(default=True, description="Let the customer answer.")
    times: int | None = Field(
        default=None, ge=1, le=10_000, description="Behave like this for so many messages, then well."
    )


class Order(BaseModel):
    """Whom a behaviour is for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str | None = Field(default=None, max_length=60, description="At this provider; null for all.")
    recipient: str | None = Field(default=None, max_length=320, description="To this address; null for all.")
    behaviour: Behaviour


WELL = Behaviour()

#: How a recipient decides what happens: the last four digits of a number, or what stands before the @ of a mailbox.
MAGIC: Mapping[tuple[str, str], Behaviour] = {
    ("0188", "trouble"): Behaviour(refuse="trouble"),
    ("0189", "window"): Behaviour(refuse="window"),
    ("0190", "refused"): Behaviour(refuse="undeliverable"),
    ("0191", "bounce"): Behaviour(fail="undeliverable"),
    ("0192", "busy"): Behaviour(refuse="busy", retry_after=3, times=2),
    ("0193", "hang"): Behaviour(answer="hang"),
    ("0194", "closed"): Behaviour(answer="close"),
    ("0195", "lost"): Behaviour(lose=True),
    ("0196", "slow"): Behaviour(delay=8),
    ("0197", "repeat"): Behaviour(repeat=3, reorder=True),
    ("0198", "stopped"): Behaviour(refuse="opted_out"),
    ("0199", "silent"): Behaviour(steps=2, replies=False),
}
_BY_DIGITS = {digits: behaviour for (digits, _), behaviour in MAGIC.items()}
_BY_NAME = {name: behaviour for (_, name), behaviour in MAGIC.items()}

Key = tuple[str | None, str | None]


class Behaviours:
    """What was told, and how often it was followed. An order for a recipient goes before one for all of a provider."""

    def __init__(self) -> None:
        self._orders: OrderedDict[Key, Order] = OrderedDict()
        self._followed: OrderedDict[tuple[str, Key], int] = OrderedDict()

    def tell(self, order: Order) -> None:
        """Follow an order from now on, instead of an earlier one for the same; the oldest are dropped."""
        key = (order.provider, order.recipient)
        self._orders.pop(key, None)
        self._followed.pop(("told", key), None)
        self._orders[key] = order
        while len(self._orders) > MOST_ORDERS:
            self._orders.popitem(last=False)

    def forget(self) -> None:
        """Behave well to all, and begin anew with addresses that decide what happens."""
        self._orders.clear()
        self._followed.clear()

    @property
    def told(self) -> list[Order]:
        """All orders, the oldest first."""
        return list(self._orders.values())

    def of(self, provider: str, recipient: str) -> Behaviour:
        """Return how a provider behaves with one more message to a recipient, and count it."""
        for_recipient = ((provider, recipient), (None, recipient))
        for_all: tuple[Key, ...] = ((provider, None), (None, None))
        told = self._told(for_recipient)
        if told is None:
            told = self._counted("magic", (provider, recipient), magic(recipient))
        if told is None:
            told = self._told(for_all)
        return told or WELL

    def _told(self, keys: tuple[Key, ...]) -> Behaviour | None:
        for key in keys:
            order = self._orders.get(key)
            behaviour = self._counted("told", key, order.behaviour if order else None)
            if behaviour is not None:
                return behaviour
        return None

    def _counted(self, kind: str, key: Key, behaviour: Behaviour | None) -> Behaviour | None:
        if behaviour is None or behaviour.times is None:
            return behaviour
        followed = self._followed.get((kind, key), 0)
        if followed >= behaviour.times:
            return None
        self._followed[kind, key] = followed + 1
        while len(self._followed) > MOST_COUNTED:
            self._followed.popitem(last=False)
        return behaviour


def magic(recipient: str) -> Behaviour | None:
    """Return what an address decides by itself; None for most."""
    local, at, _ = recipient.partition("@")
    return _BY_NAME.get(local.lower()) if at else _BY_DIGITS.get(recipient[-4:])
