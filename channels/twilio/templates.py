"""Approved templates (Twilio calls them content): sent by their id, listed with what WhatsApp decided about them.

https://www.twilio.com/docs/content/content-api-resources
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from channels.errors import CannotSend
from channels.events import Location, Media
from channels.json_fields import Object, list_in, object_in, text_in
from channels.operations import Dialogue, TemplateListed
from channels.outbound import Parameter, Refused, Template
from channels.refusals import answer_of, refused
from channels.twilio.access import Access
from channels.twilio.answers import refusal
from channels.twilio.problems import PASSING, UNNAMED

HOST = "content.twilio.com"
PATH = "/v1/ContentAndApprovals"
FIRST_PAGE = f"https://{HOST}{PATH}?PageSize=100"

#: More pages than that come from an answer that goes in circles.
MOST_PAGES = 100
CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}")


def template_fields(template: Template) -> Iterator[tuple[str, str]]:
    """Yield the form fields of a template.

    Twilio counts the places of a template through all of it: header, body, buttons. Those that have names go by them.

    Raises:
        CannotSend: when it is not named by its id, or can't be filled in.
    """
    if CONTENT_SID.fullmatch(template.name) is None:
        raise CannotSend("template_unknown", "Twilio knows templates by their content SID: HX and 32 digits")
    yield "ContentSid", template.name
    variables = _variables(template)
    if variables:
        try:
            yield "ContentVariables", orjson.dumps(variables).decode()
        except orjson.JSONEncodeError as error:
            raise CannotSend("text_unusable", "the message holds characters that are no text") from error


def _variables(template: Template) -> Mapping[str, str]:
    filled: dict[str, str] = {}
    header = [] if template.header is None else [_header(template.header)]
    buttons = [Parameter(button.value) for button in sorted(template.buttons, key=lambda button: button.index)]
    for place, parameter in enumerate([*header, *template.body, *buttons], start=1):
        name = parameter.name or str(place)
        if name in filled:
            raise CannotSend("parameters_mixed", f"two texts are given for the place {name!r} of the template")
        filled[name] = parameter.text
    return filled


def _header(header: Parameter | Media | Location) -> Parameter:
    if isinstance(header, Parameter):
        return header
    if isinstance(header, Media) and header.url:
        return Parameter(header.url)
    raise CannotSend("header_unsupported", "above a template's text Twilio takes a text or a link to a file")


def templates(access: Access) -> Dialogue[Sequence[TemplateListed] | Refused]:
    """List all templates of the account. The answer's link to the next page is followed on Twilio's host alone."""
    found: list[TemplateListed] = []
    url = FIRST_PAGE
    for _ in range(MOST_PAGES):
        response = yield access.get(url)
        document = answer_of(response)
        if response.status // 100 != 2 or type(document.get("contents")) is not list:
            return refusal(response, PASSING)
        found += [listed for item in list_in(document, "contents") if (listed := _listed(item))]
        following = text_in(object_in(document, "meta"), "next_page_url")
        if following is None:
            return found
        if not _is_ours_to_follow(following):
            return refused(response, "page_elsewhere", UNNAMED, "the next page is not at Twilio")
        url = following
    return refused(response, "templates_endless", UNNAMED, "the list of templates does not end")


def _is_ours_to_follow(url: str) -> bool:
    """Tell whether a link leads where our login may be sent."""
    if not url.isascii() or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (parts.scheme, parts.netloc, parts.path) == ("https", HOST, PATH)


def _listed(item: Any) -> TemplateListed | None:
    """Read a template; None when it has no id, by which alone it could be sent."""
    if type(item) is not dict:
        return None
    sid = text_in(item, "sid")
    if sid is None:
        return None
    approval = object_in(item, "approval_requests")
    category = text_in(approval, "category")
    components = list(_components(item))
    return TemplateListed(
        name=sid,
        language=text_in(item, "language") or "",
        status=(text_in(approval, "status") or "unsubmitted").lower(),
        category=category.lower() if category else None,
        body=next((body for part in components if (body := text_in(part, "body"))), None),
        components=components,
        external_id=sid,
    )


def _components(item: Object) -> Iterator[Mapping[str, Any]]:
    """Yield what a person knows it by, then each of its contents, which differ by channel."""
    if name := text_in(item, "friendly_name"):
        yield {"type": "friendly_name", "text": name}
    for kind, content in object_in(item, "types").items():
        if type(content) is dict:
            yield {**content, "type": kind}
