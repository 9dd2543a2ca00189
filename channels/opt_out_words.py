"""Words by which customers opt out of texts and in again, for providers that act on them without saying so.

https://www.ctia.org/the-wireless-industry/industry-commitments/messaging-interoperability-sms-mms
"""

from collections.abc import Mapping

#: The word → what it asks for. Only a text that is nothing but such a word counts, as at the carriers.
WORDS: Mapping[str, str] = {
    "STOP": "stop",
    "STOPALL": "stop",
    "STOP ALL": "stop",
    "UNSUBSCRIBE": "stop",
    "CANCEL": "stop",
    "END": "stop",
    "QUIT": "stop",
    "START": "start",
    "UNSTOP": "start",
    "HELP": "help",
}


def opt_out_of(text: str | None) -> str | None:
    """Return stop, start or help when a text asks for nothing but that; upper and lower case count alike."""
    return WORDS.get(" ".join(text.upper().split())) if text and len(text) <= 40 else None
