"""What processes tell each other of who is there, who types, and what is a member's own. Pure."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gateway.live.room import Present

PREFIX = "postgate:live:"


class _Said(BaseModel):
    """Something that one process tells the others; ``process`` is which."""

    model_config = ConfigDict(frozen=True)

    process: str = ""


class Who(_Said):
    """A process that has come asks the others for all of their sessions."""

    type: Literal["who"] = "who"


class Here(_Said):
    """All sessions of the process; it says so again and again, as long as it lives."""

    type: Literal["here"] = "here"
    sessions: tuple[Present, ...]


class Came(_Said):
    """A session has begun, or looks at something else."""

    type: Literal["came"] = "came"
    one: Present


class Gone(_Said):
    """A session has ended."""

    type: Literal["gone"] = "gone"
    session: str


class Types(_Said):
    """Somebody types."""

    type: Literal["types"] = "types"
    conversation_id: str
    session: str
    user: str | None


class Own(_Said):
    """Something of a member's own has changed; ``data`` is JSON text."""

    type: Literal["own"] = "own"
    user: str
    what: str
    data: str


Saying = Who | Here | Came | Gone | Types | Own
_ADAPTER: TypeAdapter[Saying] = TypeAdapter(Annotated[Saying, Field(discriminator="type")])


class SayingMalformed(ValueError):
    """Bytes that are not ours, or of another version of this program."""


def write(process: str, saying: Saying) -> bytes:
    """Write what a process says."""
    return saying.model_copy(update={"process": process}).model_dump_json().encode()


def read(text: bytes) -> Saying:
    """Read it back.

    Raises:
        SayingMalformed: when it is not of this form.
    """
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        raise SayingMalformed(str(error)) from None


def channel_of(tenant_id: UUID) -> str:
    """Return where the processes that serve a tenant talk."""
    return f"{PREFIX}{tenant_id.hex}"


def tenant_of(channel: str) -> UUID:
    """Return whose channel that is.

    Raises:
        SayingMalformed: when it is nobody's.
    """
    try:
        return UUID(channel.removeprefix(PREFIX))
    except ValueError:
        raise SayingMalformed(channel[:100]) from None
