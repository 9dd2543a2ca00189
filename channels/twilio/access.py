"""How Twilio's APIs are reached: by the account's id and its auth token."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from channels.http import Headers, HttpRequest, basic_authorization


@dataclass(frozen=True, slots=True)
class Access:
    """What lets us in."""

    account_sid: str
    auth_token: str = field(repr=False)

    def post_form(self, url: str, fields: Iterable[tuple[str, str]]) -> HttpRequest:
        """Make a request with a form."""
        body = urlencode(list(fields), errors="replace").encode()
        return HttpRequest("POST", url, self._headers({"content-type": "application/x-www-form-urlencoded"}), body)

    def get(self, url: str) -> HttpRequest:
        """Make a request for what stands under a URL, which has to be one of Twilio's."""
        return HttpRequest("GET", url, self._headers({}))

    def _headers(self, fields: dict[str, str]) -> Headers:
        return Headers.of({"authorization": basic_authorization(self.account_sid, self.auth_token), **fields})
