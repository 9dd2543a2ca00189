"""Alarms that the gateway raises by itself: they come when they should, once, and end."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from uuid import UUID

import asyncpg
import orjson
import pytest
from structlog.testing import capture_logs

from channels.http import Headers, HttpRequest, HttpResponse
from channels.operations import LoginTerm
from channels.outbound import Refused
from channels.registry import ADAPTERS
from gateway.alarms.logins import Logins, alarm_of
from gateway.alarms.silence import Silences
from gateway.alarms.telling import Teller
from gateway.keys import Keyring
from gateway.model.ids import parse
from gateway.model.log import Entry
from gateway.outgoing.base_url import calling
from gateway.outgoing.dialogue import drive
from gateway.outgoing.http import Calls
from gateway.settings import Settings
from gateway.store.pool import open_pool
from tests.conftest import Database, Tenant, new_id

#: A Monday.
NOON = datetime(2026, 11, 16, 12, 30, tzinfo=UTC)
ALARMS = "SELECT kind, level, days_left FROM standing_alarms ORDER BY kind"
WEBHOOK = """
INSERT INTO inbound_webhooks (tenant_id, received_at, id, integration_id, provider, method, url, headers, body,
    verdict, state, received, stored, duplicate, ignored, quarantined)
VALUES ($1, $2, $3, $4, 'twilio', 'POST', '/', '{}', '', 'verified', 'ignored', 1, 0, 0, 1, 0)
"""
#: The working hours between two times.
RHYTHM = """
INSERT INTO webhook_hours (tenant_id, integration_id, hour)
SELECT $1, $2, h FROM generate_series(date_trunc('hour', $3::timestamptz), $4::timestamptz, interval '1 hour') AS h
WHERE extract(isodow FROM h AT TIME ZONE 'UTC') < 6 AND extract(hour FROM h AT TIME ZONE 'UTC') BETWEEN 8 AND 17
"""


@dataclass
class Watch:
    """Looks for alarms at a time that is set; ``told`` is what the log said."""

    hook_pool: asyncpg.Pool
    app_pool: asyncpg.Pool
    database: Database
    keyring: Keyring
    now: datetime = NOON
    told: list[Entry] = field(default_factory=list)
    answer: HttpResponse = field(default_factory=lambda: HttpResponse(500, b""))
    asked: list[HttpRequest] = field(default_factory=list)

    @property
    def teller(self) -> Teller:
        return Teller(self.app_pool, self.told.extend, lambda: self.now, new_id)

    async def silences(self, now: datetime) -> list[str]:
        """Look for silent connections; returns what the log was told."""
        self.now = now
        return await self._look(Silences(self.hook_pool, self.teller))

    async def logins(self, told: object, status: int = 200) -> list[str]:
        """Look for logins that end, while Meta answers something."""
        self.answer = HttpResponse(status, orjson.dumps(told), Headers.of({"content-type": "application/json"}))
        return await self._look(Logins(self.hook_pool, self.teller, self.keyring, self._send))

    async def standing(self) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await self.database.fetch(ALARMS)]

    async def _look(self, chore: Silences | Logins) -> list[str]:
        self.told.clear()
        await chore.look()
        assert {entry.type for entry in self.told} <= {"channel.alarm"}
        return [orjson.loads(entry.data or "")["subtype"] for entry in self.told]

    async def _send(self, request: HttpRequest, _limit: int) -> HttpResponse:
        self.asked.append(request)
        return self.answer


@pytest.fixture
async def watch(database: Database, settings: Settings) -> AsyncIterator[Watch]:
    hook, app = await open_pool(database.hook_url, 1), await open_pool(database.app_url, 1)
    yield Watch(hook, app, database, Keyring(settings.master_key.get_secret_value()))
    await hook.close()
    await app.close()


async def test_a_connection_is_silent_by_its_own_rhythm(watch: Watch, tenant: Tenant, database: Database) -> None:
    key = parse("int", tenant.integration("twilio")["id"])
    last = (NOON - timedelta(days=3)).replace(hour=17, minute=5)
    await database.fetch(RHYTHM, tenant.id, key, NOON - timedelta(days=24), last)
    await webhook(database, tenant, key, last)

    assert await watch.silences(NOON - timedelta(hours=4)) == []  # a weekend raises no alarm
    assert await watch.silences(NOON - timedelta(minutes=31)) == []  # nor do three hours
    assert await watch.silences(NOON) == ["silence"]
    assert await watch.silences(NOON + timedelta(hours=1)) == []  # once
    [told] = await database.fetch("SELECT data::text, sentence FROM events JOIN standing_alarms USING (tenant_id)")
    assert orjson.loads(told["data"])["extra"] == {"last_webhook_at": "2026-11-13T17:05:00.000Z", "usual_hours": 4}
    assert "since 13 November 2026, 17:05 UTC" in told["sentence"]
    assert await watch.standing() == [("silence", "warning", None)]

    await webhook(database, tenant, key, NOON + timedelta(hours=2))
    assert await watch.silences(NOON + timedelta(hours=2, minutes=1)) == ["silence_over"]
    assert await watch.standing() == []


@pytest.mark.parametrize(
    ("days", "silence", "expected"), [(24, "high", ["silence"]), (24, "low", []), (24, "off", []), (12, "high", [])]
)
async def test_how_soon_silence_is_told_can_be_chosen_and_needs_two_weeks(
    watch: Watch, tenant: Tenant, database: Database, days: int, silence: str, expected: list[str]
) -> None:
    key = parse("int", tenant.integration("twilio")["id"])
    await database.fetch(RHYTHM, tenant.id, key, NOON - timedelta(days=days), NOON.replace(hour=8))
    await database.fetch("UPDATE external_integrations SET silence = $1 WHERE id = $2", silence, key)
    assert await watch.silences(NOON) == expected


async def webhook(database: Database, tenant: Tenant, key: UUID, at: datetime) -> None:
    """Let a webhook have come."""
    await database.fetch(WEBHOOK, tenant.id, at, new_id(), key)


async def test_a_login_that_ends_is_told_of_step_by_step(watch: Watch, tenant: Tenant) -> None:
    end = NOON + timedelta(days=20)

    async def at(days_before: float) -> list[str]:
        watch.now = end - timedelta(days=days_before)
        return await watch.logins(term(int(end.timestamp())))

    assert [await at(days) for days in (20, 14.5, 13.9, 13, 7, 6, 2.9, 2, 0.9, 0.5, 0)] == [
        [], [], ["login_ends"], [], ["login_ends"], [], ["login_ends"], [], ["login_ends"], [], ["login_refused"],
    ]  # fmt: skip
    assert await watch.standing() == [("login", "critical", 0)]
    assert await watch.logins({"error": {"code": 2, "message": "later"}}, 500) == []  # nobody knows: it stays
    assert await watch.logins(term(0)) == ["login_well"]
    assert await watch.logins({"error": {"code": 190, "message": "expired"}}, 401) == ["login_refused"]
    assert await watch.standing() == [("login", "critical", 0)]
    assert "/debug_token?input_token=" in watch.asked[0].url


def term(expires_at: object, **more: object) -> dict[str, object]:
    """Write what Meta says of a token."""
    return {"data": {"is_valid": True, "expires_at": expires_at, "data_access_expires_at": 0, **more}}


def asked(answer: HttpResponse) -> object:
    """Ask Meta about a token; returns what is made of its answer."""
    adapter = ADAPTERS["whatsapp_cloud"]
    values = {"app_secret": "0" * 32, "verify_token": "verify", "access_token": "token"}
    assert adapter.operations.login_term is not None
    dialogue = adapter.operations.login_term(adapter.credentials.model_validate(values))
    next(dialogue)
    with pytest.raises(StopIteration) as done:
        dialogue.send(answer)
    return done.value.value


def test_what_meta_says_of_a_token_is_read_whatever_it_is() -> None:
    for told, expected in [
        (term(0), LoginTerm(True)),
        (term(1_800_000_000), LoginTerm(True, datetime(2027, 1, 15, 8, tzinfo=UTC))),
        (
            term(1_800_000_000, data_access_expires_at=1_700_000_000),
            LoginTerm(True, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ),
        (term(2**62), LoginTerm(True)),
        (term("soon"), LoginTerm(True)),
        (term(0, is_valid=False), LoginTerm(False)),
        ({"error": {"code": 190}}, LoginTerm(False)),
    ]:
        assert asked(HttpResponse(200, orjson.dumps(told))) == expected
    for nonsense in (b"", b"[]", b'{"data":{"is_valid":1}}', b"\xff"):
        assert isinstance(asked(HttpResponse(200, nonsense)), Refused)
    assert alarm_of(LoginTerm(True), NOON) is None


async def test_nothing_repeats_a_token_that_is_asked_about() -> None:
    adapter = ADAPTERS["whatsapp_cloud"]
    token = "a-token-that-nobody-may-see"
    values = {"app_secret": "0" * 32, "verify_token": "verify", "access_token": token}
    assert adapter.operations.login_term is not None
    async with Calls([ip_network("127.0.0.0/8")]) as calls:
        for base_url in ("http://127.0.0.1:1", "ftp://127.0.0.1"):
            with capture_logs() as lines:
                dialogue = adapter.operations.login_term(adapter.credentials.model_validate(values))
                told = await drive(dialogue, calling(calls.send, {"base_url": base_url}))
            assert isinstance(told, Refused)
            assert [line["event"] for line in lines] == ["outgoing.no_answer"]
            assert token not in f"{lines} {told}"
