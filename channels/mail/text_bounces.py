"""Bounces without a machine-readable part: Exim's, qmail's and the like."""

import re

from channels.mail.addresses import mailboxes
from channels.mail.automatic import DAEMONS
from channels.mail.delivery_blocks import Outcome, bounce, code_in
from channels.mail.fields import Fields

QMAIL = re.compile(r"(?i)\s{0,20}hi\. this is the .{0,200}(?:qmail|mail delivery|deliver)", re.DOTALL)
QMAIL_RECIPIENT = re.compile(r"(?m)^<([^<>\s@]{1,64}@[^<>\s@]{1,255})>:\s*$")
COPY = re.compile(r"(?im)^-{2,}.{0,40}(?:copy of|original|below this line|returned message|undelivered).{0,80}$")
PERMANENT = re.compile(r"(?i)\bpermanent")
SEARCHED = 16_000
MAX_RECIPIENTS = 50


def text_bounce(fields: Fields, text: str, *, null_sender: bool) -> list[Outcome] | None:
    """Read a bounce from its header and prose; None when the mail is none."""
    prose = COPY.split(text[:SEARCHED], maxsplit=1)[0]
    failed = mailboxes(fields.get("x-failed-recipients"))[:MAX_RECIPIENTS]
    if failed:
        return [_outcome(mailbox.address, prose) for mailbox in failed]
    if not (null_sender or _from_daemon(fields)) or QMAIL.match(prose) is None:
        return None
    found = [(match[1], match.end()) for match in QMAIL_RECIPIENT.finditer(prose)][:MAX_RECIPIENTS]
    return [_outcome(address, prose, at) for address, at in found] or None


def _outcome(address: str, prose: str, at: int = 0) -> Outcome:
    """Take the first line with a code in it, from where the address is named."""
    at = max(at, prose.find(address, at))
    line = next((line.strip() for line in prose[at:].split("\n")[:20] if code_in(line)), "")
    return bounce(address, line, permanent=PERMANENT.search(prose) is not None)


def _from_daemon(fields: Fields) -> bool:
    return any(DAEMONS.fullmatch(box.address.rpartition("@")[0]) for box in mailboxes(fields.get("from")))
