"""Which tables with personal data an operation reaches, as far as its path and its models tell."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from gateway.model.audit import SET_UP, TABLES, AccessPage, Table
from gateway.model.conversation import Conversation
from gateway.model.customer import Customer, CustomerNote, Merge
from gateway.model.customer_import import CustomerImport, ImportProblem
from gateway.model.delivery import Attempt, Delivery
from gateway.model.event import EventPage
from gateway.model.file import ChangedAttachment, File
from gateway.model.me import MeUser
from gateway.model.member import Invitation, LoginSession, Member
from gateway.model.message import Message
from gateway.model.own import Draft, Mention, Read
from gateway.model.pii import PiiResult
from gateway.model.search import FoundMessage
from gateway.model.webhook import Webhook
from gateway.openapi.operation import Operation

#: A model that is part of one of these is told by it: a conversation is shown with its customer's name, and the
#: beginning of its last message.
TABLE_OF: Mapping[type[BaseModel], Table] = {
    Customer: "customers",
    CustomerNote: "customer_notes",
    Merge: "customer_merges",
    CustomerImport: "customer_imports",
    ImportProblem: "customer_imports",
    Conversation: "conversations",
    Message: "messages",
    FoundMessage: "messages",
    ChangedAttachment: "attachments",
    File: "files",
    Draft: "drafts",
    Read: "reads",
    Mention: "messages",
    Webhook: "inbound_webhooks",
    Delivery: "webhook_deliveries",
    Attempt: "webhook_deliveries",
    EventPage: "events",
    MeUser: "users",
    Member: "users",
    Invitation: "invitations",
    LoginSession: "sessions",
    PiiResult: "pii_detection_results",
    AccessPage: "data_access_audit",
}
#: Of a path. What else has such an id is told by its conversation; how an endpoint or a key is set up tells of nobody,
#: and whether it is written down says each operation for itself.
TABLE_OF_PREFIX: Mapping[str, Table] = {
    records.prefix: table for table, records in TABLES.items() if records.key == "id" and table not in SET_UP
}


def tables_of(operation: Operation[Any, Any]) -> set[Table]:
    """Return the tables of an operation's path and of what it answers with."""
    named = TABLE_OF_PREFIX.get(operation.id_prefix or "")
    found = set() if named is None else {named}
    for answer in operation.answers.values():
        found.update(_tables_in(answer.model))
    return found


@cache
def _tables_in(model: Any) -> frozenset[Table]:
    return frozenset(_tables(model, set()))


def _tables(kind: Any, seen: set[Any]) -> Iterator[Table]:  # Any: whatever a field may be annotated with
    if kind in seen:
        return
    seen.add(kind)
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        for part in get_args(kind):
            yield from _tables(part, seen)
        return
    for model, table in TABLE_OF.items():
        if issubclass(kind, model):
            yield table
            return
    for field in kind.model_fields.values():
        yield from _tables(field.annotation, seen)
