"""How much one reader of the log may ask for, and how long things may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes or entries, times in seconds."""

    #: Unsent bytes of one socket; above it nothing more is written until it has read on.
    unsent_bytes: int = 256 * 1024
    #: How long a socket may stay above that before it is hung up.
    slow_seconds: float = 5.0
    #: How often a socket above that is looked at.
    drain_poll_seconds: float = 0.05
    #: From opening a socket to its ``resume``.
    first_frame_seconds: float = 10.0
    #: From a ping to the next one.
    heartbeat_seconds: float = 25.0
    #: How long a socket gets to take its close frame.
    close_seconds: float = 5.0
    #: One frame from a client.
    frame_bytes: int = 64 * 1024
    #: Frames that can't be understood, before the socket is closed.
    malformed_frames: int = 20
    #: Frames that one client may send in a second; then it is read more slowly.
    client_frames: int = 50
    #: Typing of one client in a second; what exceeds it is dropped.
    ephemeral_frames: int = 5
    #: How many entries a client may be behind and still resume.
    replay_entries: int = 10_000
    #: Entries of one read for one session that catches up.
    session_page: int = 200
    #: Entries of one tenant in one read for the hub.
    tenant_page: int = 500
    #: Tenants in one read for the hub.
    tenants_per_read: int = 50
    #: Frames of a tenant that are kept at hand while a session of it catches up.
    recent_frames: int = 512
    #: Sockets of a tenant that are written to at once; those of one with more are written to by and by, and other
    #: tenants' frames go in between.
    fan_out_at_once: int = 64
    #: Sockets that are written to before others have a turn.
    fan_out_slice: int = 256
    #: Entries of a tenant that wait for that; further ones are left in the log meanwhile.
    held_frames: int = 64
    #: Sessions that catch up read the log for so many at the same time; tenants take turns.
    reads_at_once: int = 2
    #: Sockets of one tenant on one process.
    sessions_per_tenant: int = 20_000
    #: Requests of one tenant on one process that wait for the next entry.
    waiting_per_tenant: int = 200
    #: Entries that are looked at for one page of some types.
    scanned_entries: int = 10_000
    #: From one look at the heads of all subscribed tenants to the next.
    poll_seconds: float = 1.5
    #: Before trying again what the database could not answer.
    retry_seconds: float = 0.5
    #: From one look at whether the logins of all sessions still hold to the next.
    recheck_seconds: float = 30.0
