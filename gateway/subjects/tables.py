"""Every table of a tenant: what becomes of its rows when a customer is erased, and where an export has them.

A test holds this against the catalogue of the database: a new table has to be named here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Reached:
    """A table that holds personal data of customers.

    Attributes:
        how: whether rows go, or are emptied.
        holds: what they tell, in words.
        exported: the file of an archive that has them; None: see ``instead``.
        instead: why no file has them.
    """

    how: Literal["removed", "emptied"]
    holds: str
    exported: str | None
    instead: str = ""


UPLOADED = "it is what the workspace uploaded"
DERIVED = "made from what is in other files"

REACHED: Mapping[str, Reached] = {
    "customers": Reached("emptied", "names, code and own fields of the customer", "customer"),
    "customer_identities": Reached("removed", "addresses", "customer"),
    "customer_labels": Reached("removed", "labels of the customer", "customer"),
    "customer_notes": Reached("removed", "notes on the customer", "notes"),
    "customer_merges": Reached("removed", "merges of the customer with others", "merges"),
    "customer_merge_links": Reached("removed", "what a merge moved", "merges"),
    "consents": Reached("removed", "words on being written to; of a refusal a digest stays", "consents"),
    "conversations": Reached("emptied", "subjects and state of conversations", "conversations"),
    "conversation_labels": Reached("removed", "labels of conversations", "conversations"),
    "drafts": Reached("removed", "replies that nobody sent", "drafts"),
    "reads": Reached("removed", "how far members read", None, "tells of members"),
    "mentions": Reached("removed", "notes that call members", None, DERIVED),
    "mail_threads": Reached("removed", "ids of mails", None, DERIVED),
    "reopenings": Reached("removed", "when conversations were opened again", None, DERIVED),
    "messages": Reached("emptied", "messages, internal notes and lines on what happened", "messages"),
    "message_html": Reached("removed", "the HTML of mails", "messages"),
    "message_changes": Reached("removed", "earlier texts of messages", "message_changes"),
    "message_statuses": Reached("removed", "receipts", "message_statuses"),
    "external_message_mappings": Reached("removed", "providers' ids of messages", "message_statuses"),
    "attachments": Reached("removed", "names and kinds of files", "messages"),
    "files": Reached("removed", "the files themselves, and archives of exports", "files"),
    "sends": Reached("removed", "what was sent", "sends"),
    "search_documents": Reached("removed", "words of search", None, DERIVED),
    "events": Reached("emptied", "entries of the log", None, DERIVED),
    "old_events": Reached("emptied", "old entries of the log", None, DERIVED),
    "webhook_deliveries": Reached("emptied", "what was told to endpoints", "deliveries"),
    "webhook_attempts": Reached("emptied", "what endpoints answered", None, "what others' servers said of themselves"),
    "inbound_webhooks": Reached("emptied", "raw webhooks", "webhooks"),
    "idempotency_keys": Reached("removed", "answers to programs, of two days", None, DERIVED),
    "customer_imports": Reached("emptied", "first rows of imported files", None, UPLOADED),
    "customer_import_pieces": Reached("removed", "files that were still to be imported", None, UPLOADED),
    "customer_import_problems": Reached("removed", "rows that could not be imported", None, UPLOADED),
    "pii_detection_results": Reached("removed", "where personal data was found", "personal_data"),
    "data_requests": Reached("emptied", "archives of exports", "data_requests"),
    "erasure_marks": Reached(
        "removed", "what an erasure has still to do", None, "there are none but during an erasure"
    ),
}

IDS = "it holds ids and numbers only"
STAFF = "it is of the workspace's own people"
SETUP = "it is how the workspace is set up"

#: Tables that hold nothing of customers, and why that is so.
UNTOUCHED: Mapping[str, str] = {
    "api_keys": STAFF,
    "app_routes": SETUP,
    "canned_replies": SETUP,
    "channel_alarms": "it tells of connections; its words come from the provider's warning about them",
    "channels": SETUP,
    "custom_fields": SETUP,
    "data_access_audit": "it holds ids, and tells what members and programs did",
    "delivery_heads": IDS,
    "encryption_keys": SETUP,
    "erased_messages": "it holds digests of ids, which nobody can turn back",
    "erasure_keys": SETUP,
    "external_integrations": SETUP,
    "invitations": STAFF,
    "labels": SETUP,
    "memberships": STAFF,
    "message_templates": SETUP,
    "pii_detection_rules": SETUP,
    "pii_heads": IDS,
    "retention": SETUP,
    "search_heads": IDS,
    "send_lanes": IDS,
    "sessions": STAFF,
    "standing_alarms": "it tells of connections",
    "team_members": STAFF,
    "teams": SETUP,
    "tenant_heads": IDS,
    "views": SETUP,
    "webhook_endpoints": SETUP,
    "webhook_hours": IDS,
    "webhook_lanes": IDS,
    "webhook_minutes": IDS,
    "webhook_nonces": IDS,
    "webhook_recoveries": SETUP,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays of a customer who was erased, for the certificate.

    Attributes:
        what: in words.
        why: it stays.
        of: how it is counted: by rows that were emptied, by entries of the log, or as the erasure counted them itself
            (words against being written to, names of messages); or not at all.
    """

    what: str
    why: str
    of: Literal["emptied", "logged", "refusals", "digests", "always"]


#: Tables whose rows stay, and tell times and states only.
EMPTIED = ("customers", "conversations", "messages")
LOGGED = ("events", "old_events")
KEPT: Sequence[Kept] = (
    Kept(
        "the times and states of emptied rows",
        "they tell how many customers, conversations and messages there were, and of nobody",
        "emptied",
    ),
    Kept("the seq, id and time of entries of the log", "who reads the log sees no hole", "logged"),
    Kept("a digest of addresses that refused to be written to", "so that they are not written to again", "refusals"),
    Kept(
        "keyed digests of providers' ids of messages, for a while",
        "so that what is told again is recognised and not stored",
        "digests",
    ),
    Kept("records of who looked at what", "they hold ids, and prove who saw what", "always"),
    Kept("this request", "it holds the id that the customer had, and proves that they were erased", "always"),
)
