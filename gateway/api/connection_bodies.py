"""What a client says of a connection, new or changed."""

from typing import Any, Literal

from pydantic import Field

from gateway.api.channels import ChannelBody, Words
from gateway.openapi import BodyModel

Values = dict[str, Any]  # Any: the provider's model tells


class ConnectionBody(BodyModel):
    """A new connection."""

    provider: str = Field(max_length=40, examples=["twilio"])
    name: Words | None = Field(default=None, description="For people; without one, the provider's title.")
    credentials: Values = Field(description="As the provider's schema tells; kept encrypted, and never told again.")
    settings: Values = Field(default={}, description="As the provider's schema tells.")
    report_only: bool = Field(default=False, description="Take webhooks although their signature is not right.")
    channels: list[ChannelBody] = Field(default=[], max_length=200)


class ConnectionChange(BodyModel):
    """What is to be changed of a connection; what is left out stays."""

    name: Words | None = None
    credentials: Values = Field(default={}, description="Those that are named are set anew, or removed by null.")
    keep_previous: bool = Field(
        default=False, description="Secrets that are set anew still count: they move to the list previous_…"
    )
    settings: Values = Field(default={}, description="Those that are named are set anew, or removed by null.")
    report_only: bool | None = None
    status: Literal["active", "disabled"] | None = Field(default=None, description="disabled: webhooks get a 404.")
    silence: Literal["off", "low", "normal", "high"] | None = Field(
        default=None, description="How soon silence raises an alarm; off: never."
    )
