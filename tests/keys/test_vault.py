"""Data keys that Vault wraps: over a real socket, and while Vault is away."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr, ValidationError
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.keys import Keyring, KeysUnavailable, KeyUnusable, WrappedKey, new_master_key
from gateway.keys.remembering import FRESH_SECONDS, KEPT_SECONDS, PAUSE_SECONDS, Remembering
from gateway.keys.vault import Transit
from gateway.running import run_gateway
from gateway.settings import Settings
from tests.conftest import Database, Tenant
from tests.ingest.posts import text, whatsapp
from tests.keys.vaults import KEY, MOUNT, TOKEN, StandIn, vault


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    async with vault() as running:
        yield running


def transit(stand_in: StandIn, **changes: object) -> Transit:
    return Transit(**{"url": stand_in.url, "mount": MOUNT, "key": KEY, "token": TOKEN, "seconds": 5.0, **changes})  # type: ignore[arg-type]  # by name


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_a_data_key_is_wrapped_unwrapped_and_wrapped_anew(stand_in: StandIn) -> None:
    service = Remembering(transit(stand_in))
    keyring = Keyring(new_master_key(), (), service)
    key, stored = await keyring.new_data_key()
    assert stored.wrapped.startswith(b"vault:v1:")
    assert key not in stored.wrapped
    assert stored.master_key_id == await keyring.current() == f"vault:{MOUNT}/{KEY}/v1"
    assert await Keyring(new_master_key(), (), Remembering(transit(stand_in))).unwrap(stored) == key
    stand_in.rotate()
    anew = await keyring.rewrap(stored)
    assert anew.master_key_id == await keyring.current() == f"vault:{MOUNT}/{KEY}/v2"
    assert await keyring.unwrap(anew) == await keyring.unwrap(stored) == key
    assert stand_in.asked.count("rewrap") == 1
    # What master keys wrapped before stays readable, and is wrapped anew by Vault.
    master = new_master_key()
    old_key, old = await Keyring(master).new_data_key()
    both = Keyring(master, (), service)
    assert await both.unwrap(old) == old_key
    moved = await both.rewrap(old)
    assert moved.wrapped.startswith(b"vault:v2:")
    assert await both.unwrap(moved) == old_key
    with pytest.raises(KeyUnusable, match="not configured"):
        await keyring.unwrap(old)


async def test_what_vault_says_is_told_without_the_token(stand_in: StandIn, tmp_path: Path) -> None:
    _, stored = await Keyring(new_master_key(), (), Remembering(transit(stand_in))).new_data_key()
    spoilt = WrappedKey(stored.wrapped[:-8] + b"AAAAAAA=", stored.master_key_id)
    with pytest.raises(KeyUnusable, match="authentication failed"):
        await transit(stand_in).unwrap(spoilt)
    for mood, words in {
        "sealed": "503 Vault is sealed",
        "garbage": "can't be read",
        "redirects": "answers 307",
    }.items():
        stand_in.mood = mood
        with pytest.raises(KeysUnavailable, match=words):
            await transit(stand_in).unwrap(stored)
    stand_in.mood = "hangs"
    with pytest.raises(KeysUnavailable, match="can't be reached"):
        await transit(stand_in, seconds=0.05).unwrap(stored)
    stand_in.release()
    stand_in.mood = None
    with pytest.raises(KeysUnavailable, match="can't be reached"):
        await transit(stand_in, url="http://127.0.0.1:1").unwrap(stored)
    with pytest.raises(KeysUnavailable, match="answers 404"):
        await transit(stand_in, key="another").unwrap(stored)
    with pytest.raises(KeysUnavailable, match="403 permission denied") as refused:
        await transit(stand_in, token="hvs.wrong").unwrap(stored)
    assert "hvs.wrong" not in str(refused.value)
    # The file of a token is read anew each time; one that is not there is no reason to end.
    file = tmp_path / "token"
    from_file = transit(stand_in, token=None, token_file=file)
    with pytest.raises(KeysUnavailable, match="FileNotFoundError"):
        await from_file.unwrap(stored)
    file.write_text(f"{TOKEN}\n")
    assert len(await from_file.unwrap(stored)) == 32
    stand_in.token = "hvs.renewed"
    file.write_text("hvs.renewed")
    assert len(await from_file.unwrap(stored)) == 32


async def test_keys_are_remembered_while_vault_is_away(stand_in: StandIn) -> None:
    clock = Clock()
    service = Remembering(transit(stand_in), clock)
    key, stored = await Keyring(new_master_key(), (), Remembering(transit(stand_in))).new_data_key()
    assert await asyncio.gather(*(service.unwrap(stored) for _ in range(50))) == [key] * 50
    assert stand_in.asked.count("decrypt") == 1  # fifty who want it ask once
    stand_in.mood = "sealed"
    clock.now += FRESH_SECONDS - 1
    assert await service.unwrap(stored) == key
    assert service.health() == (1, None)
    clock.now += 2
    assert await service.unwrap(stored) == key
    assert stand_in.asked.count("decrypt") == 2
    assert service.health() == (1, "Vault answers 503 Vault is sealed")
    clock.now += PAUSE_SECONDS - 1
    assert await service.unwrap(stored) == key
    assert stand_in.asked.count("decrypt") == 2  # it is left alone for a moment
    clock.now += KEPT_SECONDS
    with pytest.raises(KeysUnavailable):
        await service.unwrap(stored)
    assert service.health()[0] == 0
    stand_in.mood = None
    assert await service.unwrap(stored) == key
    assert service.health() == (1, None)
    clock.now += FRESH_SECONDS + 1
    stand_in.token = "hvs.other"
    assert await service.unwrap(stored) == key  # a token that is not taken is an outage
    stand_in.token = TOKEN
    clock.now += PAUSE_SECONDS + 1
    stand_in.lose()
    with pytest.raises(KeyUnusable):  # a key that Vault does not unwrap any more is forgotten
        await service.unwrap(stored)
    assert service.health()[0] == 0


async def test_ingest_goes_on_while_vault_is_away(
    settings: Settings, database: Database, tenant: Tenant, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapped_by_vault = {
        "vault_url": stand_in.url, "vault_mount": MOUNT, "vault_key": KEY, "vault_token": TOKEN,
        "admin_database_url": database.admin_url,
    }  # fmt: skip
    for name in ("database_url", "hook_database_url", "relay_database_url", "master_key"):
        monkeypatch.setenv(f"POSTGATE_{name.upper()}", getattr(settings, name).get_secret_value())
    for name, value in wrapped_by_vault.items():
        monkeypatch.setenv(f"POSTGATE_{name.upper()}", value)
    done = await asyncio.to_thread(CliRunner().invoke, app, ["keys", "rotate"])
    assert (done.exit_code, "encryption_keys wrapped: 1" in done.output) == (0, True), done.output
    assert "decrypt" not in stand_in.asked
    # By another master key than before: it only proves links now.
    told = {**wrapped_by_vault, "vault_token": SecretStr(TOKEN), "master_key": SecretStr(new_master_key())}
    served = settings.model_copy(update=told)
    hook = tenant.integration("whatsapp_cloud")
    async with run_gateway(served) as running, ClientSession(running.url) as client:
        assert await whatsapp(hook, [text("wamid.Vault1")]).send(client) == 200
        stand_in.mood = "sealed"
        for number in range(2, 6):
            assert await whatsapp(hook, [text(f"wamid.Vault{number}")]).send(client) == 200
        async with client.get("/readyz") as answer:
            assert (answer.status, (await answer.json())["checks"]["keys"]["detail"]["keys_held"]) == (200, 1)
    async with run_gateway(served) as running, ClientSession(running.url) as client:
        post = whatsapp(hook, [text("wamid.Vault6")])
        async with client.post(post.path, data=post.body, headers=post.headers) as answer:
            assert (answer.status, (await answer.json())["type"]) == (503, "/docs/problems#keys_unavailable")
            assert answer.headers["Retry-After"] == "5"
        async with client.get("/readyz") as answer:
            assert (answer.status, (await answer.json())["checks"]["keys"]["ok"]) == (503, False)
        stand_in.mood = None
        assert await post.send(client) == 200
    assert await database.value("SELECT count(*) FROM messages") == 6
    done = await asyncio.to_thread(CliRunner().invoke, app, ["keys", "rotate", "--from-vault"])
    assert done.exit_code == 0, done.output
    [(wrapped, name)] = await database.fetch("SELECT wrapped_key, master_key_id FROM encryption_keys")
    assert len(await Keyring(settings.master_key.get_secret_value()).unwrap(WrappedKey(wrapped, name))) == 32


async def test_a_gateway_with_another_master_key_is_not_ready_and_loses_nothing(
    settings: Settings, database: Database, tenant: Tenant
) -> None:
    wrong = settings.model_copy(update={"master_key": SecretStr(new_master_key())})
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text("wamid.WrongKey")])
    async with run_gateway(wrong) as running, ClientSession(running.url) as client:
        async with client.post(post.path, data=post.body, headers=post.headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (503, "key_missing")
            assert "Retry-After" in answer.headers
        async with client.get("/readyz") as answer:
            checked = (await answer.json())["checks"]["keys"]
            assert (answer.status, checked["ok"]) == (503, False)
            assert await database.value("SELECT master_key_id FROM encryption_keys LIMIT 1") in checked["detail"]
    async with run_gateway(settings) as running, ClientSession(running.url) as client:
        assert await post.send(client) == 200
        async with client.get("/readyz") as answer:
            assert answer.status == 200
        await database.fetch("NOTIFY postgate_logins, 'zz'")
        await database.fetch(f"NOTIFY postgate_logins, '{'ab' * 32}'")


def test_keys_come_from_files_or_the_environment_but_not_both(tmp_path: Path) -> None:
    urls = dict.fromkeys(("database_url", "hook_database_url", "relay_database_url"), "postgresql://localhost/x")
    file, key = tmp_path / "key", new_master_key()
    file.write_text(key + "\n")
    found = Settings.model_validate({**urls, "master_key_file": file, "previous_master_keys_file": file})
    assert found.master_key.get_secret_value() == key
    assert found.previous_master_keys is not None
    assert found.previous_master_keys.get_secret_value() == key
    url = f"https://{secrets.token_hex(4)}.test"
    for wrong, words in (
        ({}, "Field required"),
        ({"master_key": key, "master_key_file": file}, "either POSTGATE_MASTER_KEY or"),
        ({"master_key_file": tmp_path / "none"}, "can't be read"),
        ({"master_key": key, "vault_url": url}, "POSTGATE_VAULT_TOKEN"),
        ({"master_key": key, "vault_url": url, "vault_token": "t", "vault_token_file": file}, "POSTGATE_VAULT_TOKEN"),
        ({"master_key": key, "vault_url": f"{url}/v1/secret"}, "pattern"),
    ):
        with pytest.raises(ValidationError, match=words):
            Settings.model_validate({**urls, **wrong})
