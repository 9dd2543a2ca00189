"""Rows of an imported file become customers: which one a row means, and what it changes of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from channels.phone_numbers import e164
from gateway.customers.addresses import AddressInvalid, normalised
from gateway.customers.csv_files import Row
from gateway.customers.fields import Value, ValueUnfit, read
from gateway.customers.plans import ADDRESSES, FIELD, TEXTS
from gateway.store import customer_imports as store
from gateway.store import customers
from gateway.store.customer_imports import Counts, Problem
from gateway.store.customers import NUMBERS, Address
from gateway.store.customers_fields import Field
from gateway.store.pool import TenantTx

LONGEST = 200
STATUSES = ("active", "blocked")
#: What our own export puts before a cell that a spreadsheet would take for a formula.
DEFUSED = ("'=", "'+", "'-", "'@", "'\t", "'\uff1d", "'\uff0b", "'\uff0d", "'\uff20")


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows of a file are to be taken.

    Attributes:
        columns: their names.
        targets: what each column holds; None: nothing that counts.
        country: the ISO 3166 code of the country that national numbers belong to.
        label_ids: labels for everybody in the file.
        fields: the tenant's own, by key.
        labels: the tenant's, by name in small letters.
    """

    columns: Sequence[str]
    targets: Sequence[str | None]
    country: str | None
    label_ids: Sequence[UUID]
    fields: Mapping[str, Field]
    labels: Mapping[str, UUID]


@dataclass(slots=True)
class Wish:
    """What a row tells of a customer; what it does not tell stays as it is."""

    row: Row
    card: dict[str, str] = field(default_factory=dict)
    custom_fields: dict[str, Value] = field(default_factory=dict)
    addresses: list[Address] = field(default_factory=list)
    labels: set[UUID] = field(default_factory=set)


@dataclass(slots=True)
class Batch:
    """What some rows come to."""

    created: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    changed: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    identities: list[tuple[str, str, UUID]] = field(default_factory=list)
    labels: list[tuple[UUID, UUID]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    made: int = 0
    updated: int = 0
    skipped: int = 0

    @property
    def counts(self) -> Counts:
        """Count the rows by what became of them."""
        return Counts(self.made, self.updated, self.skipped, len(self.problems))


class Outrun(Exception):
    """Somebody else changed what these rows are about in the same moment; they are to be looked at again."""


class _Unfit(ValueError):
    """A cell that can't be taken."""


async def prepared(tx: TenantTx, plan: Plan, rows: Sequence[Row], fresh_id: Callable[[], UUID]) -> Batch:
    """Find out what some rows come to; changes nothing, but keeps others from changing the customers they are about."""
    batch = Batch()
    wishes = [wish for row in rows if (wish := _wish(plan, row, batch)) is not None]
    owners = {a: o.id for a, o in (await customers.owners(tx, [a for w in wishes for a in w.addresses])).items()}
    codes = dict(await store.of_codes(tx, [w.card["customer_code"] for w in wishes if "customer_code" in w.card]))
    cards = dict(await store.cards(tx, sorted({*owners.values(), *codes.values()})))
    known = await _identities(tx, list(cards))
    for wish in wishes:
        code = wish.card.get("customer_code")
        found = {owners[a] for a in wish.addresses if a in owners} | ({codes[code]} if code in codes else set())
        if len(found) > 1:
            batch.problems.append(_problem(wish.row, "it names several customers, by its addresses or its code"))
            continue
        if not found and not (wish.addresses or wish.card.get("name") or wish.card.get("business_name")):
            batch.problems.append(_problem(wish.row, "it has neither a name nor an address"))
            continue
        key = found.pop() if found else fresh_id()
        if key not in cards:
            cards[key] = {"name": None, "business_name": None, "customer_code": None, "status": "active",
                          "custom_fields": {}, "labels": set()}  # fmt: skip
            known[key] = set()
            batch.created[key] = cards[key]
            batch.made += 1
            _fill(wish, key, cards[key], known[key], batch)
        elif _fill(wish, key, cards[key], known[key], batch):
            batch.updated += 1
            if key not in batch.created:
                batch.changed[key] = cards[key]
        else:
            batch.skipped += 1
        for address in wish.addresses:
            for kind in customers.kinds_of(address.kind):
                owners[Address(kind, address.value)] = key
        if code:
            codes[code] = key
    return batch


async def stored(tx: TenantTx, batch: Batch) -> None:
    """Store what some rows come to.

    Raises:
        Outrun: when somebody else has got an address or a code meanwhile.
    """
    try:
        async with tx.connection.transaction():
            for key, card in batch.created.items():
                await customers.add(tx, key, card)
            for key, card in batch.changed.items():
                await customers.change(tx, key, card)
            if not await store.add_identities(tx, batch.identities):
                raise Outrun
            await store.add_labels(tx, batch.labels)
    except asyncpg.UniqueViolationError:
        raise Outrun from None


def _fill(wish: Wish, key: UUID, card: dict[str, Any], known: set[Address], batch: Batch) -> bool:
    """Let a card tell what a row tells; False when it did already."""
    before = (dict(card), dict(card["custom_fields"]))
    card.update(wish.card)
    card["custom_fields"] = {**card["custom_fields"], **wish.custom_fields}
    new = [address for address in dict.fromkeys(wish.addresses) if address not in known]
    labels = wish.labels - card["labels"]
    known.update(new)
    card["labels"] = card["labels"] | labels
    batch.identities += [(address.kind, address.value, key) for address in new]
    batch.labels += [(key, label) for label in sorted(labels)]
    same = {**before[0], "labels": card["labels"]} == card and before[1] == card["custom_fields"]
    return bool(new or labels or not same)


def _wish(plan: Plan, row: Row, batch: Batch) -> Wish | None:
    """Read a row; None when it can't be taken, which is noted."""
    if row.fault is not None:
        batch.problems.append(_problem(row, row.fault))
        return None
    wish = Wish(row, labels=set(plan.label_ids))
    for column, target, cell in zip(plan.columns, plan.targets, row.cells, strict=True):
        text = cell.strip()
        text = text[1:] if text.startswith(DEFUSED) else text
        if target is None or not text:
            continue
        try:
            _take(plan, wish, target, text)
        except (_Unfit, AddressInvalid, ValueUnfit) as error:
            batch.problems.append(_problem(row, str(error), column))
            return None
    return wish


def _take(plan: Plan, wish: Wish, target: str, text: str) -> None:
    """Note what a cell tells."""
    if "\0" in text:
        raise _Unfit("it holds a NUL")
    if target in TEXTS:
        wish.card[target] = _line(text)
    elif target == "status":
        if text.lower() not in STATUSES:
            raise _Unfit(f"this should be {' or '.join(STATUSES)}")
        wish.card["status"] = text.lower()
    elif target == "labels":
        for name in filter(None, (part.strip() for part in text.replace(";", ",").split(","))):
            if name.lower() not in plan.labels:
                raise _Unfit(f"there is no label {name[:100]}")
            wish.labels.add(plan.labels[name.lower()])
    elif target in ADDRESSES:
        for part in filter(None, (part.strip() for part in text.replace(";", ",").split(","))):
            number = e164(part, plan.country) if target in NUMBERS else part
            wish.addresses.append(Address(target, normalised(target, number)))
    else:
        key = target.removeprefix(FIELD)
        wish.custom_fields[key] = read(plan.fields[key], text)


def _line(text: str) -> str:
    if len(text) > LONGEST or any(ord(letter) < ord(" ") or letter == "\x7f" for letter in text):
        raise _Unfit(f"this should be one line of at most {LONGEST} characters")
    return text


def _problem(row: Row, detail: str, column: str | None = None) -> Problem:
    return Problem(row.number, column, detail, [cell.replace("\0", "") for cell in row.cells])


async def _identities(tx: TenantTx, customer_ids: Sequence[UUID]) -> dict[UUID, set[Address]]:
    found: dict[UUID, set[Address]] = {key: set() for key in customer_ids}
    for key, address in await store.identities(tx, customer_ids):
        found[key].add(address)
    return found
