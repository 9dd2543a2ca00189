"""A session ends when its login does: all processes are told at once, and ask regularly, since that may be lost."""

import structlog

from gateway.live.hub import LOGIN_ENDED, Hub
from gateway.live.session import Login, Session
from gateway.problems import Unauthenticated
from gateway.store.pool import DatabaseUnavailable

log = structlog.get_logger(__name__)


async def recheck(hub: Hub) -> None:
    """Ask once for each login and API key, and close the sessions of those that no longer hold."""
    by_token: dict[bytes, list[Session]] = {}
    for session in hub.sessions:
        by_token.setdefault(session.login.token_hash, []).append(session)
    for sessions in by_token.values():
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
