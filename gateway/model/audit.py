"""The audit of who reads and changes personal data: what an operation says of itself, and what is told of it later.

Each operation of the API that answers with personal data, or takes some, says so where it is declared::

    audit=Audit("read", "messages", "conversations")

The first table is the one it is about. Which of its records were reached is taken from the path, from the ids in the
answer and, otherwise, from what the handler names by ``call.reaches``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import Seq, Timestamp, public_id

#: What is done to records. "follow" is to be told of all that happens, as it happens.
Does = Literal["read", "search", "follow", "export", "create", "change", "remove", "import", "send", "replay"]
DOES: tuple[Does, ...] = get_args(Does)
READING = frozenset[Does]({"read", "search", "follow", "export"})

Table = Literal[
    "customers", "customer_notes", "customer_merges", "customer_imports", "conversations", "messages", "attachments",
    "files", "drafts", "reads", "inbound_webhooks", "webhook_deliveries", "events", "users", "invitations",
    "sessions", "pii_detection_results", "data_access_audit", "webhook_endpoints", "api_keys",
]  # fmt: skip
TABLE_NAMES: tuple[Table, ...] = get_args(Table)

#: Who it was: a person, a program, whoever has a link to a file, or somebody at the command line.
Actor = Literal["member", "api_key", "link", "operator"]
#: Of these there is no id.
Nameless = Literal["link", "operator"]
NAMELESS: tuple[Nameless, ...] = get_args(Nameless)


@dataclass(frozen=True, slots=True)
class Records:
    """How the records of a table are told.

    Attributes:
        prefix: of their ids.
        key: under which an id stands in an answer.
        personal: whether what is shown of one is personal data; otherwise it only tells of some.
        free: under which keys an answer about them has JSON of somebody else's making: what looks like an id in there
            is none.
    """

    prefix: str
    key: str = "id"
    personal: bool = True
    free: tuple[str, ...] = ()


#: What is somebody's own, or follows a conversation, is told by the conversation.
TABLES: Mapping[Table, Records] = {
    "customers": Records("cus", free=("custom_fields",)),
    "customer_notes": Records("cnt"),
    "customer_merges": Records("mrg"),
    "customer_imports": Records("imp"),
    "conversations": Records("cnv"),
    "messages": Records("msg", free=("extra",)),
    "attachments": Records("att"),
    "files": Records("file"),
    "drafts": Records("cnv", "conversation_id"),
    "reads": Records("cnv", "conversation_id", personal=False),
    "inbound_webhooks": Records("whk", free=("headers",)),
    "webhook_deliveries": Records("dlv", free=("extra", "custom_fields", "headers")),
    "events": Records("cnv", "conversation_id", free=("extra", "custom_fields", "headers")),
    "users": Records("usr"),
    "invitations": Records("inv"),
    "sessions": Records("ses"),
    "pii_detection_results": Records("pii", personal=False),
    "data_access_audit": Records("aud"),
    "webhook_endpoints": Records("ep", personal=False, free=("headers",)),
    "api_keys": Records("key", personal=False),
}
#: By what is in these nobody is told of, but personal data goes out by them: whoever makes and changes them is.
SET_UP = frozenset[Table]({"webhook_endpoints", "api_keys"})


@dataclass(frozen=True, slots=True, init=False)
class Audit:
    """What an operation does to which tables; of all but the first it only reads."""

    does: Does
    tables: tuple[Table, ...]

    def __init__(self, does: Does, *tables: Table) -> None:
        if not tables:
            raise TypeError("name the table that it is about")
        object.__setattr__(self, "does", does)
        object.__setattr__(self, "tables", tables)

    @property
    def main(self) -> Table:
        """The table that it is about."""
        return self.tables[0]

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.does not in READING


class AuditActor(Described):
    """Who it was."""

    kind: Actor = Field(description="link: whoever had a signed link to a file; operator: at the command line.")
    id: str | None = Field(description="Of the member (usr_…) or the API key (key_…).", examples=["usr_" + "0" * 32])
    name: str | None = Field(description="As they are called now.")


class Access(Described):
    """One table that a request reached."""

    id: Annotated[str, public_id("aud")]
    at: Timestamp
    actor: AuditActor
    operation: Does
    action: str = Field(description="The operation of this API (its operationId), or the command.")
    table: Table
    record_ids: list[str] = Field(description="What was reached; of events, the conversations that they are about.")
    first_seq: Seq | None = Field(description="Of events and endpoints: from this entry of the log on.")
    last_seq: Seq | None = Field(description="Up to this one; null: what came from then on.")
    contains_pii: bool = Field(description="Whether personal data itself was shown or changed.")
    ip: str | None
    user_agent: str | None
    request_id: str | None = Field(description="That of the answer, X-Request-Id.")


class AccessPage(Described):
    """A page of the audit, the newest first."""

    data: list[Access]
    next_cursor: str | None
