"""Address lists of RFC 5322, as people and programs really write them."""

import re
from dataclasses import dataclass, field
from itertools import islice

from channels.events import Mailbox
from channels.mail import limits
from channels.mail.charsets import storable
from channels.mail.words import header_text

BARE = re.compile(r'(?:"[^"\s]{1,128}"|[^\s<>()\[\],;:"@]{1,128})@[^\s<>(),;:"@]{1,255}')
RUN = re.compile(r'[^"\\()<>,;:]+|["\\()<>,;:]')
UNWANTED = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")


def mailboxes(value: str | None) -> tuple[Mailbox, ...]:
    """Return the addresses of a raw header value, at most ``limits.MAX_ADDRESSES``.

    Items without an "@" are dropped: ``Doe, John <a@b>`` is one address. Of several angle
    brackets the last one counts, and a name that looks like an address stays a name.
    """
    found: list[Mailbox] = []
    for draft in _drafts(value or ""):
        mailbox = _mailbox(draft)
        if mailbox is not None:
            found.append(mailbox)
        if len(found) == limits.MAX_ADDRESSES:
            break
    return tuple(found)


def address_in(value: str | None) -> str | None:
    """Return the first address of a value such as ``rfc822; <a@b>``; None when it has none."""
    text = (value or "").rpartition(";")[2] if ";" in (value or "") else value
    return next((mailbox.address for mailbox in mailboxes(text)), None)


def domain_of(address: str) -> str:
    """Return the part after the last "@", in lower case."""
    return address.rpartition("@")[2].lower().rstrip(".")


@dataclass(slots=True)
class _Draft:
    """One list item while it is being read; ``plain`` keeps the quotation marks."""

    phrase: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    angle: list[str] | None = None
    comment: list[str] = field(default_factory=list)


class _Scanner:
    """Cuts a list into items: runs of characters that mean nothing by themselves, and one that may."""

    def __init__(self) -> None:
        self.drafts: list[_Draft] = []
        self.draft = _Draft()
        self._escaped = self._quoted = self._angled = False
        self._depth = 0

    def feed(self, run: str) -> None:
        if self._escaped:
            self._escaped = False
            (self.draft.comment if self._depth else self.draft.phrase).append(run[0])
            run = run[1:]
        if not run:
            return
        if run == "\\" and (self._quoted or self._depth):
            self._escaped = True
        elif self._depth:
            self._in_comment(run)
        elif self._angled:
            self._in_angle(run)
        elif run == '"':
            self._quoted = not self._quoted
            self.draft.plain.append(run)
        elif self._quoted:
            self._keep(run)
        else:
            self._between(run)

    def finish(self) -> list[_Draft]:
        return [*self.drafts, self.draft]

    def _in_comment(self, run: str) -> None:
        self._depth += {"(": 1, ")": -1}.get(run, 0)
        if self._depth:
            self.draft.comment.append(run)

    def _in_angle(self, run: str) -> None:
        self._angled = run != ">"
        if self._angled and self.draft.angle is not None:
            self.draft.angle.append(run)

    def _between(self, run: str) -> None:
        if run == "(":
            self._depth = 1
        elif run == "<":
            self._angled, self.draft.angle = True, []
        elif run in {",", ";"}:
            if self.draft.plain or self.draft.angle is not None:  # else there is no address in it
                self.drafts.append(self.draft)
            self.draft = _Draft()
        elif run == ":":
            self.draft = _Draft()  # what stood before is the name of a group
        else:
            self._keep(run)

    def _keep(self, run: str) -> None:
        self.draft.phrase.append(run)
        self.draft.plain.append(run)


def _drafts(value: str) -> list[_Draft]:
    scanner = _Scanner()
    for run in islice(RUN.finditer(value), limits.MAX_ADDRESS_RUNS):
        scanner.feed(run.group())
    return scanner.finish()


def _mailbox(draft: _Draft) -> Mailbox | None:
    phrase = "".join(draft.phrase)
    if draft.angle is None:
        return _bare(draft, phrase)
    address = _angle_address("".join(draft.angle))
    if address is None:
        return None
    return Mailbox(address, header_text(phrase) or header_text("".join(draft.comment)) or None)


def _bare(draft: _Draft, phrase: str) -> Mailbox | None:
    """Read an item without angle brackets; its name is a comment, or what else stands there."""
    found = BARE.search("".join(draft.plain)[: limits.MAX_ADDRESS_ITEM])
    if found is None:
        return None
    name = header_text("".join(draft.comment)) or header_text(phrase.replace(found[0], "", 1))
    return Mailbox(storable(found[0].strip("'")), name.strip("'<> ") or None)


def _angle_address(text: str) -> str | None:
    """Clean what stands in angle brackets, without a source route (``@a,@b:c@d``)."""
    address = storable(UNWANTED.sub("", text.rpartition(":")[2] if text.startswith("@") else text)).strip("'")
    local, at, domain = address.rpartition("@")
    return address if at and local and domain and len(address) <= 320 else None
