"""Messages with something to tap on: buttons, lists, links, forms, and the request for a place.

https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-reply-buttons-messages
"""

from collections.abc import Sequence
from typing import Any, assert_never

from channels.errors import CannotSend
from channels.events import Media
from channels.outbound import Buttons, Choice, ChoiceList, FlowButton, LinkButton, LocationRequest
from channels.whatsapp.files import kind_of, source_of
from channels.whatsapp.limits import (
    LONGEST_BODY,
    LONGEST_FOOTER,
    LONGEST_HEADER,
    LONGEST_TEXT,
    bounded,
    required,
    web_address,
)

Interactive = Buttons | ChoiceList | LinkButton | FlowButton | LocationRequest

MOST_BUTTONS = 3
MOST_SECTIONS = 10
MOST_ROWS = 10
LONGEST_LABEL = 20
LONGEST_FLOW_LABEL = 30
LONGEST_BUTTON_ID = 256
LONGEST_ROW_ID = 200
LONGEST_ROW_TITLE = 24
LONGEST_ROW_DESCRIPTION = 72
HEADER_FILES = frozenset({"image", "video", "document"})


def interactive_message(content: Interactive, text: str | None) -> dict[str, Any]:
    """Return a message with something to tap on, whose words are ``text``.

    Raises:
        CannotSend: when a part is missing, or larger or more than WhatsApp takes.
    """
    longest = LONGEST_TEXT if isinstance(content, ChoiceList) else LONGEST_BODY
    body = {"text": required(text, "the text of the message", longest)}
    match content:
        case Buttons():
            shown = _decorated(content.header, content.footer) | {"type": "button", "action": _buttons(content)}
        case ChoiceList():
            shown = _decorated(content.header, content.footer) | {"type": "list", "action": _list(content)}
        case LinkButton():
            shown = _decorated(content.header, content.footer) | {"type": "cta_url", "action": _link(content)}
        case FlowButton():
            shown = _decorated(content.header, content.footer) | {"type": "flow", "action": _flow(content)}
        case LocationRequest():
            shown = {"type": "location_request_message", "action": {"name": "send_location"}}
        case _:
            assert_never(content)
    return {"type": "interactive", "interactive": shown | {"body": body}}


def _decorated(header: str | Media | None, footer: str | None) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if isinstance(header, Media):
        kind = kind_of(header)
        if kind not in HEADER_FILES:
            raise CannotSend("header_unsupported", "above the text WhatsApp shows a picture, a video or a document")
        parts["header"] = {"type": kind, kind: source_of(header)}
    elif header:
        parts["header"] = {"type": "text", "text": bounded(header, "the header", LONGEST_HEADER)}
    if footer:
        parts["footer"] = {"text": bounded(footer, "the footer", LONGEST_FOOTER)}
    return parts


def _buttons(content: Buttons) -> dict[str, Any]:
    if not 1 <= len(content.choices) <= MOST_BUTTONS:
        raise CannotSend(
            "buttons_miscounted", f"WhatsApp takes 1 to {MOST_BUTTONS} buttons, not {len(content.choices)}"
        )
    _require_distinct(content.choices)
    replies = [
        {
            "id": required(choice.id, "the id of a button", LONGEST_BUTTON_ID),
            "title": required(choice.title, "the title of a button", LONGEST_LABEL),
        }
        for choice in content.choices
    ]
    return {"buttons": [{"type": "reply", "reply": reply} for reply in replies]}


def _list(content: ChoiceList) -> dict[str, Any]:
    sections = content.sections
    if not 1 <= len(sections) <= MOST_SECTIONS:
        raise CannotSend("list_miscounted", f"WhatsApp takes 1 to {MOST_SECTIONS} sections, not {len(sections)}")
    choices = [choice for section in sections for choice in section.choices]
    if len(choices) > MOST_ROWS or not all(section.choices for section in sections):
        raise CannotSend(
            "list_miscounted", f"a list has 1 to {MOST_ROWS} choices over all sections, and none without a choice"
        )
    _require_distinct(choices)
    shown: list[dict[str, Any]] = []
    for section in sections:
        rows = [_row(choice) for choice in section.choices]
        titled = section.title is not None or len(sections) > 1
        title = {"title": required(section.title, "the title of a section", LONGEST_ROW_TITLE)} if titled else {}
        shown.append(title | {"rows": rows})
    return {"button": required(content.label, "the label of the list", LONGEST_LABEL), "sections": shown}


def _row(choice: Choice) -> dict[str, str]:
    row = {
        "id": required(choice.id, "the id of a choice", LONGEST_ROW_ID),
        "title": required(choice.title, "the title of a choice", LONGEST_ROW_TITLE),
    }
    if choice.description:
        row["description"] = bounded(choice.description, "the description of a choice", LONGEST_ROW_DESCRIPTION)
    return row


def _require_distinct(choices: Sequence[Choice]) -> None:
    if len({choice.id for choice in choices}) < len(choices):
        raise CannotSend("choices_alike", "two choices have the same id, so that an answer would not tell which it is")


def _link(content: LinkButton) -> dict[str, Any]:
    label = required(content.label, "the label of the button", LONGEST_LABEL)
    return {
        "name": "cta_url",
        "parameters": {"display_text": label, "url": web_address(content.url, "the button's link")},
    }


def _flow(content: FlowButton) -> dict[str, Any]:
    opening: dict[str, Any]
    parameters = {
        "flow_message_version": "3",
        "flow_id": required(content.flow_id, "the id of the form", LONGEST_BUTTON_ID),
        "flow_cta": required(content.label, "the label of the button", LONGEST_FLOW_LABEL),
        "flow_token": required(content.token, "the token of the form", LONGEST_TEXT),
    }
    if content.screen:
        payload = {"screen": content.screen} | ({"data": dict(content.data)} if content.data else {})
        opening = {"flow_action": "navigate", "flow_action_payload": payload}
    elif content.data:
        raise CannotSend("flow_screen_missing", "data for a form need the screen that they are for")
    else:  # the form asks its own server which screen comes first
        opening = {"flow_action": "data_exchange"}
    return {"name": "flow", "parameters": parameters | opening}
