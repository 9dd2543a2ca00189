"""Inline styles: a short list of properties, none of which loads, moves or covers anything."""

import re

from channels.mail.wordsets import words

PROPERTIES = words(
    "color background-color font font-family font-size font-style font-variant font-weight text-align "
    "text-decoration text-indent text-transform letter-spacing line-height white-space vertical-align "
    "margin margin-top margin-right margin-bottom margin-left padding padding-top padding-right "
    "padding-bottom padding-left border border-top border-right border-bottom border-left border-color "
    "border-style border-width border-collapse border-spacing border-radius width height max-width "
    "min-width list-style-type direction"
)
VALUE = re.compile(r"[\w\s#%.,'\"!-]{1,200}")
COLOUR_FUNCTION = re.compile(r"(?:rgb|rgba|hsl|hsla)\([\d\s.,%/]{1,60}\)", re.IGNORECASE)
NEGATIVE = re.compile(r"(?:^|\s)-\s*\.?\d")
MAX_STYLE = 4000
MAX_DECLARATIONS = 60


def safe_style(style: str) -> str | None:
    """Keep the harmless declarations; None when none is left."""
    kept: list[str] = []
    for declaration in style[:MAX_STYLE].split(";")[:MAX_DECLARATIONS]:
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        if colon and name in PROPERTIES and _is_plain(value):
            kept.append(f"{name}:{value}")
    return ";".join(kept) or None


def _is_plain(value: str) -> bool:
    """Allow words, numbers and colours: no url(), no escapes, nothing pulled outside its box."""
    return VALUE.fullmatch(COLOUR_FUNCTION.sub("x", value)) is not None and NEGATIVE.search(value) is None
