"""Browsers that come and go, resume where they were, and fold what they are sent into the state that they show."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import aiohttp
import orjson

from tests.drill.companies import PUBLIC_URL, Company
from tests.drill.evidence import Browsed
from tests.drill.marks import strangers
from tests.drill.snapshots import NotLoaded, difference, load
from tests.live.fold import Inbox, fold

TIMEOUT = aiohttp.ClientTimeout(total=15)
HEARTBEAT_SECONDS = 5.0
#: How long a visit lasts, and the pause before the next one.
VISIT_SECONDS = (2.0, 15.0)
AWAY_SECONDS = (0.0, 2.0)
AGAIN_SECONDS = 0.2
#: How often a visit begins with a page that is loaded anew.
RELOAD_CHANCE = 0.15
#: Of how many conversations such a page reads the messages.
THREADS = 5
NOTHING: Inbox = {"seq": 0, "conversations": [], "messages": {}}


class Browser:
    """One window of a member of a tenant.

    Args:
        name: of the browser.
        company: the tenant.
        headers: that log it in.
        gateways: URLs; each visit is to any of them.
        chance: draws its visits.
        follows: True: it never loads, but folds the log from its beginning.
    """

    def __init__(
        self, name: str, company: Company, headers: dict[str, str], gateways: Sequence[str], chance: random.Random,
        *, follows: bool,
    ) -> None:  # fmt: skip
        self.name = name
        self.company = company
        self._headers = headers
        self._gateways = gateways
        self._chance = chance
        self._follows = follows
        self._inbox: Inbox | None = NOTHING if follows else None
        self._loaded: set[str] | None = None if follows else set()
        self._epoch: str | None = None
        self._stays = False
        self._moved = asyncio.Condition()
        self._visits = self._frames = self._foreign = 0
        self._gaps: list[tuple[int, int]] = []

    async def browse(self) -> None:
        """Come and go until cancelled."""
        async with aiohttp.ClientSession(headers=self._headers, timeout=TIMEOUT) as session:
            while True:
                try:
                    await self._visit(session, self._chance.choice(self._gateways))
                except (aiohttp.ClientError, OSError, NotLoaded):  # a time-out is an OSError
                    await asyncio.sleep(AGAIN_SECONDS)
                if not self._stays:
                    await asyncio.sleep(self._chance.uniform(*AWAY_SECONDS))

    def stay(self) -> None:
        """Go away no more: the next visit lasts."""
        self._stays = True

    async def reach(self, seq: int) -> int:
        """Wait until it holds what happened up to a position; returns where it is."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._inbox is not None and self._inbox["seq"] >= seq)
            return self.seq

    @property
    def seq(self) -> int:
        """The position up to which it holds what happened."""
        return 0 if self._inbox is None else int(self._inbox["seq"])

    def told(self, fresh: Inbox | None) -> Browsed:
        """Return what it saw, held against a fresh load; None: there is none to be had."""
        if fresh is None or self._inbox is None:
            differs: str | None = "it could not be compared"
        else:
            differs = difference(self._inbox, fresh, self._loaded)
        return Browsed(self.name, self._visits, self._frames, self._gaps, self._foreign, differs)

    async def _visit(self, session: aiohttp.ClientSession, gateway: str) -> None:
        if self._inbox is None or (not self._follows and not self._stays and self._chance.random() < RELOAD_CHANCE):
            await self._reload(session, gateway)
        async with asyncio.timeout(TIMEOUT.total):
            websocket = await session.ws_connect(f"{gateway}/api/v1/stream", heartbeat=HEARTBEAT_SECONDS)
        async with websocket:
            self._visits += 1
            await websocket.send_json({"type": "resume", "after": self.seq, "epoch": self._epoch})
            lasts = None if self._stays else self._chance.uniform(*VISIT_SECONDS)
            ends = None if lasts is None else asyncio.get_running_loop().time() + lasts
            while (message := await _next(websocket, ends)) is not None:
                if not await self._take(orjson.loads(message)):
                    self._inbox = None  # loaded anew at the next visit
                    return

    async def _take(self, frame: dict[str, Any]) -> bool:
        """Fold a frame; False when the page has to be loaded anew."""
        match frame.get("type"):
            case "hello":
                self._epoch = frame["epoch"]
                if frame["seq"] < self.seq:
                    self._gaps.append((self.seq, frame["seq"]))  # the log has lost what it had told
            case "resync":
                return False
            case "event":
                await self._happened(frame["event"])
        return True

    async def _happened(self, event: dict[str, Any]) -> None:
        self._frames += 1
        if event["tenant_id"] != str(self.company.id) or strangers(self.company.name, orjson.dumps(event).decode()):
            self._foreign += 1
        if event["seq"] != self.seq + 1:
            self._gaps.append((self.seq, event["seq"]))
        if self._inbox is not None:
            async with self._moved:
                self._inbox = fold(self._inbox, [event])
                self._moved.notify_all()

    async def _reload(self, session: aiohttp.ClientSession, gateway: str) -> None:
        self._inbox = await load(session, gateway, None if self._follows else THREADS)
        self._loaded = None if self._follows else set(self._inbox["messages"])


async def _next(websocket: aiohttp.ClientWebSocketResponse, ends: float | None) -> str | None:
    """Return the next frame; None when the visit is over, or the socket."""
    try:
        async with asyncio.timeout_at(ends):
            message = await websocket.receive()
    except TimeoutError:
        return None
    return message.data if message.type is aiohttp.WSMsgType.TEXT else None


async def log_in(company: Company, gateway: str) -> dict[str, str]:
    """Log a tenant's owner in; returns the headers of a browser."""
    login = {"email": company.ready["email"], "password": company.ready["password"]}
    async with aiohttp.ClientSession() as session, session.post(f"{gateway}/api/v1/login", json=login) as answer:
        if answer.status != 200:
            raise NotLoaded(f"the login was answered {answer.status}")
        return {"Cookie": f"postgate_session={answer.cookies['postgate_session'].value}", "Origin": PUBLIC_URL}
