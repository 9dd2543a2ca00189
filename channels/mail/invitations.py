"""The one event of a calendar file (RFC 5545) that a card shows. Nothing is ever answered."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from channels.mail.addresses import address_in
from channels.mail.charsets import storable

FOLD = re.compile(r"\r?\n[ \t]")
LINE = re.compile(r"([A-Za-z0-9-]{1,40})((?:;[^:\n\"]{0,300}(?:\"[^\"\n]{0,300}\"[^:\n\"]{0,300})?)?):(.*)")
ZONE = re.compile(r"(?i)TZID=\"?([A-Za-z0-9_+/-]{1,60})")
STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?")
MAX_SOURCE = 256 * 1024
MAX_LINES = 5000
MAX_VALUE = 1000


def invitation(source: str) -> dict[str, Any] | None:
    """Read method, uid, title, times and organiser of the first event; None without an event."""
    method = ""
    event: dict[str, tuple[str, str]] = {}
    inside = False
    for name, parameters, value in _lines(source):
        if name == "BEGIN":
            inside = inside or value.upper() == "VEVENT"
        elif name == "END" and value.upper() == "VEVENT":
            break
        elif name == "METHOD" and not inside:
            method = value.upper()[:40]
        elif inside:
            event.setdefault(name, (parameters, value))
    if not inside:
        return None
    return {
        "method": method or None,
        "uid": _text(event, "UID"),
        "summary": _text(event, "SUMMARY"),
        "starts_at": _moment(event, "DTSTART"),
        "ends_at": _moment(event, "DTEND"),
        "organizer": _organizer(event),
        "location": _text(event, "LOCATION"),
        "sequence": _text(event, "SEQUENCE"),
    }


def _organizer(event: dict[str, tuple[str, str]]) -> str | None:
    scheme, _, address = event.get("ORGANIZER", ("", ""))[1].partition(":")
    return address_in(address) if scheme.strip().lower() == "mailto" else None


def _lines(source: str) -> Iterator[tuple[str, str, str]]:
    unfolded = FOLD.sub("", source[:MAX_SOURCE])
    for line in unfolded.splitlines()[:MAX_LINES]:
        if (match := LINE.fullmatch(line)) is not None:
            yield match[1].upper(), match[2], match[3].strip()


def _text(event: dict[str, tuple[str, str]], name: str) -> str | None:
    value = event.get(name, ("", ""))[1][:MAX_VALUE]
    plain = re.sub(r"\\(.)", lambda match: " " if match[1] in "nN" else match[1], value)
    return storable(plain).strip() or None


def _moment(event: dict[str, tuple[str, str]], name: str) -> str | None:
    """Return a time in UTC; a date as it is; None when it is no time.

    A time in no zone, or in one not known here, stays as it was written, without a "Z".
    """
    parameters, value = event.get(name, ("", ""))
    stamp = STAMP.fullmatch(value)
    if stamp is None:
        return None
    try:
        day = date(int(stamp[1]), int(stamp[2]), int(stamp[3]))
        if stamp[4] is None:
            return day.isoformat()
        local = datetime.combine(day, time(int(stamp[4]), int(stamp[5]), min(int(stamp[6]), 59)))
        zone = UTC if stamp[7] else _zone(ZONE.search(parameters))
        if zone is None:
            return local.isoformat(timespec="milliseconds")
        utc = local.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return utc.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _zone(match: re.Match[str] | None) -> tzinfo | None:
    """Return the zone of a TZID parameter; None for names such as Windows has."""
    try:
        return None if match is None else ZoneInfo(match[1])
    except (ValueError, KeyError, OSError):
        return None
