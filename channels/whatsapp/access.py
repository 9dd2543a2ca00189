"""How the API is reached: at Meta itself, or through a company that passes it on under its own host."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import orjson

from channels.downloads import link_request
from channels.errors import CannotSend
from channels.http import Headers, HttpRequest
from channels.outbound import Refused


@dataclass(frozen=True, slots=True)
class Access:
    """What lets us in.

    Attributes:
        root: what all URLs start with, the version included where there is one.
        login: the header that proves who we are.
        names_number: True when the sending number's id stands in the path; else the login says it.
        file_hosts: a pattern of the hosts that hand out files to this login; None: they are under ``root``, whatever
            host their links name.
    """

    root: str
    login: Mapping[str, str] = field(repr=False)
    names_number: bool = True
    file_hosts: str | None = None

    def post(self, sender: str, place: str, document: Any) -> HttpRequest:
        """Make a request with a JSON body in the name of one of our numbers.

        Raises:
            CannotSend: when the document holds what is no text, such as half a surrogate pair.
        """
        try:
            body = orjson.dumps(document)
        except orjson.JSONEncodeError as error:
            raise CannotSend("text_unusable", "the message holds characters that are no text") from error
        return self.post_bytes(sender, place, "application/json", body)

    def post_bytes(self, sender: str, place: str, media_type: str, body: bytes) -> HttpRequest:
        """Make a request with any other body."""
        number = f"/{quote(sender, safe='', errors='replace')}" if self.names_number else ""
        headers = Headers.of({**self.login, "content-type": media_type})
        return HttpRequest("POST", f"{self.root}{number}/{place}", headers, body)

    def get(self, path: str) -> HttpRequest:
        """Make a request for what stands under a path that begins with a slash, its query included."""
        return HttpRequest("GET", self.root + path, Headers.of(self.login))

    def file(self, link: str) -> HttpRequest | Refused:
        """Make the request for a file, by the link that was answered for its id."""
        request = link_request(link, self.file_hosts or ".*", self.login)
        if isinstance(request, Refused) or self.file_hosts is not None:
            return request
        rest = request.url.partition("://")[2]
        root = self.root.partition("://")[2].partition("/")[0]
        return replace(request, url=f"https://{root}/{rest.partition('/')[2]}")
