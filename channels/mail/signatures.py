"""Signatures at the end of what a person wrote."""

import re
from collections.abc import Sequence

from channels.mail import limits

DEVICE = re.compile(
    r"(?i)\s{0,10}(?:sent (?:from|via|using|with) .{1,80}|get outlook for .{1,40}|"
    r"von meinem .{1,40} gesendet|gesendet (?:von|mit) .{1,60}|"
    r"envoyé (?:de|depuis|à partir de|avec) .{1,60}|enviado (?:desde|do|de|con) .{1,60}|"
    r"inviato (?:da|dal) .{1,60}|verstuurd vanaf .{1,60}|verzonden (?:met|vanaf) .{1,60}|"
    r"skickat från .{1,60}|"
    r"sendt fra .{1,60}|outlook für .{1,40} beziehen|télécharge[zr] outlook .{1,60}|obtener outlook .{1,60}|"
    r"wysłane z .{1,60}|lähetetty .{1,60}|отправлено .{1,60})\s{0,10}"
)
# A parcel is sent with something, too: the line has to name what a mail is written with.
APP = re.compile(
    r"(?i)\b(?:iphone|ipad|ipod|macbook|android|samsung|galaxy|huawei|xiaomi|redmi|oneplus|nokia|motorola|fairphone|"
    r"xperia|blackberry|outlook|hotmail|gmail|googlemail|yahoo|aol|gmx|web\.de|t-online|icloud|proton\w{0,5}|fastmail|"
    r"tutanota|zoho|thunderbird|superhuman|airmail|mailbird|bluemail|mail\.ru|яндекс\w{0,3}|em client|apple mail|"
    r"(?:mail|e-mail) (?:for|für|pour|para|per|voor|app)|(?:smart|tele)?(?:phone|fon|foon)\w{0,3}|handy|mobile?\w{0,4}|"
    r"móvil|celular|cellulare|téléphone|teléfono|mobiltelefon\w{0,2}|tablet\w{0,2}|puhelim\w{1,5}|komórk\w{1,3}|"
    r"телефон\w{0,2}|смартфон\w{0,2}|мобильн\w{1,3})\b|from (?:my )?(?:mac|mail|spark|pixel)\s{0,5}$"
)
DEVICE_LINES = 3
MAX_SIGNATURE_LINES = 10
MAX_SIGNATURE = 600


def signature_start(lines: Sequence[str]) -> int:
    """Return where a signature begins: at the line ``-- ``, or at closing lines of a device.

    It is the number of lines when there is none, or when there are too many; something always stays above it.
    """
    end = _dashes(lines) if len(lines) <= limits.MAX_FOLDED_LINES + 1 else len(lines)
    for _ in range(DEVICE_LINES):
        last = _text_end(lines, end)
        if last < 2 or not _names_device(lines[last - 1]):
            break
        end = last - 1
    return end


def _dashes(lines: Sequence[str]) -> int:
    """Return where the dashes above a signature stand.

    Mail programs write ``-- ``. A person's ``--``, or one of several lines, is as likely to divide the text: it counts
    only with little below it, and of several ``--`` none does.
    """
    text = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    below = range(text + 1, len(lines))
    standard = [number for number in below if lines[number].rstrip("\r") == "-- "]
    plain = [number for number in below if lines[number].rstrip("\r") == "--"]
    if len(standard) == 1:
        return standard[0]
    found = standard[-1:] or (plain if len(plain) == 1 else [])
    return found[0] if found and _is_short(lines[found[0] + 1 :]) else len(lines)


def _is_short(lines: Sequence[str]) -> bool:
    written = [line for line in lines if line.strip()]
    return len(written) <= MAX_SIGNATURE_LINES and sum(len(line) for line in written) <= MAX_SIGNATURE


def _names_device(line: str) -> bool:
    return len(line) <= 120 and DEVICE.fullmatch(line) is not None and APP.search(line) is not None


def _text_end(lines: Sequence[str], end: int) -> int:
    """Step back over blank lines."""
    while end and not lines[end - 1].strip():
        end -= 1
    return end
