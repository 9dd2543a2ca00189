"""A stand-in for Vault's transit engine on a real socket: encrypt, decrypt and rewrap of one key, with versions."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: How it answers while it is not well.
MOODS: Mapping[str, Callable[[], web.Response]] = {
    "sealed": lambda: web.json_response({"errors": ["Vault is sealed"]}, status=503),
    "garbage": lambda: web.Response(body=b"<html>\xff"),
    "redirects": lambda: web.Response(status=307, headers={"Location": "/elsewhere"}),
}
MOUNT, KEY, TOKEN = "secrets/transit", "postgate", "hvs.a-token-of-the-test"


class StandIn:
    """A Vault with one key.

    Attributes:
        url: where it is.
        token: that it takes.
        asked: what it was asked to do, in order.
        mood: None while it is well; "sealed", "hangs", "garbage" or "redirects".
    """

    def __init__(self) -> None:
        self.url = ""
        self.token = TOKEN
        self.asked: list[str] = []
        self.mood: str | None = None
        self._versions = [os.urandom(32)]
        self._released = asyncio.Event()

    def rotate(self) -> None:
        """Make a new version of the key."""
        self._versions.append(os.urandom(32))

    def lose(self) -> None:
        """Forget the key, as if its older versions were trimmed."""
        self._versions = [os.urandom(32) for _ in self._versions]

    def release(self) -> None:
        """Let go of whoever hangs."""
        self._released.set()

    async def answer(self, request: web.Request) -> web.Response:
        """Answer as the transit engine does."""
        self.asked.append(request.match_info["operation"])
        if self.mood == "hangs":
            await self._released.wait()
        if (unwell := MOODS.get(self.mood or "")) is not None:
            return unwell()
        if request.headers.get("X-Vault-Token") != self.token:
            return web.json_response({"errors": ["permission denied"]}, status=403)
        return self._done(request.match_info["operation"], await request.json())

    def _done(self, operation: str, body: Mapping[str, str]) -> web.Response:
        match operation:
            case "encrypt":
                return self._data(ciphertext=self._encrypted(base64.b64decode(body["plaintext"])))
            case "decrypt" if (opened := self._decrypted(body["ciphertext"])) is not None:
                return self._data(plaintext=base64.b64encode(opened).decode())
            case "rewrap" if (opened := self._decrypted(body["ciphertext"])) is not None:
                return self._data(ciphertext=self._encrypted(opened))
            case _:
                return web.json_response({"errors": ["cipher: message authentication failed"]}, status=400)

    def _data(self, **values: Any) -> web.Response:
        return web.json_response({"request_id": "1", "data": values})

    def _encrypted(self, value: bytes) -> str:
        nonce = os.urandom(12)
        sealed = nonce + AESGCM(self._versions[-1]).encrypt(nonce, value, None)
        return f"vault:v{len(self._versions)}:{base64.b64encode(sealed).decode()}"

    def _decrypted(self, text: str) -> bytes | None:
        _, version, sealed = text.split(":")
        raw = base64.b64decode(sealed)
        try:
            return AESGCM(self._versions[int(version[1:]) - 1]).decrypt(raw[:12], raw[12:], None)
        except InvalidTag:
            return None


@asynccontextmanager
async def vault() -> AsyncIterator[StandIn]:
    """Serve one, on a free port."""
    stand_in = StandIn()
    application = web.Application()
    application.router.add_post(f"/v1/{MOUNT}/{{operation}}/{KEY}", stand_in.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stand_in.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield stand_in
    finally:
        stand_in.release()
        await runner.cleanup()
