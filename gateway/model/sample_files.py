"""Sample files that nobody uploads: the demo names them by their ids, the simulator makes them up.

A sample's id tells its kind by its first characters, for each provider as its ids look. What follows tells it from
others.
"""

from collections.abc import Mapping

#: WhatsApp's ids are digits.
WHATSAPP: Mapping[str, str] = {"40401": "image", "40402": "voice", "40403": "document"}
#: Twilio's are ``ME`` and 32 hexadecimal digits.
TWILIO: Mapping[str, str] = {"MEde3001": "image"}


def kind_of_sample(file_id: str) -> str | None:
    """Return what kind of sample an id names, None when it names none."""
    known = {**WHATSAPP, **TWILIO}
    return next((kind for start, kind in known.items() if file_id.startswith(start)), None)


def sample_id(starts: Mapping[str, str], kind: str, rest: str) -> str:
    """Return the id of a sample.

    Args:
        starts: of the provider.
        kind: image, voice or document.
        rest: what tells it from others of the kind.
    """
    return next(start for start, known in starts.items() if known == kind) + rest
