"""What an agent asks to be sent, as the API takes it and as it waits to be sent; and when it may not be."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from channels import outbound
from channels.description import Capabilities
from channels.events import ContactCard, Location, Media
from gateway.model.described import Described
from gateway.model.fields import FileId

#: Text of several lines, and on one line; Postgres takes no NUL.
Lines = Annotated[str, Field(min_length=1, max_length=100_000, pattern=r"^[^\x00]*$")]
Line = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\x00-\x1f\x7f]*$")]
Link = Annotated[str, Field(max_length=2_000, pattern=r"^https?://[^\x00-\x20\x7f]+$")]
#: A mail address, without a name.
Address = Annotated[str, Field(max_length=254, pattern=r"^[^\x00-\x20\x7f@<>\"(),:;]+@[^\x00-\x20\x7f@<>\"(),:;]+$")]
MediaKind = Literal["image", "audio", "voice", "video", "document", "sticker", "file"]

#: Rank of what this gateway itself says of a message, among the providers' words (gateway/ingest/statuses.py): on phone
#: channels a delivery outranks a refusal, for mail a bounce outranks everything.
PHONE_FAILED, MAIL_FAILED = 3, 9

Obstacle = Literal["connection_disabled", "customer_blocked", "opted_out", "window_closed"]
#: Why a message may not be sent, for people.
OBSTACLES: Mapping[Obstacle, str] = {
    "connection_disabled": "The connection of this channel is disabled or gone.",
    "customer_blocked": "This customer is blocked.",
    "opted_out": "The customer does not want to be written to on this channel.",
    "window_closed": "WhatsApp's 24-hour window is closed. Send a template instead.",
}

#: How many messages a channel sends in a second, by kind. Providers queue what a number can't send as fast.
PER_SECOND: Mapping[str, float] = {"whatsapp": 80.0, "sms": 10.0, "email": 20.0}


class Part(Described):
    """A part of a message: unknown keys are refused, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class FileByLink(Part):
    """A file that the provider fetches by itself."""

    type: MediaKind
    url: Link
    filename: Line | None = None

    def media(self) -> Media:
        """Return it as adapters take it."""
        return Media(type=self.type, url=self.url, filename=self.filename)


class Place(Part):
    """A point on the map, in degrees."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    name: Line | None = None
    address: Line | None = None

    def location(self) -> Location:
        """Return it as adapters take it."""
        return Location(latitude=self.latitude, longitude=self.longitude, name=self.name, address=self.address)


class Card(Part):
    """A contact."""

    name: Line
    phones: list[Line] = Field(default=[], max_length=10)
    emails: list[Line] = Field(default=[], max_length=10)


class TemplateParameter(Part):
    """A text put into a template; named where the template names its places."""

    text: Lines
    name: Line | None = None

    def parameter(self) -> outbound.Parameter:
        """Return it as adapters take it."""
        return outbound.Parameter(self.text, self.name)


class TemplateHeader(Part):
    """What fills the header of a template: one of these."""

    text: TemplateParameter | None = None
    file: FileByLink | None = None
    upload: FileId | None = Field(default=None, description="An uploaded file.")
    location: Place | None = None

    @model_validator(mode="after")
    def _one(self) -> "TemplateHeader":
        if sum(one is not None for one in (self.text, self.file, self.upload, self.location)) != 1:
            raise ValueError("a header is a text, a file or a location")
        return self

    def filling(self, uploaded: Media | None) -> outbound.Parameter | Media | Location | None:
        """Return it as adapters take it; an uploaded file is given."""
        if self.upload is not None:
            return uploaded
        if self.text is not None:
            return self.text.parameter()
        if self.file is not None:
            return self.file.media()
        return self.location.location() if self.location is not None else None


class TemplateButton(Part):
    """What a button of a template needs."""

    index: int = Field(ge=0, le=9)
    kind: Literal["quick_reply", "url", "copy_code", "flow"]
    value: Line


class Template(Part):
    """A message that the provider approved beforehand."""

    name: Line = Field(description="As the provider lists it, or its id there.")
    language: Line = Field(examples=["en_US"])
    header: TemplateHeader | None = None
    body: list[TemplateParameter] = Field(default=[], max_length=50)
    buttons: list[TemplateButton] = Field(default=[], max_length=10)


class Choice(Part):
    """One thing to tap on; its id comes back."""

    id: Line
    title: Line
    description: Line | None = None

    def choice(self) -> outbound.Choice:
        """Return it as adapters take it."""
        return outbound.Choice(id=self.id, title=self.title, description=self.description)


class Buttons(Part):
    """Buttons below the text."""

    choices: list[Choice] = Field(min_length=1, max_length=10)
    header: Line | None = None
    footer: Line | None = None


class Section(Part):
    """A part of a list."""

    title: Line | None = None
    choices: list[Choice] = Field(min_length=1, max_length=10)


class ChoiceList(Part):
    """A list to choose from, which opens at a tap."""

    label: Line = Field(description="Of the button that opens it.")
    sections: list[Section] = Field(min_length=1, max_length=10)
    header: Line | None = None
    footer: Line | None = None


class Reaction(Part):
    """An emoji on the message that is replied to."""

    emoji: str = Field(max_length=40, pattern=r"^[^\x00-\x20\x7f]*$", description="Empty: take the reaction back.")


class Content(Part):
    """What a message is beside its words and files: at most one of these; files by link, and who gets copies."""

    template: Template | None = None
    buttons: Buttons | None = None
    choice_list: ChoiceList | None = Field(default=None, alias="list")
    location: Place | None = None
    contacts: list[Card] | None = Field(default=None, min_length=1, max_length=20)
    reaction: Reaction | None = None
    cc: list[Address] = Field(default=[], max_length=20, description="Mail: addresses that get a copy.")
    bcc: list[Address] = Field(default=[], max_length=20, description="Mail: the same, and nobody else is told.")
    links: list[FileByLink] = Field(default=[], max_length=50, description="Files that the provider fetches.")

    @property
    def names(self) -> list[str]:
        """The keys of what it holds beside links and copies."""
        found = {
            "template": self.template,
            "buttons": self.buttons,
            "list": self.choice_list,
            "location": self.location,
            "contacts": self.contacts,
            "reaction": self.reaction,
        }
        return [name for name, one in found.items() if one is not None]

    @property
    def upload_above(self) -> str | None:
        """The uploaded file above a template's text."""
        header = None if self.template is None else self.template.header
        return None if header is None else header.upload

    def outbound(self, media: Sequence[Media]) -> outbound.Content | None:
        """Return what is neither text nor file, as adapters take it; ``media`` are the message's files."""
        if self.template is not None:
            return _template(self.template, media[0] if media else None)
        if self.buttons is not None:
            chosen = [one.choice() for one in self.buttons.choices]
            return outbound.Buttons(choices=chosen, header=self.buttons.header, footer=self.buttons.footer)
        if self.choice_list is not None:
            return _choice_list(self.choice_list)
        if self.location is not None:
            return self.location.location()
        if self.contacts is not None:
            cards = [ContactCard(name=c.name, phones=tuple(c.phones), emails=tuple(c.emails)) for c in self.contacts]
            return outbound.Contacts(cards)
        return None if self.reaction is None else outbound.Reaction(self.reaction.emoji)

    def kept(self) -> str:
        """Return it as JSON text, to be stored."""
        return self.model_dump_json(by_alias=True, exclude_defaults=True)


def _template(template: Template, uploaded: Media | None) -> outbound.Template:
    return outbound.Template(
        name=template.name,
        language=template.language,
        header=template.header.filling(uploaded) if template.header else None,
        body=[one.parameter() for one in template.body],
        buttons=[outbound.TemplateButton(index=b.index, kind=b.kind, value=b.value) for b in template.buttons],
    )


def _choice_list(of: ChoiceList) -> outbound.ChoiceList:
    sections = [outbound.Section(title=s.title, choices=[c.choice() for c in s.choices]) for s in of.sections]
    return outbound.ChoiceList(label=of.label, sections=sections, header=of.header, footer=of.footer)


def window_closed(
    kind: str, capabilities: Capabilities, expires_at: datetime | None, now: datetime, *, template: bool
) -> bool:
    """Tell whether nothing but a template may be sent now.

    Args:
        kind: of the channel.
        capabilities: of its provider.
        expires_at: when the window ends that the customer's last message opened; None: there was none.
        now: the time.
        template: whether a template is to be sent.
    """
    if template or kind != "whatsapp" or capabilities.window_hours is None:
        return False
    return expires_at is None or expires_at <= now


def reference_of(message_id: UUID, round_: int, kind: str, address: str, settings: Mapping[str, Any]) -> str:
    """Return what a provider is told to call a message; of a mail, its Message-ID.

    Args:
        message_id: of the message.
        round_: how often somebody asked for it to be sent, from 1: each is told apart by what its provider says.
        kind: of the channel.
        address: of the channel.
        settings: of its connection.
    """
    if kind != "email":
        return f"msg_{message_id.hex}" if round_ == 1 else f"msg_{message_id.hex}-{round_}"
    own_domains = settings.get("own_message_id_domains") or ()
    domain = own_domains[0] if own_domains else address.rpartition("@")[2]
    return f"{message_id.hex}.{round_}@{domain}"


@dataclass(frozen=True, slots=True)
class Quoted:
    """An earlier mail as it stands below the answer: a line that introduces it, and its text."""

    intro: str
    text: str

    def below(self, text: str | None) -> str:
        """Return a text with the earlier mail below it, as mail programs quote in plain text."""
        marked = "\n".join(f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in _lines(self.text))
        return "\n\n".join(part for part in (text, f"{self.intro}\n{marked}") if part)

    def as_html(self) -> str:
        """Return the earlier mail as it stands in the HTML; marked as a quote, as the thread folds it."""
        intro = html.escape(self.intro, quote=False)
        return f'<div data-fold="quote"><p>{intro}</p><blockquote type="cite">{mail_html(self.text)}</blockquote></div>'


def intro_of(name: str | None, address: str | None, moment: datetime) -> str:
    """Return the line above a mail as mail programs write it in English; by it, others find where a quote begins."""
    when = moment.astimezone(UTC)
    who = f"{name} <{address}>" if name else address
    return f"On {when:%a}, {when.day} {when:%b %Y} at {when:%H:%M} UTC, {who} wrote:"


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").strip("\n").split("\n")


def mail_html(text: str) -> str:
    """Return a plain text as the HTML of a mail: paragraphs and line breaks, and nothing else."""
    blocks = [block.strip("\n") for block in text.replace("\r\n", "\n").split("\n\n")]
    paragraphs = (html.escape(block, quote=False).replace("\n", "<br>") for block in blocks if block)
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
