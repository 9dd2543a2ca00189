"""Mailgun's routes: a mail to one of our addresses, parsed, raw, or stored at Mailgun to be fetched.

https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http
"""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from channels.errors import PayloadMalformed
from channels.events import ChannelEvent
from channels.json_bodies import read_json
from channels.json_fields import number_in, text_in
from channels.mail import limits
from channels.mail.arrival import Arrival, Envelope, Settings
from channels.mail.fields import Fields
from channels.mail.letter import Letter, read_letter
from channels.mail.parsed import File, fields_of, parsed_letter
from channels.mail.reading import events
from channels.mail.trust import Authentication
from channels.multipart import Form

SCORE = re.compile(r"-?\d{1,6}(?:\.\d{1,6})?")
RESULT = re.compile(r"[A-Za-z]{1,20}")
LONGEST_JSON = 2 * 1024 * 1024
LONGEST_LIST = 64 * 1024
LOOSE = ("from", "to", "cc", "reply-to", "subject", "date", "message-id", "in-reply-to", "references")


def inbound(provider: str, form: Form, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read an inbound mail; a report about our mail becomes status updates.

    Raises:
        PayloadMalformed: the form holds no mail, or has no token.
    """
    token = form.text("token").strip()
    if not token:
        raise PayloadMalformed("field_missing", "the form has no token")
    raw = _fetched(context) or form.first("body-mime")
    letter = read_letter(raw) if raw is not None else _parsed(form)
    checked = _written_by_mailgun(letter.fields)
    arrival = Arrival(
        provider=provider,
        external_id=token,
        envelope=_envelope(form),
        settings=Settings.of(context),
        reply_hint=form.text("stripped-text") or None,
        authentication=Authentication(
            _result(checked, "x-mailgun-spf"), _result(checked, "x-mailgun-dkim-check-result")
        ),
        spam=_spam(checked),
    )
    return events(letter, arrival)


def _fetched(context: Mapping[str, Any]) -> bytes | None:
    fetched = context.get("fetched")
    raw = fetched.get("raw") if isinstance(fetched, Mapping) else None
    return raw if isinstance(raw, bytes) else None


def _envelope(form: Form) -> Envelope:
    """Return the envelope; the sender's field is there and empty when a bounce came in."""
    sender = form.first("sender")
    listed = form.text("recipient")[:LONGEST_LIST].split(",")
    recipients = tuple(one.strip() for one in listed if one.strip())
    address = form.text("sender").strip().strip("<>")
    return Envelope(address or None, recipients, sender is not None and not address)


def _parsed(form: Form) -> Letter:
    loose = {part.name.lower(): part.name for part in reversed(form.parts) if part.name.lower() in LOOSE}
    fields = fields_of(_header(form), {name: form.text(loose[name]) for name in LOOSE if name in loose})
    if not fields.items:
        raise PayloadMalformed("mail_missing", "the form has neither the fields of a mail nor a raw one")
    return parsed_letter(
        fields, text=form.text("body-plain"), html=form.text("body-html"), files=[*_files(form), *_stored_files(form)]
    )


def _header(form: Form) -> list[tuple[str, str]]:
    """Return the whole header: a list of pairs in JSON."""
    listed = _json(form, "message-headers")
    pairs = (pair for pair in listed if isinstance(pair, list)) if isinstance(listed, list) else ()
    return [(name, value) for name, value in map(_pair, pairs) if name]


def _pair(pair: Sequence[Any]) -> tuple[str, str]:
    whole = len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], str)
    return (pair[0], pair[1]) if whole else ("", "")


def _files(form: Form) -> list[File]:
    content_ids = _content_ids(form)
    return [
        File(
            content=part.body,
            type=part.type,
            name=part.filename or "",
            content_id=content_ids.get(part.name) or None,
            inline=part.name in content_ids,
        )
        for part in form.files()
    ]


def _stored_files(form: Form) -> list[File]:
    """Return the files that stayed at Mailgun, from where they can be fetched for three days."""
    listed, content_ids = _json(form, "attachments"), _content_ids(form)
    found = []
    for one in listed[: limits.MAX_PARTS + 1] if isinstance(listed, list) else ():
        if isinstance(one, dict) and (url := text_in(one, "url")) is not None:
            file = File(
                content=None,
                type=text_in(one, "content-type") or "",
                name=text_in(one, "name") or "",
                content_id=content_ids.get(url) or None,
                inline=url in content_ids,
                url=url,
                size=int(number_in(one, "size") or 0) or None,
            )
            found.append(file)
    return found


def _content_ids(form: Form) -> Mapping[str, str]:
    """Map each file to its Content-ID. The map is sent the other way round, and may name the empty id twice."""
    try:
        pairs = json.loads(_source(form, "content-id-map") or b"{}", object_pairs_hook=list)
    except (ValueError, RecursionError):
        return {}
    listed = [pair for pair in pairs if isinstance(pair, tuple)] if isinstance(pairs, list) else []
    return {part: str(content_id).strip("<>") for content_id, part in listed if isinstance(part, str)}


def _json(form: Form, name: str) -> Any:  # Any: the document is a stranger's, every reader checks what it takes
    try:
        return read_json(_source(form, name) or b"null")
    except PayloadMalformed:
        return None


def _source(form: Form, name: str) -> bytes:
    """Return a field that holds JSON; empty when it is missing, or longer than what would be read of it."""
    source = form.first(name) or b""
    return source if len(source) <= LONGEST_JSON else b""


def _written_by_mailgun(fields: Fields) -> Fields:
    """Return the fields above the first Received: below it stands what the sender wrote, whatever it is called."""
    top = tuple(takewhile(lambda field: field[0] != "received", fields.items))
    return Fields(top) if len(top) < len(fields.items) else Fields()


def _result(checked: Fields, name: str) -> str | None:
    found = RESULT.fullmatch((checked.get(name) or "").strip())
    return None if found is None else found[0].lower()


def _spam(checked: Fields) -> dict[str, Any] | None:
    """Return the score and the verdict; None when the domain's spam filter is off."""
    score = SCORE.fullmatch((checked.get("x-mailgun-sscore") or "").strip())
    verdict = _result(checked, "x-mailgun-sflag")
    if score is None and verdict is None:
        return None
    return {"score": None if score is None else float(score[0]), "flag": None if verdict is None else verdict == "yes"}
