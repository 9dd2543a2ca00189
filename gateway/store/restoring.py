"""What a database that was put back from a backup has to be told. Over the connection of ``provisioning``."""

from dataclasses import dataclass

import asyncpg

# What was written after the backup is gone: positions that somebody saw mean nothing any more, even once the log has
# grown past them.
EPOCHS = "UPDATE tenant_heads SET epoch = gen_random_uuid()"
# Whatever waited then may have been sent since. A call whose worker was lost is what that is: it is never made again,
# told as "unknown", and left to whoever asks for it.
SENDS = """
UPDATE sends SET state = 'calling', lease_token = gen_random_uuid(), lease_until = now() WHERE state = 'queued'
"""
# Somebody may have logged out since, or been logged out.
SESSIONS = "DELETE FROM sessions"
RESETS = "DELETE FROM password_resets"


@dataclass(frozen=True, slots=True)
class Restored:
    """How many tenants got another epoch, how many messages will not be sent, and how many logins ended."""

    tenants: int
    sends: int
    sessions: int


async def note_restored(connection: asyncpg.Connection, *, send_what_waits: bool) -> Restored:
    """Give every log another epoch, end all logins, and send nothing that may have been sent.

    Args:
        connection: of ``provisioning``; no gateway runs yet.
        send_what_waits: nothing was sent after the backup, so what waits is still to be sent.
    """
    tenants = _count(await connection.execute(EPOCHS))
    sends = 0 if send_what_waits else _count(await connection.execute(SENDS))
    await connection.execute(RESETS)
    return Restored(tenants, sends, _count(await connection.execute(SESSIONS)))


def _count(tag: str) -> int:
    return int(tag.rsplit(" ", 1)[1])
