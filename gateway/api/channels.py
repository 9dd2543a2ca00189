"""A channel as somebody enters it: an address at a provider."""

import re
from typing import Annotated

from pydantic import Field

from channels.adapter import Adapter
from channels.phone_numbers import e164
from gateway.model.provider import ChannelKind, kinds_of
from gateway.openapi import BodyModel
from gateway.problems import Fault, Invalid

#: A short text for people, on one line.
Words = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
MAILBOX = re.compile(r"[^\s@<>\"(),:;]+@[^\s@<>\"(),:;]+")


class ChannelBody(BodyModel):
    """An address at the provider."""

    kind: ChannelKind
    address: Words = Field(description="As the provider's description tells.")
    name: Words | None = Field(default=None, description="For people; without one, the address.")


class ChannelChange(BodyModel):
    """What is to be changed of a channel."""

    name: Words


def checked_channel(adapter: Adapter, channel: ChannelBody, pointer: str) -> ChannelBody:
    """Check a channel, and write its address in the one way in which webhooks will name it."""
    kinds = kinds_of(adapter)
    if channel.kind not in kinds:
        wrong = Fault("body", f"{pointer}/kind", f"this provider has {' and '.join(kinds)}")
        raise Invalid("this provider has no such channels", [wrong])
    address = channel.address.strip()
    if channel.kind != "email":
        return channel.model_copy(update={"address": e164(address) if address.startswith("+") else address})
    if not MAILBOX.fullmatch(address):
        raise Invalid("this is no mailbox", [Fault("body", f"{pointer}/address", "write it like support@example.org")])
    return channel.model_copy(update={"address": address.lower()})
