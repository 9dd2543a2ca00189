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


def without_signature(lines: Sequence[str]) -> list[str]:
    """Cut at the line ``-- ``, and drop a closing line of a device; never leave nothing."""
    kept = list(lines)
    for number, line in enumerate(kept):
        if line.rstrip("\r") in ("-- ", "--") and any(above.strip() for above in kept[:number]):
            kept = kept[:number]
            break
    for _ in range(DEVICE_LINES):
        kept = _trimmed(kept)
        if len(kept) < 2 or len(kept[-1]) > 120 or DEVICE.fullmatch(kept[-1]) is None:
            break
        kept.pop()
    return _trimmed(kept)


def _trimmed(lines: list[str]) -> list[str]:
    """Drop blank lines at the end."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]
