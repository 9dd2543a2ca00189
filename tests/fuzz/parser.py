"""A parser of what strangers send, as something that takes bytes."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

MEBIBYTE = 1024 * 1024
#: The longest header field, and the longest target, that the server reads (aiohttp's own limits).
LONGEST_FIELD = 8190


@dataclass(frozen=True)
class Parser:
    """A parser.

    Attributes:
        name: becomes the name of its folder of crashers.
        read: reads bytes; what it returns does not matter.
        seeds: what it reads well, to be spoilt.
        refuses: how it refuses; whatever else it raises is a crash.
        most: the longest input that gets there, in bytes: what is in front of it lets nothing longer pass.
    """

    name: str
    read: Callable[[bytes], object]
    seeds: Sequence[bytes] = ()
    refuses: tuple[type[Exception], ...] = ()
    most: int = MEBIBYTE

    def tries(self, data: bytes) -> None:
        """Read some bytes; raises what is no refusal."""
        with suppress(*self.refuses):
            self.read(data)


def text(data: bytes) -> str:
    """Return bytes as the text that a server makes of them: what is no UTF-8 becomes lone surrogates."""
    return data.decode("utf-8", "surrogateescape")
