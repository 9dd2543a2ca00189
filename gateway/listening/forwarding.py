"""Posting events to a program on the developer's machine, as the gateway posts them to an endpoint.

This is the one outgoing call that no egress guard looks at. The guard keeps what tenants enter away from the networks
that a server stands in; here a developer's own program calls what the same developer named, which is nearly always an
address inside: ``localhost``.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from aiohttp import ClientError, ClientSession, ClientTimeout

from channels.standard_webhooks import sign
from gateway.listening.following import Heard
from gateway.model.delivery import USER_AGENT

#: As endpoints have it unless they ask for something else.
PATIENCE = ClientTimeout(total=15, sock_connect=5)


class Forwarder:
    """Posts to one URL.

    Args:
        http: makes the calls.
        url: of any place.
        secret: that signs, ``whsec_…``.
        clock: the time that is signed.
        show: called with a line for each try.
        pauses: seconds before each further try.
    """

    def __init__(
        self, http: ClientSession, url: str, secret: str, clock: Callable[[], datetime], show: Callable[[str], None],
        pauses: Sequence[float] = (1.0, 4.0),
    ) -> None:  # fmt: skip
        self._http = http
        self._url = url
        self._secret = secret.encode()
        self._clock = clock
        self._show = show
        self._pauses = pauses
        self._previous: int | None = None

    async def forward(self, heard: Heard) -> None:
        """Post an event, again after a while if that fails, and then no more: others wait."""
        for attempt, pause in enumerate((0.0, *self._pauses), 1):
            await asyncio.sleep(pause)
            if await self._attempt(heard, attempt):
                break
        self._previous = heard.seq

    async def _attempt(self, heard: Heard, attempt: int) -> bool:
        started = time.perf_counter()
        try:
            async with self._http.post(
                self._url, data=heard.body, headers=self._headers(heard, attempt), allow_redirects=False,
                timeout=PATIENCE,
            ) as answer:  # fmt: skip
                good, told = 200 <= answer.status < 300, str(answer.status)
        except TimeoutError:
            good, told = False, "no answer in time"
        except (ClientError, OSError) as error:
            good, told = False, str(error)
        again = "" if attempt == 1 else f"  try {attempt}"
        took = (time.perf_counter() - started) * 1000
        self._show(f"{heard.type:<28} {heard.seq:>8}  {told}  {took:.0f} ms{again}")
        return good

    def _headers(self, heard: Heard, attempt: int) -> dict[str, str]:
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            "accept-encoding": "identity",
            **sign(heard.id, self._clock(), heard.body, [self._secret]),
            "postgate-seq": str(heard.seq),
            "postgate-attempt": str(attempt),
        }
        if self._previous is not None:
            headers["postgate-previous-seq"] = str(self._previous)
        return headers
