"""HTTP/1.1 as far as a load client needs it: a request as bytes, and the statuses in a stream of responses."""

import re
from collections.abc import Mapping

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.IGNORECASE)
STATUS = slice(9, 12)  # HTTP/1.1 200 OK


class ResponseUnreadable(Exception):
    """A response that says no length, or no response at all."""


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """Write a request; a body's length is added."""
    fields = {"Host": "localhost", **headers, **({"Content-Length": str(len(body))} if body else {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


class Responses:
    """Reads the responses of one connection."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[int]:
        """Take what came, and return the statuses of the responses that are complete now.

        Raises:
            ResponseUnreadable: when no ``Content-Length`` tells where a response ends.
        """
        self._rest = self._rest + data if self._rest else data
        statuses: list[int] = []
        while (head := self._rest.find(HEAD_END)) >= 0:
            length = LENGTH.search(self._rest, 0, head + 2)
            if length is None or not self._rest.startswith(b"HTTP/1."):
                raise ResponseUnreadable(f"{self._rest[:80]!r}")
            end = head + len(HEAD_END) + int(length[1])
            if len(self._rest) < end:
                break
            statuses.append(int(self._rest[STATUS]))
            self._rest = self._rest[end:]
        return statuses
