"""What agents put into a thread beside messages: private notes, and quiet lines on what somebody did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.store.pool import TenantTx


@dataclass(frozen=True, slots=True)
class Author:
    """Who does something, and when.

    Attributes:
        user_id: the member; None: nobody in person.
        cause: then, what did it: ``api_key``, ``snooze``, ``message`` or ``rotation``.
        moment: now, in UTC.
        new_id: makes an id of a moment given in milliseconds.
    """

    user_id: UUID | None
    cause: str | None
    moment: datetime
    new_id: Callable[[int], UUID]

    @property
    def now(self) -> datetime:
        """The moment in the milliseconds that the log tells: both must put things in the same order."""
        return self.moment.replace(microsecond=self.moment.microsecond // 1000 * 1000)

    def fresh_id(self) -> UUID:
        """Make an id of this moment."""
        return self.new_id(int(self.moment.timestamp() * 1000))


ADD = """
INSERT INTO messages (tenant_id, id, conversation_id, channel_id, direction, medium, kind, text, preview, extra, status,
    author_id, mentions, occurred_at, received_at)
SELECT c.tenant_id, $3, c.id, c.channel_id, 'internal', h.kind, $4, $5, $6, $7::text::jsonb, 'received', $8,
    $9::uuid[], $10, $10
FROM conversations c JOIN channels h ON h.tenant_id = c.tenant_id AND h.id = c.channel_id
WHERE c.tenant_id = $1 AND c.id = $2
"""


async def add(
    tx: TenantTx,
    conversation_id: UUID,
    key: UUID,
    kind: str,
    author: Author,
    *,
    text: str | None = None,
    preview: str = "",
    mentions: Sequence[UUID] = (),
    extra: str = "{}",
) -> None:
    """Add a note or a line to a thread whose conversation is locked.

    Args:
        key: a new id.
        kind: ``note`` or ``activity``.
        extra: JSON text.
    """
    await tx.connection.execute(
        ADD, tx.tenant_id, conversation_id, key, kind, text, preview, extra, author.user_id, list(mentions), author.now
    )


SHOWN = "SELECT message_json(m)::text FROM messages m WHERE m.tenant_id = $1 AND m.id = $2"


async def shown(tx: TenantTx, message_id: UUID) -> str:
    """Return one of them as JSON text, for the log."""
    found: str = await tx.connection.fetchval(SHOWN, tx.tenant_id, message_id)
    return found
