"""Making one customer of two, and undoing it.

The merged customer's addresses, conversations, notes and labels become the kept one's; of the card, the kept one takes
what it lacks. Each thing taken is noted as a link, and undoing a merge gives back what its links name, unless somebody
else has it by then. What came since the merge goes with the address under which it came: new conversations, single
messages in a conversation that both shared, another spelling of a number, a user id that came with a number.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from channels.phone_numbers import aliases
from gateway.problems import NotFound, WrongState
from gateway.store import customer_merges as store
from gateway.store import customers
from gateway.store.customer_merges import Card, Link, Merge, Thread, Written
from gateway.store.customers import NUMBERS, Address
from gateway.store.log import Draft
from gateway.store.pool import TenantTx

TEXTS = ("name", "business_name", "customer_code")
FIELD = "custom_fields."
#: A webhook is stamped when it comes in, and stored a little later.
STAMPED_BEFORE = timedelta(minutes=1)
THREADED = frozenset({"customer", "merged"})


@dataclass(frozen=True, slots=True)
class Moved:
    """What a merge, or its undoing, has changed, for the log."""

    kept: UUID
    merged: UUID
    opened: Sequence[UUID] = ()
    conversations: Sequence[UUID] = ()
    messages: Sequence[UUID] = ()


async def merge(tx: TenantTx, merge_id: UUID, kept: UUID, other: UUID, user_id: UUID | None) -> Moved:
    """Make ``other`` a part of ``kept``.

    Raises:
        NotFound: when one of them is not there.
        WrongState: when one of them was merged already.
    """
    if not await customers.lock(tx, kept, other):
        raise NotFound("there is no such customer")
    to, of = await store.card(tx, kept), await store.card(tx, other)
    _require_own(to, "the customer to keep")
    _require_own(of, "the customer to merge")
    addresses = list(await store.identities(tx, other))
    labels = await store.labels(tx, kept, other)
    notes = await store.notes(tx, other)
    threads = await store.threads(tx, kept, other)
    own = [thread for thread in threads if thread.customer_id == other]
    held = {thread.channel_id for thread in threads if thread.customer_id == kept and thread.threading == "customer"}
    fields = _lacking(to, of)

    await store.add(tx, merge_id, kept, other, of.status, user_id)
    await store.link(tx, merge_id, [
        *[Link("identity", _key(address)) for address in addresses],
        *[Link("conversation", str(thread.id), thread.threading) for thread in own],
        *[Link("note", str(note)) for note in notes],
        *[Link("label", str(label), None if label in labels[kept] else "new") for label in sorted(labels[other])],
        *[Link("field", key, orjson.dumps(value).decode()) for key, value in fields.items()],
    ])  # fmt: skip
    await store.move_identities(tx, other, kept, addresses)
    await store.add_labels(tx, kept, sorted(labels[other]))
    await store.move_notes(tx, other, kept, notes)
    await store.move_threads(
        tx, kept, {t.id: "merged" if t.threading == "customer" and t.channel_id in held else t.threading for t in own}
    )
    if fields:
        await customers.change(tx, kept, _with(to, fields))
    return Moved(kept, other, conversations=[thread.id for thread in own])


async def undo(tx: TenantTx, merge_id: UUID, user_id: UUID | None, fresh_id: Callable[[], UUID]) -> Moved:
    """Make two of one again.

    Raises:
        NotFound: when there is no such merge.
        WrongState: when it was undone already, or a later merge or deletion stands in the way.
    """
    found = await store.get(tx, merge_id)
    if found is None:
        raise NotFound("there is no such merge")
    if not await customers.lock(tx, found.customer_id, found.merged_id):
        raise WrongState("the customer was deleted since; nothing is left to give back")
    found = await store.get(tx, merge_id)
    if found is None or found.undone:
        raise WrongState("this merge was undone already")
    to = await store.card(tx, found.customer_id)
    _require_own(to, "the kept customer")
    split = await _split(tx, found)

    await store.move_identities(tx, found.customer_id, found.merged_id, split.addresses)
    await store.move_notes(tx, found.customer_id, found.merged_id, [UUID(key) for key in split.keys("note")])
    await store.drop_labels(
        tx, found, [UUID(link.key) for link in split.links if link == Link("label", link.key, "new")]
    )
    taken = {link.key: orjson.loads(link.was or "null") for link in split.links if link.kind == "field"}
    await customers.change(tx, found.customer_id, _without(to, taken))
    moved = await _part(tx, found, split, fresh_id)
    await store.end(tx, found, user_id)
    return moved


async def drafts(tx: TenantTx, moved: Moved, fresh_id: Callable[[], UUID], *, merged: bool) -> Sequence[Draft]:
    """Return what the log is to tell; to be read once the log is locked.

    Args:
        merged: False when a merge was undone.
    """
    shown = await customers.shown(tx, [moved.kept, moved.merged])
    told: list[Draft] = []
    if merged:
        both = f'{{"customer":{shown[moved.kept]},"merged":{shown[moved.merged]}}}'
        told.append(Draft("customer.merged", None, both, fresh_id()))
    threads = await store.conversations_shown(tx, [*moved.opened, *moved.conversations])
    told += [Draft("conversation.created", key, data, key) for key, data in threads if key in moved.opened]
    for _, thread, data in await store.messages_shown(tx, moved.messages):
        told.append(Draft("message.updated", thread, data, fresh_id()))
    told += [Draft("conversation.updated", key, data, fresh_id()) for key, data in threads]
    if not merged:
        told += [Draft("customer.updated", None, shown[key], fresh_id()) for key in (moved.kept, moved.merged)]
    return told


@dataclass(slots=True)
class Split:
    """What goes back when a merge is undone.

    Attributes:
        links: what the merge took.
        addresses: which of the kept customer's go.
        staying: the others.
        going: conversations, each with the threading that it is to have.
        threads: all conversations of the kept customer before.
        written: messages since the merge, oldest first.
    """

    links: Sequence[Link]
    addresses: Sequence[Address]
    staying: Sequence[Address]
    threads: Sequence[Thread]
    written: Sequence[Written]
    going: dict[UUID, str] = field(default_factory=dict)

    def keys(self, kind: str) -> Sequence[str]:
        """Return the keys of the links of a kind."""
        return [link.key for link in self.links if link.kind == kind]


async def _split(tx: TenantTx, found: Merge) -> Split:
    links = await store.links(tx, found.id)
    others = await store.linked_by_others(tx, found)
    threads = await store.threads(tx, found.customer_id)
    since = found.created_at - STAMPED_BEFORE
    written = await store.written(tx, [thread.id for thread in threads], since)

    known = await store.identities(tx, found.customer_id)
    linked = {link.key for link in links if link.kind == "identity"}
    going = {address for address in known if _key(address) in linked}
    new = [
        address for address, at in known.items()
        if at >= found.created_at and address not in going and ("identity", _key(address)) not in others
    ]  # fmt: skip
    numbers = {address.value for address in going}
    met = {message.user_id for message in written if message.direction == "inbound" and message.sender in numbers}
    going |= {address for address in new if _belongs(address, numbers, met)}
    split = Split(links, [a for a in known if a in going], [a for a in known if a not in going], threads, written)

    was = {UUID(link.key): link.was or "mail" for link in links if link.kind == "conversation"}
    values = _values(split.addresses)
    for thread in threads:
        if thread.id in was:
            split.going[thread.id] = was[thread.id]
        elif thread.created_at >= since and ("conversation", str(thread.id)) not in others:
            first = next((message for message in written if message.conversation_id == thread.id), None)
            if first is not None and first.is_of(values):
                split.going[thread.id] = thread.threading
    _one_per_channel(split)
    return split


def _belongs(address: Address, numbers: set[str], met: set[str | None]) -> bool:
    """Tell whether an address that came since the merge is of somebody who has these numbers."""
    if address.kind in NUMBERS:
        return address.value in numbers or not numbers.isdisjoint(aliases(address.value))
    return address.value in met


def _one_per_channel(split: Split) -> None:
    """Of several conversations at one channel, the first stays the one that new messages go to."""
    held: set[UUID] = set()
    for thread in split.threads:
        if split.going.get(thread.id) == "customer":
            if thread.channel_id in held:
                split.going[thread.id] = "merged"
            held.add(thread.channel_id)


async def _part(tx: TenantTx, found: Merge, split: Split, fresh_id: Callable[[], UUID]) -> Moved:
    """Give the conversations back, and messages that came into the other's conversation since."""
    await store.move_threads(tx, found.merged_id, split.going)
    staying = [thread for thread in split.threads if thread.id not in split.going]
    held = {thread.channel_id: thread.id for thread in staying if thread.threading == "customer"}
    promoted: dict[UUID, str] = {}
    for thread in staying:
        if thread.threading == "merged" and thread.channel_id not in held:
            held[thread.channel_id] = thread.id
            promoted[thread.id] = "customer"
    await store.move_threads(tx, found.customer_id, promoted)
    held_by_merged = {t.channel_id: t.id for t in split.threads if split.going.get(t.id) == "customer"}

    opened: list[UUID] = []
    touched: dict[UUID, None] = dict.fromkeys([*split.going, *promoted])
    messages: list[UUID] = []
    for (source, goes), strays in _strays(split).items():
        channel = next(thread.channel_id for thread in split.threads if thread.id == source)
        theirs, owner = (held_by_merged, found.merged_id) if goes else (held, found.customer_id)
        if channel not in theirs:
            theirs[channel] = fresh_id()
            opened.append(theirs[channel])
            await store.open_thread(tx, theirs[channel], channel, owner, strays[0].occurred_at)
        moved = [message.id for message in strays]
        await store.move_messages(tx, source, theirs[channel], moved)
        messages += moved
        touched |= {source: None, theirs[channel]: None}
    return Moved(found.customer_id, found.merged_id, opened, [key for key in touched if key not in opened], messages)


def _strays(split: Split) -> Mapping[tuple[UUID, bool], Sequence[Written]]:
    """Return messages that are of the one customer and in a conversation of the other one.

    By conversation and whether they go to the customer who was merged. A mail stays in its thread.
    """
    going, staying = _values(split.addresses), _values(split.staying)
    threaded = {thread.id for thread in split.threads if thread.threading in THREADED}
    found: dict[tuple[UUID, bool], list[Written]] = {}
    for message in split.written:
        goes = message.is_of(going)
        if message.conversation_id not in threaded or goes == message.is_of(staying):
            continue
        if goes != (message.conversation_id in split.going):
            found.setdefault((message.conversation_id, goes), []).append(message)
    return found


def _values(addresses: Sequence[Address]) -> set[str]:
    """Return addresses as messages name them."""
    return {spelled for address in addresses for spelled in (address.value, address.value.lower())}


def _key(address: Address) -> str:
    return f"{address.kind} {address.value}"


def _require_own(card: Card, who: str) -> None:
    if card.status == "merged":
        raise WrongState(f"{who} was merged into another one; undo that first, or name the other one")


def _lacking(to: Card, of: Card) -> Mapping[str, Any]:
    """Return what one card has and the other lacks; keys of custom fields begin with ``custom_fields.``."""
    texts = {key: getattr(of, key) for key in TEXTS if getattr(to, key) is None and getattr(of, key) is not None}
    fields = {FIELD + key: value for key, value in of.custom_fields.items() if key not in to.custom_fields}
    return texts | fields


def _with(card: Card, taken: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a card that has taken something."""
    texts = {key: value for key, value in taken.items() if key in TEXTS}
    fields = {key.removeprefix(FIELD): value for key, value in taken.items() if key not in TEXTS}
    return {**_columns(card), **texts, "custom_fields": {**card.custom_fields, **fields}}


def _without(card: Card, taken: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a card that gives back what it took, where it is still that."""
    texts = {key: None for key in TEXTS if key in taken and getattr(card, key) == taken[key]}
    fields = {
        key: value
        for key, value in card.custom_fields.items()
        if FIELD + key not in taken or taken[FIELD + key] != value
    }
    return {**_columns(card), **texts, "custom_fields": fields}


def _columns(card: Card) -> Mapping[str, Any]:
    return {key: getattr(card, key) for key in (*TEXTS, "status", "custom_fields")}
