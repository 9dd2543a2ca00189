"""Who may do what: the one table of roles and permissions. Every operation of the API names the permission it needs."""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

Role = Literal["owner", "admin", "manager", "operator", "viewer"]
Permission = Literal[
    "inbox.read",
    "account.write",
    "conversations.write",
    "messages.send",
    "customers.write",
    "customers.merge",
    "customers.import",
    "customers.export",
    "customers.privacy",
    "workspace.write",
    "webhooks.read",
    "webhooks.replay",
    "endpoints.write",
    "connections.write",
    "members.write",
    "api_keys.write",
    "tenant.write",
    "audit.read",
]

PERMISSIONS: tuple[Permission, ...] = get_args(Permission)

#: What each permission lets somebody do, for people.
MEANINGS: Mapping[Permission, str] = {
    "inbox.read": "Read conversations, customers, and how the inbox is set up.",
    "account.write": "Change one's own profile, logins and second factor.",
    "conversations.write": "Assign, snooze, resolve and label conversations, write notes and drafts.",
    "messages.send": "Write to customers.",
    "customers.write": "Change customers, their labels, fields and notes.",
    "customers.merge": "Make one customer of two, and undo it.",
    "customers.import": "Import customers from a file.",
    "customers.export": "Export customers to a file.",
    "customers.privacy": "Export all that is known of a customer, or erase it for good.",
    "workspace.write": "Manage teams, labels, canned replies, custom fields and shared views.",
    "webhooks.read": "See raw webhooks as the providers sent them, and what is delivered to endpoints.",
    "webhooks.replay": "Have raw webhooks read again, and events delivered again.",
    "endpoints.write": "Manage the endpoints that events are delivered to, and their secrets.",
    "connections.write": "Connect providers and change their credentials.",
    "members.write": "Invite people, change their roles, and remove them.",
    "api_keys.write": "Make and revoke API keys.",
    "tenant.write": "Rename the workspace and change what holds for all of it.",
    "audit.read": "See and export who read and changed personal data.",
}

VIEWER = frozenset[Permission]({"inbox.read", "account.write"})
OPERATOR = VIEWER | frozenset[Permission]({"conversations.write", "messages.send", "customers.write"})
MANAGER = OPERATOR | frozenset[Permission](
    {
        "customers.merge",
        "customers.import",
        "customers.export",
        "workspace.write",
        "webhooks.read",
        "webhooks.replay",
    }
)
ADMIN = MANAGER | frozenset[Permission](
    {"customers.privacy", "endpoints.write", "connections.write", "members.write", "api_keys.write"}
)
OWNER = ADMIN | frozenset[Permission]({"tenant.write", "audit.read"})

OF_ROLE: Mapping[Role, frozenset[Permission]] = {
    "viewer": VIEWER,
    "operator": OPERATOR,
    "manager": MANAGER,
    "admin": ADMIN,
    "owner": OWNER,
}

#: An API key is nobody's account.
OF_KEYS = frozenset(PERMISSIONS) - {"account.write"}
READING = frozenset[Permission]({"inbox.read", "webhooks.read"})
#: What older API keys have that name no permission: all there was, nothing that tells of everybody or erases for good.
UNNAMED = OF_KEYS - {"audit.read", "customers.privacy"}
#: Words for many permissions, as the scope of an API key.
BROAD_SCOPES: Mapping[str, frozenset[Permission]] = {"read": READING, "write": UNNAMED}


def of_member(role: Role, extra: Iterable[str] = ()) -> frozenset[Permission]:
    """Return what a member may do.

    Args:
        role: in the tenant.
        extra: permissions that this member got on top; words that are none (any more) count for nothing.
    """
    return OF_ROLE[role] | {permission for permission in PERMISSIONS if permission in set(extra)}


def of_key(scopes: Iterable[str]) -> frozenset[Permission]:
    """Return what an API key may do; without any scope, ``UNNAMED``."""
    named = set(scopes)
    if not named:
        return UNNAMED
    granted = {permission for permission in OF_KEYS if permission in named}
    return frozenset(granted.union(*(BROAD_SCOPES[word] for word in named if word in BROAD_SCOPES)))
