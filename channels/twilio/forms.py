"""Form bodies and queries, decoded as Twilio signs them: blank values count, nothing is trimmed."""

from channels.forms import MOST_LONE, has_too_many_lone, unescaped
from channels.http import HttpRequest

MOST_FIELDS = 1000
#: So many escapes are quicker undone one by one.
FEW = 100


#: Media types of bodies that are no form: Event Streams sends CloudEvents.
JSON_TYPES = frozenset({"application/json", "application/cloudevents+json", "application/cloudevents-batch+json"})


#: An escape's two digits → its character, in both cases of the digits.
ASCII = {digits: chr(code) for code in range(128) for digits in (f"{code:02X}", f"{code:02x}")}


class TooManyFields(ValueError):
    """A form has more fields than any webhook of Twilio's, or is not encoded as forms are."""


class Form(dict[str, str]):
    """The first value of every field, by name; ``repeated`` has all values of those that came more than once."""

    __slots__ = ("repeated",)

    def __init__(self) -> None:
        super().__init__()
        self.repeated: dict[str, list[str]] = {}

    def getall(self, name: str) -> list[str]:
        """Return every value of a field: what the twilio package asks a form of several values for."""
        return self.repeated[name] if name in self.repeated else [self[name]]

    def first(self, name: str) -> str | None:
        """Return a field's first value; None when it is missing or blank."""
        return self.get(name) or None


def holds_json(request: HttpRequest) -> bool:
    """Tell whether a body is JSON; anything else is taken for a form, whatever it calls itself."""
    return request.method != "GET" and request.media_type in JSON_TYPES


def read_form(encoded: str) -> Form:
    """Decode ``application/x-www-form-urlencoded`` text; what is not UTF-8 becomes U+FFFD.

    Raises:
        TooManyFields: when there are more than ``MOST_FIELDS``, or too many percent signs that begin no escape.
    """
    if has_too_many_lone(encoded):
        raise TooManyFields(f"more than {MOST_LONE} percent signs that begin no escape")
    if encoded.count("&") >= MOST_FIELDS:
        raise TooManyFields(f"more than {MOST_FIELDS} fields")
    form = Form()
    for pair in encoded.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in value or "+" in value:
            value = _decoded(value)
        if "%" in name or "+" in name:
            name = _decoded(name)
        if name in form:
            form.repeated.setdefault(name, [form[name]]).append(value)
        else:
            form[name] = value
    return form


def _decoded(text: str) -> str:
    """Decode one name or value, faster than ``unquote_plus`` where only ASCII is escaped, as it mostly is."""
    if text.count("%") > FEW:
        return unescaped(text)
    start, *escapes = text.replace("+", " ").split("%")
    out = [start]
    for escape in escapes:
        character = ASCII.get(escape[:2])
        if character is None:
            return unescaped(text)
        out += (character, escape[2:])
    return "".join(out)
