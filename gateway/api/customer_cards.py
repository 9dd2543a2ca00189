"""A customer's card as somebody fills it in: labels, the tenant's own fields, and a code that is theirs alone."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from gateway.customers.fields import ValueUnfit, fitting
from gateway.model.ids import parse
from gateway.problems import Fault, Invalid, Taken
from gateway.store import customers as store
from gateway.store import customers_fields
from gateway.store.pool import TenantTx

Values = dict[str, Any]  # Any: as the tenant's fields tell

#: The card of a customer of whom nothing is known yet.
EMPTY: Mapping[str, Any] = {
    "name": None, "business_name": None, "customer_code": None, "status": "active", "custom_fields": {},
}  # fmt: skip


async def wanted_labels(tx: TenantTx, label_ids: Sequence[str]) -> Sequence[UUID]:
    """Return the labels of these public ids, each once.

    Raises:
        Invalid: when one is not there.
    """
    wanted = list(dict.fromkeys(parse("lbl", label) for label in label_ids))
    known = await store.hold_labels(tx, wanted)
    if wrong := [place for place, label in enumerate(wanted) if label not in known]:
        faults = [Fault("body", f"/label_ids/{place}", "there is no such label") for place in wrong]
        raise Invalid("some labels are not there", faults)
    return wanted


async def changed_values(tx: TenantTx, was: Values, changes: Values) -> Values:
    """Return custom fields with some of them changed; what was stored under a removed field stays.

    Raises:
        Invalid: when there is no such field, or it does not take its value.
    """
    if not changes:
        return was
    fields = await customers_fields.of_tenant(tx)
    values, faults = dict(was), []
    for key, value in changes.items():
        if value is None:
            values.pop(key, None)
        elif key not in fields:
            faults.append(Fault("body", f"/custom_fields/{_step(key)}", "there is no such field"))
        else:
            try:
                values[key] = fitting(fields[key], value)
            except ValueUnfit as error:
                faults.append(Fault("body", f"/custom_fields/{_step(key)}", str(error)))
    if faults:
        raise Invalid("some custom fields are not acceptable", faults)
    return values


def _step(key: str) -> str:
    """Write a key as a step of a JSON pointer; a long one is cut."""
    return key[:100].replace("~", "~0").replace("/", "~1")


async def store_card(tx: TenantTx, customer_id: UUID, card: Values, *, new: bool = False) -> None:
    """Store a card.

    Raises:
        Taken: when somebody else has the code.
    """
    try:
        async with tx.connection.transaction():  # a savepoint: the owner is looked up after it failed
            await (store.add if new else store.change)(tx, customer_id, card)
    except asyncpg.UniqueViolationError:
        owner = await store.of_code(tx, card["customer_code"])
        told = f"the code {card['customer_code']} belongs to {owner or 'another customer'}"
        raise Taken(told, None if owner is None else owner.id) from None
