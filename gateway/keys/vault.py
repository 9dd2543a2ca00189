"""HashiCorp Vault's transit engine wraps the data keys: its key never leaves it.

https://developer.hashicorp.com/vault/api-docs/secret/transit: ``encrypt``, ``decrypt`` and ``rewrap`` of a named key
take and give JSON; a ciphertext is ``vault:v3:…``, where 3 is the key's version. Errors come as ``{"errors": […]}``; a
sealed Vault answers 503.
"""

import asyncio
import base64
import binascii
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson

from gateway.keys.wrapped import KEY_BYTES, KeysUnavailable, KeyUnusable, WrappedKey

#: Of one request, the connection included: a webhook may be waiting for it.
ANSWER_SECONDS = 3.0
BODY_LIMIT = 64 * 1024
SCHEME = "vault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transit:
    """A key of a transit engine.

    Attributes:
        url: of Vault, as ``https://vault.example.org:8200``.
        mount: where the engine is mounted.
        key: the key's name.
        token: who asks; without it, the content of ``token_file``, which is read for each request: whoever renews
            tokens (Vault Agent) writes it anew.
        token_file: see there.
        ca_file: certificates (PEM) that prove Vault; without it, those that the system trusts.
        seconds: a request may take.
    """

    url: str
    mount: str
    key: str
    token: str | None = None
    token_file: Path | None = None
    ca_file: Path | None = None
    seconds: float = ANSWER_SECONDS

    async def current(self) -> str:
        """Return the key's name with its newest version; Vault tells it with whatever it wraps.

        Raises:
            KeysUnavailable: when Vault can't be used.
        """
        return (await self.wrap(bytes(KEY_BYTES))).master_key_id

    def wrapped(self, key: WrappedKey) -> bool:
        """Tell whether this key wrapped a data key, in any version."""
        return key.master_key_id.rpartition("/")[0] == self._name

    async def wrap(self, data_key: bytes) -> WrappedKey:
        """Wrap a data key.

        Raises:
            KeysUnavailable: when Vault can't be used.
        """
        return self._named(await self._ask("encrypt", "ciphertext", plaintext=base64.b64encode(data_key).decode()))

    async def unwrap(self, key: WrappedKey) -> bytes:
        """Return the data key.

        Raises:
            KeyUnusable: when Vault does not unwrap it: its version is gone, or it was changed.
            KeysUnavailable: when Vault can't be used.
        """
        text = await self._ask("decrypt", "plaintext", ciphertext=key.wrapped.decode("ascii", "replace"))
        try:
            found = base64.b64decode(text, validate=True)
        except binascii.Error:
            found = b""
        if len(found) != KEY_BYTES:
            raise KeyUnusable("what Vault unwrapped is no data key")
        return found

    async def rewrap(self, key: WrappedKey) -> WrappedKey:
        """Wrap a data key with the newest version; it is not shown to anybody.

        Raises:
            KeyUnusable: when Vault does not unwrap it.
            KeysUnavailable: when Vault can't be used.
        """
        text = key.wrapped.decode("ascii", "replace")
        return self._named(await self._ask("rewrap", "ciphertext", ciphertext=text))

    @property
    def _name(self) -> str:
        return f"{SCHEME}:{self.mount}/{self.key}"

    def _named(self, ciphertext: str) -> WrappedKey:
        scheme, _, rest = ciphertext.partition(":")
        version = rest.partition(":")[0]
        if scheme != SCHEME or not version.startswith("v"):
            raise KeysUnavailable("Vault's answer holds no ciphertext")
        return WrappedKey(ciphertext.encode(), f"{self._name}/{version}")

    async def _ask(self, operation: str, wanted: str, **values: str) -> str:
        """Return one value of Vault's answer.

        Raises:
            KeyUnusable: when Vault says that the request itself is wrong.
            KeysUnavailable: for any other trouble. Neither names more than the status and Vault's own words.
        """
        url = f"{self.url.rstrip('/')}/v1/{quote(self.mount)}/{operation}/{quote(self.key, safe='')}"
        try:
            status, body = await self._post(url, values)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise KeysUnavailable(f"Vault can't be reached ({type(error).__name__})") from error
        found = _read(body)
        if status == 200:
            value = found.get("data")
            if isinstance(value, Mapping) and isinstance(text := value.get(wanted), str):
                return text
            raise KeysUnavailable("Vault's answer can't be read")
        errors = found.get("errors")
        words = "; ".join(map(str, errors))[:200] if isinstance(errors, list) else ""
        if status == 400:
            raise KeyUnusable(f"Vault does not {operation} a data key: {words}")
        raise KeysUnavailable(f"Vault answers {status} {words}".rstrip())

    async def _post(self, url: str, values: Mapping[str, str]) -> tuple[int, bytes]:
        """Make a request over a connection of its own: keys are remembered, so that there are few."""
        headers = {"X-Vault-Token": await asyncio.to_thread(self._token), "X-Vault-Request": "true"}
        context = True if self.ca_file is None else ssl.create_default_context(cafile=os.fspath(self.ca_file))
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.seconds)) as session,
            session.post(url, json=values, headers=headers, allow_redirects=False, ssl=context) as answer,
        ):
            return answer.status, await answer.content.read(BODY_LIMIT)

    def _token(self) -> str:
        if self.token is not None or self.token_file is None:
            return self.token or ""
        return self.token_file.read_text("utf-8").strip()


def _read(body: bytes) -> Mapping[str, Any]:  # Any: JSON
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, Mapping) else {}
