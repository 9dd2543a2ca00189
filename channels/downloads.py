"""Files that a message only points at: the request that fetches one by its link."""

import re
from collections.abc import Mapping

from channels.events import Media
from channels.http import Headers, HttpRequest
from channels.operations import Dialogue
from channels.outbound import Refused

#: A link to a host by name, on the usual port, without a login.
LINK = re.compile(r"https://([a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?)(?::443)?/[!-~]{0,4000}", re.IGNORECASE)
FILE_GONE = "file_gone"
GONE = Refused(FILE_GONE, "The provider no longer has the file.", retryable=False)
NOWHERE = Refused("file_nowhere", "The provider did not say where the file is.", retryable=False)


def by_link(media: Media, hosts: str = "", login: Mapping[str, str] | None = None) -> Dialogue[HttpRequest | Refused]:
    """Fetch a file by its link; nothing has to be asked first.

    Args:
        media: the file.
        hosts: a pattern of the provider's own hosts. A login goes to them only: a link may lead anywhere.
        login: the header fields that prove who we are.
    """
    yield from ()
    return link_request(media.url, hosts, login)


def link_request(link: str | None, hosts: str = "", login: Mapping[str, str] | None = None) -> HttpRequest | Refused:
    """Return the request for what is under a link; for the arguments see ``by_link``."""
    found = LINK.fullmatch(link or "")
    if link is None or found is None:
        return NOWHERE
    own = login is not None and re.fullmatch(hosts, found[1].lower()) is not None
    return HttpRequest("GET", link, Headers.of(login if own and login else {}))
