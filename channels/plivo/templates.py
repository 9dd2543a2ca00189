"""Templates of WhatsApp as Plivo takes them: nearly as WhatsApp's own API does.

https://www.plivo.com/docs/messaging/api/message/send-a-message
https://github.com/plivo/plivo-python/blob/master/plivo/utils/template.py
"""

from collections.abc import Mapping
from typing import Any

from channels.errors import CannotSend
from channels.events import Media
from channels.outbound import Template
from channels.whatsapp.template_messages import template_message

FILES = frozenset({"image", "video", "document"})
BUTTONS = frozenset({"quick_reply", "url"})


def template_of(template: Template) -> Mapping[str, Any]:
    """Return the ``template`` of a request.

    Raises:
        CannotSend: when its parts don't fit together, or Plivo has no such part.
    """
    if isinstance(template.header, Media) and not template.header.url:
        raise CannotSend("file_unusable", "Plivo needs a link to the file")
    if any(parameter.name for parameter in template.body):
        raise CannotSend("template_unsupported", "Plivo counts the places of a template, and knows no names of them")
    if any(button.kind not in BUTTONS for button in template.buttons):
        raise CannotSend("template_unsupported", "Plivo fills buttons for a reply or a page, and no others")
    shown = template_message(template)["template"]
    components = [
        {**component, "parameters": [_parameter(parameter) for parameter in component["parameters"]]}
        for component in shown.get("components", ())
    ]
    return {"name": shown["name"], "language": shown["language"]["code"], "components": components}


def _parameter(parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write a file as Plivo does: its kind is not said."""
    kind = parameter["type"]
    return {"type": "media", "media": parameter[kind]["link"]} if kind in FILES else parameter
