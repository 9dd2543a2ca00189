"""Mail that no person wrote, and mail that must not be answered by a program (RFC 3834)."""

import re
from dataclasses import dataclass

from channels.mail.fields import Fields
from channels.mail.structured import structure

BOUNCE = "bounce"
AUTO_REPLY = "auto_reply"
LIST = "list"
AUTO_GENERATED = "auto_generated"

REPLY_MARKS = ("x-autorespond", "x-autoreply-from", "x-ms-exchange-inbox-rules-loop", "x-autoreply-domain")
LIST_MARKS = ("list-id", "list-unsubscribe", "list-post")
REPLY_SUBJECT = re.compile(
    r"(?i)\s{0,5}(?:auto(?:matic|mated)?[ -]?(?:reply|response|answer|responder)\b|"
    r"out of (?:the )?office\b|"
    r"automatische (?:antwort|beantwoording)|abwesenheits(?:notiz|nachricht)|abwesend:|réponse automatique|"
    r"respuesta automática|risposta automatica|resposta automática|automatiskt svar|autosvar|automatisk svar|"
    r"automaattinen vastaus|odpowiedź automatyczna|автоматический ответ|automatický|"
    r"自动回复|自動回覆|自動返信)"
)
ROBOTS = re.compile(r"(?i)(?:mailer-daemon|postmaster|mail-daemon|(?:do-?not-?|no-?)reply|bounces?)(?:[+=-].*)?")
DAEMONS = re.compile(r"(?i)(?:mailer-daemon|postmaster|mail-daemon)")


@dataclass(frozen=True, slots=True)
class Automation:
    """The class of an automatic mail (None for a person's), and whether a program may answer."""

    kind: str | None
    may_reply: bool


def automation(fields: Fields, sender: str | None, *, null_sender: bool, is_report: bool, is_own: bool) -> Automation:
    """Judge a mail by its header.

    Args:
        fields: the header.
        sender: the address in From.
        null_sender: the envelope had an empty return path.
        is_report: the mail is built as a delivery report.
        is_own: its Message-ID is one of ours: it came back.
    """
    local = (sender or "").rpartition("@")[0]
    kind = _kind(fields, null_sender and DAEMONS.fullmatch(local) is not None, is_report)
    refused = null_sender or is_own or _suppressed(fields) or "x-loop" in fields
    return Automation(kind, kind is None and not refused and sender is not None and not ROBOTS.fullmatch(local))


def _kind(fields: Fields, from_daemon: bool, is_report: bool) -> str | None:
    submitted, precedence = _word(fields, "auto-submitted"), _word(fields, "precedence")
    if is_report or from_daemon or "x-failed-recipients" in fields:
        return BOUNCE
    if submitted == "auto-replied" or precedence == "auto_reply" or _is_reply(fields):
        return AUTO_REPLY
    if precedence == "list" or any(mark in fields for mark in LIST_MARKS):
        return LIST
    if submitted not in ("", "no") or precedence in ("bulk", "junk") or "feedback-id" in fields:
        return AUTO_GENERATED
    return AUTO_REPLY if REPLY_SUBJECT.match(fields.text("subject") or "") else None


def _is_reply(fields: Fields) -> bool:
    return _word(fields, "x-autoreply") not in ("", "no") or any(mark in fields for mark in REPLY_MARKS)


def _suppressed(fields: Fields) -> bool:
    """Tell of the wish not to be answered; all mail of an Exchange server may carry it."""
    return _word(fields, "x-auto-response-suppress") not in ("", "none")


def _word(fields: Fields, name: str) -> str:
    """Return a field's first word, which may have comments around it; of a comment left open, what stands in it."""
    value = fields.get(name) or ""
    readable = structure(value)
    words = re.split(r"[;(,\s\"]+", value if readable is None else readable)
    return next((word.lower() for word in words if word), "")
