"""Messages made from an approved template, and templates as they are listed.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
"""

from collections.abc import Sequence
from typing import Any, assert_never

from channels.errors import CannotSend
from channels.events import Location, Media
from channels.json_fields import Object, id_in, list_in, text_in
from channels.operations import TemplateListed
from channels.outbound import Parameter, Template, TemplateButton
from channels.whatsapp.files import kind_of, source_of
from channels.whatsapp.interactive import HEADER_FILES
from channels.whatsapp.limits import LONGEST_TEXT, required

LONGEST_NAME = 512
LONGEST_LANGUAGE = 15
LONGEST_BUTTON_VALUE = 2000
MOST_BUTTONS = 10


def template_message(template: Template) -> dict[str, Any]:
    """Return a message made from a template.

    Raises:
        CannotSend: when its parts don't fit together.
    """
    components: list[dict[str, Any]] = []
    if template.header is not None:
        components.append({"type": "header", "parameters": [_header(template.header)]})
    if template.body:
        components.append({"type": "body", "parameters": _parameters(template.body)})
    components += _buttons(template.buttons)
    shown: dict[str, Any] = {
        "name": required(template.name, "the name of the template", LONGEST_NAME),
        "language": {"code": required(template.language, "the language of the template", LONGEST_LANGUAGE)},
    }
    return {"type": "template", "template": shown | ({"components": components} if components else {})}


def _header(header: Parameter | Media | Location) -> dict[str, Any]:
    if isinstance(header, Parameter):
        return _parameter(header)
    if isinstance(header, Media):
        kind = kind_of(header)
        if kind not in HEADER_FILES:
            raise CannotSend("header_unsupported", "a template has a picture, a video or a document above its text")
        return {"type": kind, kind: source_of(header)}
    if not (header.name and header.address):
        raise CannotSend("location_incomplete", "the place above a template needs a name and an address")
    place = {
        "latitude": str(header.latitude),
        "longitude": str(header.longitude),
        "name": header.name,
        "address": header.address,
    }
    return {"type": "location", "location": place}


def _parameters(parameters: Sequence[Parameter]) -> list[dict[str, Any]]:
    names = [parameter.name for parameter in parameters if parameter.name]
    if names and len(set(names)) < len(parameters):
        raise CannotSend("parameters_mixed", "the places of a template are either all named, each once, or all counted")
    return [_parameter(parameter) for parameter in parameters]


def _parameter(parameter: Parameter) -> dict[str, Any]:
    shown = {"type": "text", "text": required(parameter.text, "the text for a place in the template", LONGEST_TEXT)}
    return shown | ({"parameter_name": parameter.name} if parameter.name else {})


def _buttons(buttons: Sequence[TemplateButton]) -> list[dict[str, Any]]:
    places = [button.index for button in buttons]
    if len(set(places)) < len(places) or not all(0 <= place < MOST_BUTTONS for place in places):
        raise CannotSend("buttons_miscounted", f"the buttons of a template are counted from 0 to {MOST_BUTTONS - 1}")
    return [
        {
            "type": "button",
            "sub_type": button.kind,
            "index": str(button.index),
            "parameters": [_button_parameter(button)],
        }
        for button in buttons
    ]


def _button_parameter(button: TemplateButton) -> dict[str, Any]:
    value = required(button.value, "the value of a template's button", LONGEST_BUTTON_VALUE)
    match button.kind:
        case "quick_reply":
            return {"type": "payload", "payload": value}
        case "url":
            return {"type": "text", "text": value}
        case "copy_code":
            return {"type": "coupon_code", "coupon_code": value}
        case "flow":
            return {"type": "action", "action": {"flow_token": value}}
        case _:
            assert_never(button.kind)


def template_listed(item: Any) -> TemplateListed | None:
    """Read a template of a list; None when it has no name, by which alone it could be sent."""
    if type(item) is not dict:
        return None
    name, language = text_in(item, "name"), text_in(item, "language")
    if name is None or language is None:
        return None
    components = [part for part in list_in(item, "components") if type(part) is dict]
    category = text_in(item, "category")
    return TemplateListed(
        name=name,
        language=language,
        status=(text_in(item, "status") or "unknown").lower(),
        category=category.lower() if category else None,
        body=_body(components),
        components=components,
        external_id=id_in(item, "id"),
    )


def _body(components: Sequence[Object]) -> str | None:
    bodies = (text_in(part, "text") for part in components if str(part.get("type")).upper() == "BODY")
    return next(bodies, None)
