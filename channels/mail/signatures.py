"""Signatures at the end of what a person wrote."""

import re
from collections.abc import Sequence

DEVICE = re.compile(
    r"(?i)\s{0,10}(?:sent (?:from|via|using|with) .{1,80}|get outlook for .{1,40}|"
    r"von meinem .{1,40} gesendet|gesendet (?:von|mit) .{1,60}|"
    r"envoyé (?:de|depuis|à partir de|avec) .{1,60}|enviado (?:desde|do|de|con) .{1,60}|"
    r"inviato (?:da|dal) .{1,60}|verstuurd vanaf .{1,60}|verzonden (?:met|vanaf) .{1,60}|"
    r"skickat från .{1,60}|"
    r"sendt fra .{1,60}|outlook für .{1,40} beziehen|télécharge[zr] outlook .{1,60}|obtener outlook .{1,60}|"
    r"wysłane z .{1,60}|lähetetty .{1,60}|отправлено .{1,60})\s{0,10}"
)
DEVICE_LINES = 3


def signature_start(lines: Sequence[str]) -> int:
    """Return where a signature begins: at the line ``-- ``, or at closing lines of a device.

    It is the number of lines when there is none; something always stays above it.
    """
    dashed = (number for number, line in enumerate(lines) if line.rstrip("\r") in ("-- ", "--"))
    end = next((number for number in dashed if any(above.strip() for above in lines[:number])), len(lines))
    for _ in range(DEVICE_LINES):
        last = _text_end(lines, end)
        if last < 2 or len(lines[last - 1]) > 120 or DEVICE.fullmatch(lines[last - 1]) is None:
            break
        end = last - 1
    return end


def _text_end(lines: Sequence[str], end: int) -> int:
    """Step back over blank lines."""
    while end and not lines[end - 1].strip():
        end -= 1
    return end
