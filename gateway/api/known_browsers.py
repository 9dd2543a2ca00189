"""Browsers from which somebody came in before: whoever guesses that person's password elsewhere does not lock them out.

Each carries a slip that names the person and the browser, and has tries of its own. A slip opens nothing: it is given
only after a whole login, and with it there are as many tries as anybody else has
(https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies).
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from aiohttp import web

from gateway.access import cookie_name
from gateway.keys import Keyring
from gateway.people import slips

PURPOSE = "known browser"
COOKIE = "postgate_browser"
LASTS = timedelta(days=365)
ID_BYTES = 16


class KnownBrowsers:
    """Tells browsers that are known from others.

    Args:
        keyring: signs the slips.
        public_url: the page's own address; with https the slips are for encrypted connections only.
    """

    def __init__(self, keyring: Keyring, public_url: str) -> None:
        self._keyring = keyring
        self._secure = public_url.startswith("https:")
        self._cookie = cookie_name(COOKIE, public_url)

    def of(self, request: web.Request, who: UUID | str, now: datetime) -> str | None:
        """Return the name of a browser from which a person came in before; None for any other.

        Args:
            request: of the browser.
            who: the person, or their e-mail address as it is stored.
            now: the time.
        """
        values = slips.read(self._keyring, PURPOSE, request.cookies.get(self._cookie, ""), now)
        if values is None or _told(who) not in (values["user"], values["address"]):
            return None
        return values["browser"]

    def remember(self, request: web.Request, answer: web.Response, user_id: UUID, address: str, now: datetime) -> None:
        """Know a browser from now on, and the person who has just come in."""
        browser = self.of(request, user_id, now) or secrets.token_hex(ID_BYTES)
        values = {"user": _told(user_id), "address": _told(address), "browser": browser}
        slip = slips.write(self._keyring, PURPOSE, values, now + LASTS)
        lasts = int(LASTS.total_seconds())
        answer.set_cookie(
            self._cookie, slip, max_age=lasts, path="/", secure=self._secure, httponly=True, samesite="Strict"
        )


def _told(who: UUID | str) -> str:
    """Return what a slip says of a person; their address is not written down in clear."""
    return who.hex if isinstance(who, UUID) else hashlib.sha256(who.encode()).hexdigest()
