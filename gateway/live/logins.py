"""A session ends when its login does: told at once by a logout here, found out regularly otherwise."""

import structlog

from gateway.live.hub import LOGIN_ENDED, Hub
from gateway.live.session import Login, Session
from gateway.problems import Unauthenticated
from gateway.store.pool import DatabaseUnavailable

log = structlog.get_logger(__name__)


async def recheck(hub: Hub) -> None:
    """Ask once for each login and API key, and close the sessions of those that no longer hold."""
    by_key: dict[bytes, list[Session]] = {}
    for session in hub.sessions:
        by_key.setdefault(session.login.key, []).append(session)
    for sessions in by_key.values():
        if not await holds(sessions[0].login):
            for session in sessions:
                hub.hang_up(session, LOGIN_ENDED, "the login has ended")


async def holds(login: Login) -> bool:
    """Tell whether a login still holds. It does while nobody can be asked."""
    try:
        await login.check()
    except Unauthenticated:
        return False
    except DatabaseUnavailable:
        log.warning("live.login_not_checked")
    return True
