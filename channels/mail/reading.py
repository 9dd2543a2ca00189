"""From a letter to channel events: one message, or the status updates of a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from channels.events import ChannelEvent, Identity, InboundMessage, Mailbox, Media, StatusUpdate
from channels.mail import limits, trust
from channels.mail.addresses import address_in, domain_of, mailboxes
from channels.mail.arrival import Arrival
from channels.mail.automatic import automation
from channels.mail.bodies import line_ends
from channels.mail.flow import Page, flow
from channels.mail.ids import message_id, message_ids, references
from channels.mail.letter import Letter
from channels.mail.lookalikes import looks_like
from channels.mail.quote_marks import QUOTE
from channels.mail.quoted import Fold, folds, is_forward, unfolded, visible_reply
from channels.mail.reports import Report, report
from channels.mail.sanitise import sanitise
from channels.mail.tokens import is_ours, token_in, without_token

HEADER_RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to")


def events(letter: Letter, arrival: Arrival) -> tuple[ChannelEvent, ...]:
    """Say what a mail means. ``extra`` notes what was cut, blocked or came back to us."""
    found = report(
        letter.fields,
        letter.sections,
        letter.text,
        arrival.settings.own_message_id_domains,
        null_sender=arrival.envelope.null_sender,
    )
    if found is not None:
        return _updates(found, letter, arrival)
    return (_message(letter, arrival),)


@dataclass(frozen=True, slots=True)
class _Shown:
    """The forms in which a mail is shown; ``folds`` are of its text."""

    html: str | None
    reply: str | None
    preview: str | None
    folds: tuple[Fold, ...] = ()
    blocked: int = 0
    trackers: int = 0
    misleading_links: int = 0
    files: tuple[str, ...] = ()
    cut: bool = False


def _message(letter: Letter, arrival: Arrival) -> InboundMessage:
    sender = letter.senders[0] if letter.senders else None
    shown, address = _shown(letter, arrival.reply_hint), _our_address(arrival)
    token = arrival.reply_token or _token(letter, arrival)
    thread = _thread(letter)
    return InboundMessage(
        provider=arrival.provider,
        channel="email",
        account=address,
        address=None if address is None else without_token(address, token),
        external_id=arrival.external_id,
        occurred_at=letter.sent_at,
        extra={**arrival.extra, **_notes(letter, arrival, shown)},
        subtype="html" if letter.html is not None else "text",
        sender=sender,
        recipients=tuple(letter.to),
        identities=() if sender is None else (Identity(kind="email", value=sender.address.lower()),),
        sender_name=None if sender is None else sender.name,
        text=letter.text,
        attachments=tuple(_marked(file, shown) for file in letter.attachments),
        in_reply_to=thread["in_reply_to"],
        mail={**thread, **_judged(letter, arrival), **_body(letter, shown, arrival.fetch), "reply_token": token},
    )


def _thread(letter: Letter) -> dict[str, Any]:
    """Return the ids by which a conversation is found; of several in In-Reply-To all but the first join References."""
    replied = message_ids(letter.fields.get("in-reply-to"))
    further = (f"<{one}>" for one in replied[1:])
    return {
        "message_id": message_id(letter.fields.get("message-id")),
        "in_reply_to": replied[0] if replied else None,
        "references": list(references(" ".join((*letter.fields.all("references"), *further)))),
    }


def _judged(letter: Letter, arrival: Arrival) -> dict[str, Any]:
    """Return who sent it, how sure that is, and whether it was a person."""
    sender = letter.senders[0].address if letter.senders else None
    checked = arrival.authentication or trust.authentication(
        letter.fields, arrival.settings.trusted_authserv_ids, domain_of(sender) if sender else None
    )
    automatic = automation(
        letter.fields,
        sender,
        null_sender=arrival.envelope.null_sender,
        is_report=bool(letter.sections),
        is_own=_came_back(letter, arrival),
    )
    one_sender = len(letter.senders) == 1 and sum(1 for _ in letter.fields.all("from")) == 1
    return {
        "auth": checked.as_dict(),
        "from_verified": trust.is_verified(checked, one_sender=one_sender),
        "auto": automatic.kind,
        "may_auto_reply": automatic.may_reply and arrival.fetch is None,
        "spam": arrival.spam,
        "virus": arrival.virus,
        "malformed": letter.malformed,
        "envelope": {"from": arrival.envelope.sender, "to": list(arrival.envelope.recipients)},
        "cc": _plain(letter.cc),
        "reply_to": _plain(letter.reply_to),
        "status": "received",
    }


def _body(letter: Letter, shown: _Shown, fetch: str | None) -> dict[str, Any]:
    """Return the content; whether a mail that is still to be fetched has HTML is not known."""
    return {
        "subject": letter.subject,
        "has_html": None if fetch is not None and letter.html is None else letter.html is not None,
        "html": shown.html,
        "reply_text": shown.reply,
        "preview": shown.preview,
        "folds": [{"kind": fold.kind, "start": fold.start, "end": fold.end} for fold in shown.folds],
        "calendar": letter.calendar,
        "crypto": letter.crypto,
        "fetch": fetch,
    }


def _shown(letter: Letter, hint: str | None) -> _Shown:
    """Sanitise the HTML, find the reply and the preview."""
    folded = () if letter.text is None else _folds(letter.text, letter.subject, hint)
    reply = None if letter.text is None else unfolded(letter.text, folded) if folded else letter.text
    if letter.html is None:
        return _Shown(None, reply, _preview(reply), folded)
    page = flow(letter.html)
    ids = [file.content_id for file in letter.attachments if file.content_id is not None]
    foldable = page.foldable and not is_forward(page.text, letter.subject)
    clean = sanitise(page.html, ids, letter.locations, foldable=foldable)
    reply = _reply(reply, letter, page)
    return _Shown(
        html=clean.html,
        reply=reply,
        preview=_preview(reply or page.text),
        folds=folded,
        blocked=clean.blocked_images + page.trackers,
        trackers=page.trackers,
        misleading_links=page.misleading_links,
        files=clean.shown_files,
        cut=page.cut,
    )


def _folds(text: str, subject: str | None, hint: str | None) -> tuple[Fold, ...]:
    """Return what may be folded away; a provider's opinion counts where we see no mark, if the text begins with it."""
    found = folds(text, subject)
    if found or not hint or is_forward(text, subject):
        return found
    hinted = "\n".join(line.rstrip() for line in line_ends(hint).split("\n")).strip()
    lead = len(text) - len(text.lstrip())
    if not hinted or not text.startswith(f"{hinted}\n", lead):
        return ()
    return (Fold(QUOTE, text.count("\n", 0, lead + len(hinted)) + 1, text.count("\n") + 1),)


def _reply(of_text: str | None, letter: Letter, page: Page) -> str:
    """Choose between what the text and the HTML call new: the text, unless only the HTML has marks."""
    if of_text is not None and (of_text != letter.text or page.reply == page.text):
        return of_text
    if is_forward(page.text, letter.subject):
        return of_text or page.text
    return visible_reply(page.reply, letter.subject)


def _marked(file: Media, shown: _Shown) -> Media:
    """Mark a file that the HTML shows: it need not be listed again."""
    return replace(file, extra={**file.extra, "shown": True}) if file.content_id in shown.files else file


def _preview(text: str | None) -> str | None:
    line = " ".join((text or "")[: limits.PREVIEW_LENGTH * 10].split())
    return line[: limits.PREVIEW_LENGTH].rstrip() or None


def _notes(letter: Letter, arrival: Arrival, shown: _Shown) -> Mapping[str, Any]:
    notes = {
        "blocked_remote_images": shown.blocked,
        "blocked_trackers": shown.trackers,
        "misleading_links": shown.misleading_links,
        "cut": letter.cut or shown.cut,
        "loop": _came_back(letter, arrival),
        "misleading_name": _misleads(letter.senders[0]) if letter.senders else False,
    }
    return {name: value for name, value in notes.items() if value}


def _misleads(sender: Mailbox) -> bool:
    """Tell whether the name shows another address than the mail really has."""
    shown = address_in(looks_like(sender.name or ""))
    return shown is not None and shown.lower() != looks_like(sender.address).lower()


def _came_back(letter: Letter, arrival: Arrival) -> bool:
    own_id = message_id(letter.fields.get("message-id"))
    return is_ours(own_id, arrival.settings.own_message_id_domains)


def _our_address(arrival: Arrival) -> str | None:
    named = arrival.envelope.recipients[0] if arrival.envelope.recipients else arrival.address
    return (named or "").strip().lower() or None


def _token(letter: Letter, arrival: Arrival) -> str | None:
    """Look for our reply token in the envelope; in the header only if there is no envelope."""
    pattern = arrival.settings.reply_address_pattern
    if arrival.envelope.recipients:
        return token_in(arrival.envelope.recipients, pattern)
    named = (value for name in HEADER_RECIPIENTS for value in letter.fields.all(name))
    return token_in((box.address for value in named for box in mailboxes(value)), pattern)


def _plain(boxes: Sequence[Mailbox]) -> list[dict[str, str | None]]:
    return [{"name": box.name, "address": box.address} for box in boxes]


def _updates(found: Report, letter: Letter, arrival: Arrival) -> tuple[StatusUpdate, ...]:
    """Make one update per recipient; all but the first add the recipient to the external id.

    A token of ours in the address that the report came to names the conversation, where no Message-ID was sent back.
    """
    address = _our_address(arrival)
    token = arrival.reply_token or _token(letter, arrival)
    known = token is not None or is_ours(found.message_ref, arrival.settings.own_message_id_domains)
    extra = {**arrival.extra, "report": True, "backscatter": not known}
    if token is not None:
        extra["reply_token"] = token
    return tuple(
        StatusUpdate(
            provider=arrival.provider,
            channel="email",
            account=address,
            address=address,
            external_id=arrival.external_id if number == 0 else f"{arrival.external_id}:{outcome.recipient}",
            occurred_at=letter.sent_at,
            extra=extra,
            status=outcome.status,
            message_ref=found.message_ref,
            recipient=outcome.recipient,
            error_code=outcome.code,
            error_message=outcome.message,
            mail={"bounce_class": outcome.bounce_class, "url": None, "machine": None},
        )
        for number, outcome in enumerate(found.outcomes)
    )
