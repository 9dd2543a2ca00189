"""Pictures from elsewhere: which of them only count who reads, and how the others wait to be shown."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, unquote

from channels.mail.markup import escaped, unescaped

OWN = ("cid:", "data:")
DOT = re.compile(r"\s*+[01](?:\.\d{1,4})?+\s*+(?:px\s*+)?+", re.IGNORECASE)
STYLED = re.compile(r"(?:^|;)\s{0,20}(width|height)\s{0,20}:([^;]{0,40})", re.IGNORECASE)
HIDDEN = re.compile(r"(?:^|;)\s{0,20}(?:display\s{0,20}:\s{0,20}none|visibility\s{0,20}:\s{0,20}hidden)", re.IGNORECASE)
REMOTE = re.compile(r"(?:https?:)?//[^\s\x00-\x1f]{1,4000}", re.IGNORECASE)
MAX_STYLE = 4000

# Sanitised markup writes every attribute as name="value", quotes in values and "<" in texts are escaped: these match in
# tags only.
BEFORE = r'(<img(?: [a-z-]+="[^"]*")*?)'
PARKED = re.compile(BEFORE + r' src="remote:([\w%.~-]+)"', re.ASCII)
WAITING = re.compile(BEFORE + r' data-remote="([^"]+)"')


def is_tracker(attributes: Mapping[str, str]) -> bool:
    """Tell whether a picture from elsewhere is too small to be seen, or hidden."""
    if attributes.get("src", "").strip()[:5].lower().startswith(OWN):
        return False
    style = attributes.get("style", "")[:MAX_STYLE]
    sizes = {name: attributes.get(name, "") for name in ("width", "height")}
    sizes |= {name.lower(): value for name, value in STYLED.findall(style)}
    return HIDDEN.search(style) is not None or all(DOT.fullmatch(size) for size in sizes.values())


def parked(address: str) -> str | None:
    """Return what stands for a remote address while the markup is being cleaned; None for what is none."""
    if REMOTE.fullmatch(address) is None:
        return None
    return "remote:" + quote(f"https:{address}" if address.startswith("//") else address, safe="")


def waiting(clean: str) -> str:
    """Write the pictures that were parked as ``data-remote``, which no browser loads."""
    return PARKED.sub(lambda found: f'{found[1]} data-remote="{escaped(unquote(found[2]))}"', clean)


def show_images(html: str, images: Callable[[str], str | None]) -> str:
    """Let the remote pictures of sanitised HTML load.

    Args:
        html: as ``sanitise`` made it; it may have been stored meanwhile.
        images: returns the address to load a picture from (our proxy's) for its own, which is http or https and at
            most 4,000 characters long; None leaves the picture out.
    """

    def shown(found: re.Match[str]) -> str:
        address = images(unescaped(found[2]))
        return found[0] if address is None else f'{found[1]} src="{escaped(address)}"'

    return WAITING.sub(shown, html)
