"""File names from strangers, made fit to show. Storage uses ids of our own, never these."""

import re

from channels.mail import limits
from channels.mail.charsets import storable

# Control characters, those that turn the writing direction to hide an extension, and those that can't be seen. The
# joiners stay, since some scripts are written with them.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
SEPARATORS = re.compile(r"[/\\]")
DEVICE = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?")
UNNAMED = "file"


def safe_name(sent: str) -> str | None:
    """Return a display name without paths, tricks and overlength; None when none was sent."""
    if not sent.strip():
        return None
    segment = SEPARATORS.split(sent.rstrip("/\\ "))[-1] if sent.strip("/\\ ") else ""
    name = storable(HIDDEN.sub("", segment)).strip().rstrip(". ")
    if not name.strip("."):
        return UNNAMED
    if DEVICE.fullmatch(name):
        name = f"_{name}"
    return _shortened(name)


def _shortened(name: str) -> str:
    """Cut a name to its limit, keeping a short extension."""
    if len(name) <= limits.MAX_FILENAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or len(extension) > 20:
        return name[: limits.MAX_FILENAME]
    return stem[: limits.MAX_FILENAME - len(extension) - 1] + dot + extension
