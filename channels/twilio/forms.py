"""Form bodies and queries, decoded as Twilio signs them: blank values count, nothing is trimmed."""

from urllib.parse import unquote_plus

from channels.http import HttpRequest

MOST_FIELDS = 1000


#: Media types of bodies that are no form: Event Streams sends CloudEvents.
JSON_TYPES = frozenset({"application/json", "application/cloudevents+json", "application/cloudevents-batch+json"})


class TooManyFields(ValueError):
    """A form has more fields than any webhook of Twilio's."""


class Form(dict[str, list[str]]):
    """All values by name, in the order sent. ``getall`` is what the twilio package asks multi-value forms for."""

    def getall(self, name: str) -> list[str]:
        """Return every value of a field."""
        return self[name]

    def first(self, name: str) -> str | None:
        """Return a field's first value; None when it is missing or blank."""
        values = self.get(name)
        return values[0] or None if values else None


def holds_json(request: HttpRequest) -> bool:
    """Tell whether a body is JSON; anything else is taken for a form, whatever it calls itself."""
    return request.method != "GET" and request.media_type in JSON_TYPES


def read_form(encoded: str) -> Form:
    """Decode ``application/x-www-form-urlencoded`` text; what is not UTF-8 becomes U+FFFD.

    Raises:
        TooManyFields: when there are more than ``MOST_FIELDS``.
    """
    if encoded.count("&") >= MOST_FIELDS:
        raise TooManyFields(f"more than {MOST_FIELDS} fields")
    form = Form()
    for pair in encoded.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            form.setdefault(_decoded(name), []).append(_decoded(value))
    return form


def _decoded(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text
