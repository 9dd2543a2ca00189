"""A customer's address as somebody enters it."""

from pydantic import Field

from gateway.customers.addresses import AddressInvalid, normalised
from gateway.model.customer import IdentityKind
from gateway.openapi import BodyModel, QueryModel
from gateway.problems import Fault, Invalid
from gateway.store.customers import Address


class IdentityBody(BodyModel):
    """A way to reach a customer."""

    kind: IdentityKind
    value: str = Field(
        min_length=1, max_length=400, description="A number with its country code, an e-mail address, or a user id."
    )


class IdentityQuery(QueryModel):
    """Which of a customer's addresses."""

    kind: IdentityKind = Field(examples=["email"])
    value: str = Field(min_length=1, max_length=400, examples=["jane@example.org"])


def address_of(body: IdentityBody, pointer: str) -> Address:
    """Return an address in the spelling in which it is kept.

    Raises:
        Invalid: when it is none.
    """
    try:
        return Address(body.kind, normalised(body.kind, body.value))
    except AddressInvalid as error:
        raise Invalid("this is no such address", [Fault("body", f"{pointer}/value", str(error))]) from None


def spelled(given: IdentityQuery) -> str:
    """Return an address as it is kept, of whatever sender it came from."""
    try:
        return normalised(given.kind, given.value)
    except AddressInvalid:  # what webhooks brought need not be what we would take: a short code, a name
        return given.value.replace("\0", "")
