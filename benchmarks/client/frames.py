"""Websocket frames (RFC 6455 section 5.2), as far as a client of the gateway needs them."""

import struct
from dataclasses import dataclass

TEXT = 0x1
CLOSE = 0x8
PING = 0x9
PONG = 0xA
FIN = 0x80
MASKED = 0x80
SHORT = 126  # from here on, two bytes of length follow
LONG = 127  # eight bytes


@dataclass(frozen=True, slots=True)
class ServerFrame:
    """One unfragmented frame of a server."""

    opcode: int
    payload: bytes


class FrameReader:
    """Cuts a stream into frames."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[ServerFrame]:
        """Take what came, and return the frames that are complete now."""
        rest = self._rest + data if self._rest else data
        frames: list[ServerFrame] = []
        start = 0
        while (end := _end(rest, start)) is not None:
            body, stop = end
            frames.append(ServerFrame(rest[start] & 0x0F, rest[body:stop]))
            start = stop
        self._rest = rest[start:]
        return frames


def _end(data: bytes, start: int) -> tuple[int, int] | None:
    """Return where the payload of a frame begins and ends; None while it is not all there."""
    if len(data) < start + 2:
        return None
    length, body = data[start + 1], start + 2
    if length == SHORT:
        body += 2
        length = int.from_bytes(data[start + 2 : body], "big") if len(data) >= body else len(data)
    elif length == LONG:
        body += 8
        length = int.from_bytes(data[start + 2 : body], "big") if len(data) >= body else len(data)
    return (body, body + length) if len(data) >= body + length else None


def client_frame(opcode: int, payload: bytes) -> bytes:
    """Write a frame of a client: masked, with a mask that changes nothing."""
    length = len(payload)
    if length >= SHORT:
        return struct.pack("!BBHI", FIN | opcode, MASKED | SHORT, length, 0) + payload
    return struct.pack("!BBI", FIN | opcode, MASKED | length, 0) + payload
