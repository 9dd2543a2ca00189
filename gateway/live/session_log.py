"""What is told of each session: a line when it begins, and one when it has ended."""

import time

import structlog

from gateway.live.session import Session

log = structlog.get_logger(__name__)


def opened(session: Session, kind: str) -> float:
    """Write that a session begins; returns when, for ``closed``.

    Args:
        session: that was let in.
        kind: websocket or stream.
    """
    log.info(
        "session.opened",
        session=session.id,
        kind=kind,
        tenant=str(session.login.tenant_id),
        user=session.login.user,
    )
    return time.perf_counter()


def closed(session: Session, kind: str, since: float, code: int | None = None) -> None:
    """Write how a session went.

    Args:
        session: that has ended.
        kind: as it began.
        since: when.
        code: that the client closed it with.
    """
    log.info(
        "session.closed",
        session=session.id,
        kind=kind,
        tenant=str(session.login.tenant_id),
        user=session.login.user,
        by="client" if session.hung_up is None else "server",
        reason="" if session.hung_up is None else session.hung_up[1],
        code=session.hung_up[0] if session.hung_up is not None else code and int(code),
        frames=session.frames,
        bytes=session.bytes,
        resumes=session.resumes,
        slow=session.fell_behind,
        seq=session.seq,
        seconds=round(time.perf_counter() - since, 3),
    )
