"""What else can be asked of the API: to show that a message was read, to keep a file, to list the templates."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from channels.downloads import GONE, link_request
from channels.events import Media
from channels.http import HttpRequest
from channels.json_fields import id_in, list_in, object_in, text_in
from channels.operations import Dialogue, LoginTerm, Operations, Receipt, TemplateListed, refusing
from channels.outbound import Refused
from channels.refusals import answer_of, refused
from channels.whatsapp.access import Access
from channels.whatsapp.files import upload_request
from channels.whatsapp.problems import PASSING, UNNAMED
from channels.whatsapp.sending import refusal
from channels.whatsapp.template_messages import template_listed

PAGE = 100

#: What Graph says of an id that it does not know, or no longer.
NO_SUCH_OBJECT = "100"

#: What Graph says when it is asked with a token that is no longer good.
LOGIN_REFUSED = "190"
#: The last second that is told as a time: beyond it stands nonsense.
LAST_SECOND = 253_402_300_799

#: An account has 6,000 templates at most; more pages than that come from an answer that goes in circles.
MOST_PAGES = 100


def operations_by(access_of: Callable[[Any], Access]) -> Operations:
    """Return what can be asked in the same way of whoever gives access; ``access_of`` may raise ``CannotSend``."""
    return Operations(
        mark_read=lambda receipt, credentials: refusing(lambda: mark_read(receipt, access_of(credentials))),
        download=lambda media, credentials, _now: refusing(lambda: download(media, access_of(credentials))),
        upload=lambda media, sender, credentials: refusing(lambda: upload(media, sender, access_of(credentials))),
    )


def mark_read(receipt: Receipt, access: Access) -> Dialogue[Refused | None]:
    """Show the customer that a message was read, with all before it, and if asked that somebody is writing.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/typing-indicators
    """
    asked: dict[str, object] = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": receipt.message_ref,
    }
    if receipt.typing:
        asked["typing_indicator"] = {"type": "text"}
    response = yield access.post(receipt.sender, "messages", asked)
    if response.status // 100 == 2 and answer_of(response).get("success") is True:
        return None
    return refusal(response, PASSING)


def download(media: Media, access: Access) -> Dialogue[HttpRequest | Refused]:
    """Ask where a file is: the link lasts five minutes, the id that came with a message seven days.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
    """
    if not media.id:
        return link_request(media.url)
    response = yield access.get(f"/{quote(media.id, safe='', errors='replace')}")
    link = text_in(answer_of(response), "url")
    if response.status in (404, 410) or id_in(object_in(answer_of(response), "error"), "code") == NO_SUCH_OBJECT:
        return GONE
    if response.status // 100 != 2 or link is None:
        return refusal(response, PASSING)
    return access.file(link)


def upload(media: Media, sender: str, access: Access) -> Dialogue[str | Refused]:
    """Upload a file; its id can be sent for 30 days.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media

    Raises:
        CannotSend: when WhatsApp takes no such file.
    """
    response = yield upload_request(media, sender, access)
    media_id = id_in(answer_of(response), "id")
    if response.status // 100 == 2 and media_id:
        return media_id
    return refusal(response, PASSING)


def templates(account: str, access: Access) -> Dialogue[Sequence[TemplateListed] | Refused]:
    """List all templates of a WhatsApp business account.

    An answer holds the whole URL of its next page, access token and all. We go by its cursor alone: no answer chooses
    where our token is sent.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/template-api
    """
    found: list[TemplateListed] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        query = urlencode({"limit": PAGE} | ({"after": cursor} if cursor else {}))
        response = yield access.get(f"/{quote(account, safe='', errors='replace')}/message_templates?{query}")
        document = answer_of(response)
        if response.status // 100 != 2 or type(document.get("data")) is not list:
            return refusal(response, PASSING)
        found += [listed for item in list_in(document, "data") if (listed := template_listed(item))]
        paging = object_in(document, "paging")
        following = text_in(object_in(paging, "cursors"), "after") if "next" in paging else None
        if following is None or following == cursor:
            return found
        cursor = following
    return refused(response, "templates_endless", UNNAMED, "the list of templates does not end")


def login_term(token: str, access: Access) -> Dialogue[LoginTerm | Refused]:
    """Ask until when an access token is good; one may ask for itself. Of two ends the earlier one counts, 0 is none.

    https://developers.facebook.com/docs/graph-api/reference/debug_token
    """
    response = yield access.get(f"/debug_token?{urlencode({'input_token': token})}")
    document = answer_of(response)
    if id_in(object_in(document, "error"), "code") == LOGIN_REFUSED:
        return LoginTerm(valid=False)
    told = object_in(document, "data")
    if response.status // 100 != 2 or type(told.get("is_valid")) is not bool:
        return refusal(response, PASSING)
    ends = [end for name in ("expires_at", "data_access_expires_at") if (end := _moment(told, name))]
    return LoginTerm(told["is_valid"] is True, min(ends, default=None))


def _moment(told: Mapping[str, object], name: str) -> datetime | None:
    second = told.get(name)
    if type(second) is not int or not 0 < second <= LAST_SECOND:
        return None
    return datetime.fromtimestamp(second, UTC)
