"""Reply tokens: the answers to each mail of ours come to an address of their own, which finds their conversation.

A token is the id of the mail, 74 bits of which are random: nobody who didn't get the mail can name it. It is kept
beside the Message-IDs of its conversation, as one more name of the thread; so it counts before them, and nothing else
is needed to trust it.
"""

import re
from uuid import UUID

from channels.mail.tokens import PLACEHOLDER

#: A UUIDv7, as ``gateway.model.ids`` makes them. What people put behind a plus themselves is none.
TOKEN = re.compile(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}")


def reply_address(pattern: str, message_id: UUID) -> str:
    """Return where the answers to a mail go.

    Args:
        pattern: the setting ``reply_address_pattern`` of its connection.
        message_id: our id of the mail.
    """
    return pattern.replace(PLACEHOLDER, message_id.hex)


def thread_name(token: str | None) -> str | None:
    """Return under which name the thread of a token is kept; no Message-ID is like it. None when it is no token."""
    return f"reply+{token}" if token is not None and TOKEN.fullmatch(token) else None
