"""Mail over real sockets: who may deliver what, what is kept of it, and which tenant gets it."""

import asyncio
import smtplib
import socket
import ssl
from pathlib import Path

import orjson
import pytest
from aiohttp import ClientSession
from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPRecipientRefused
from aiosmtplib.errors import SMTPException

from gateway.running import Running
from tests.conftest import Database, MakeTenant, Tenant
from tests.ingest.reading import messages, until, webhooks
from tests.ledger import raw_webhooks
from tests.smtp.conftest import BOX, Connect, Connection, letter, log_in, send


async def refusal(smtp: SMTP, recipient: str) -> tuple[int, str]:
    await smtp.rset()
    await smtp.mail("jane@example.org")
    with pytest.raises(SMTPRecipientRefused) as caught:
        await smtp.rcpt(recipient)
    return caught.value.code, caught.value.message[:5]


async def test_a_mail_becomes_a_message(
    smtp: SMTP, box: Connection, client: ClientSession, tenant: Tenant, database: Database, master_key: str
) -> None:
    await log_in(smtp, box)
    assert await send(smtp, letter("Hello there"), BOX) == "2.0.0 Stored"
    [message] = await until(lambda: messages(client, tenant), bool)
    assert (message["text"].strip(), message["subject"]) == ("Hello there", "Order 1043")
    assert message["channel"] == "email"
    [row] = await database.fetch("SELECT * FROM inbound_webhooks")
    assert (row["provider"], row["method"], row["verdict"], row["state"]) == ("smtp", "SMTP", "verified", "stored")
    [raw] = await raw_webhooks(database, master_key)
    assert "from=jane%40example.org" in raw.url
    assert "helo=mta.test" in raw.url
    assert "jane" not in row["url"]
    envelope = orjson.loads(await database.value("SELECT mail::text FROM messages"))["envelope"]
    assert envelope == {"from": "jane@example.org", "to": [BOX]}


async def test_it_is_stored_when_250_is_said(smtp: SMTP, box: Connection, database: Database, master_key: str) -> None:
    await log_in(smtp, box)
    mail = letter()
    await send(smtp, mail, BOX)
    [raw] = await raw_webhooks(database, master_key)
    assert raw.body == mail


async def test_the_same_mail_again_is_no_second_message(
    smtp: SMTP, box: Connection, client: ClientSession, tenant: Tenant
) -> None:
    await log_in(smtp, box)
    mail = letter()
    for _ in range(3):
        await send(smtp, mail, BOX)
    found = await until(
        lambda: webhooks(client, tenant), lambda all_: len(all_) == 3 and all(w["state"] != "pending" for w in all_)
    )
    assert sorted(w["state"] for w in found) == ["duplicate", "duplicate", "stored"]
    assert len(await messages(client, tenant)) == 1


async def test_a_replay_knows_the_envelope(
    smtp: SMTP, box: Connection, client: ClientSession, tenant: Tenant, database: Database
) -> None:
    await database.fetch("UPDATE channels SET kind = 'sms' WHERE address = $1", BOX)
    await database.fetch("UPDATE channels SET kind = 'email' WHERE address = $1", BOX)
    await log_in(smtp, box)
    await send(smtp, letter(), "support+anything@shop.test", sender="")
    await until(lambda: messages(client, tenant), bool)
    await database.fetch("UPDATE inbound_webhooks SET state = 'quarantined'")
    [webhook] = await webhooks(client, tenant)
    async with client.post(f"/api/v1/webhooks/{webhook['id']}/replay", headers=tenant.auth) as answer:
        assert answer.status == 200
    [webhook] = await webhooks(client, tenant)
    assert webhook["state"] == "duplicate" or webhook["counts"]["stored"] == 1
    envelope = orjson.loads(await database.value("SELECT mail::text FROM messages"))["envelope"]
    assert envelope == {"from": None, "to": ["support+anything@shop.test"]}


@pytest.mark.parametrize("recipient", ["nobody@shop.test", "support@elsewhere.test", "support@sub.shop.test"])
async def test_an_unknown_recipient_is_refused_at_once(smtp: SMTP, box: Connection, recipient: str) -> None:
    await log_in(smtp, box)
    assert await refusal(smtp, recipient) == (550, "5.1.1")


async def test_without_a_login_nothing_is_taken(smtp: SMTP, box: Connection, database: Database) -> None:
    assert await refusal(smtp, BOX) == (530, "5.7.0")
    assert (await smtp.execute_command(b"DATA")).code == 503
    assert await database.value("SELECT count(*) FROM inbound_webhooks") == 0


@pytest.mark.parametrize("method", ["auth_plain", "auth_login"])
async def test_both_ways_to_log_in(smtp: SMTP, box: Connection, method: str) -> None:
    await getattr(smtp, method)(box.username, box.password)
    assert await send(smtp, letter(), BOX) == "2.0.0 Stored"


@pytest.mark.parametrize(
    ("username", "password"), [("{username}", "wrong"), ("", ""), ("{username}", ""), ("other", "{password}")]
)
async def test_a_wrong_login_is_refused(smtp: SMTP, box: Connection, username: str, password: str) -> None:
    told = {"username": box.username, "password": box.password}
    with pytest.raises(SMTPAuthenticationError) as caught:
        await smtp.auth_plain(username.format(**told), password.format(**told))
    assert caught.value.code == 535


async def test_who_guesses_is_hung_up(smtp: SMTP, box: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.smtp.session.FAILED_LOGIN_SECONDS", 0.0)
    codes = []
    for _ in range(6):
        with pytest.raises(SMTPException) as caught:
            await smtp.auth_plain(box.username, "wrong")
        codes.append(getattr(caught.value, "code", None))
    assert codes == [535] * 5 + [421]


async def test_logins_can_not_be_guessed(
    smtp: SMTP, box: Connection, gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.smtp.session.FAILED_LOGIN_SECONDS", 0.0)

    async def logs_in(password: str) -> int:
        async with SMTP(hostname="127.0.0.1", port=gateway.smtp_port, start_tls=False, timeout=20) as client:
            await client.ehlo()
            try:
                return (await client.auth_plain(box.username, password)).code
            except SMTPAuthenticationError as refused:
                return refused.code

    assert [await logs_in(box.password) for _ in range(2)] == [235, 235]  # these do not count
    assert {await logs_in(f"wrong{number}") for number in range(30)} == {535}
    assert [await logs_in("wrong"), await logs_in(box.password)] == [454, 454]
    assert await refusal(smtp, BOX) == (530, "5.7.0")  # everything else goes on


async def test_an_earlier_password_still_lets_in(smtp: SMTP, tenant: Tenant, connect: Connect) -> None:
    made = await connect(tenant, BOX, previous_password=["the-old-one"])
    await smtp.auth_plain(made.username, "the-old-one")
    assert await send(smtp, letter(), BOX) == "2.0.0 Stored"


@pytest.mark.parametrize("hosts", [["127.0.0.1"], ["10.0.0.0/8", "127.0.0.0/8"]], ids=str)
async def test_an_allowed_host_needs_no_login(smtp: SMTP, tenant: Tenant, connect: Connect, hosts: list[str]) -> None:
    await connect(tenant, BOX, allowed_hosts=hosts)
    assert await send(smtp, letter(), BOX) == "2.0.0 Stored"


async def test_a_connection_without_login_and_hosts_takes_nothing(smtp: SMTP, tenant: Tenant, connect: Connect) -> None:
    await connect(tenant, BOX, username="", password="")
    with pytest.raises(SMTPAuthenticationError):
        await smtp.auth_plain("", "")
    assert await refusal(smtp, BOX) == (530, "5.7.0")


async def test_report_only_takes_it_and_says_so(
    smtp: SMTP, tenant: Tenant, connect: Connect, client: ClientSession
) -> None:
    await connect(tenant, BOX, report_only=True)
    assert await send(smtp, letter(), BOX) == "2.0.0 Stored"
    [webhook] = await until(lambda: webhooks(client, tenant), bool)
    assert webhook["report_only"] is True


async def test_plus_addresses_and_reply_tokens_are_known(
    smtp: SMTP, tenant: Tenant, connect: Connect, client: ClientSession
) -> None:
    made = await connect(
        tenant, BOX, "sales@shop.test", config={"reply_address_pattern": "reply+<token>@Reply.shop.test"}
    )
    await log_in(smtp, made)
    for recipient in ("support+sale@shop.test", "Support@Shop.Test", "REPLY+abc123@reply.shop.test"):
        assert await send(smtp, letter(), recipient) == "2.0.0 Stored"
    assert await refusal(smtp, "reply+@reply.shop.test") == (550, "5.1.1")
    assert await refusal(smtp, "other+abc@reply.shop.test") == (550, "5.1.1")
    found = await until(
        lambda: webhooks(client, tenant), lambda all_: len(all_) == 3 and all(w["state"] != "pending" for w in all_)
    )
    # The two mailboxes leave open which one a reply token alone is for, until its thread is known.
    assert sorted(w["state"] for w in found) == ["quarantined", "stored", "stored"]


async def test_a_mail_to_two_tenants_is_stored_for_each(
    smtp: SMTP, make_tenant: MakeTenant, connect: Connect, client: ClientSession
) -> None:
    first, second = await make_tenant("first"), await make_tenant("second")
    login = {"username": "relay", "password": "of-both"}
    await connect(first, "a@first.test", **login)
    await connect(second, "b@second.test", **login)
    await smtp.auth_plain("relay", "of-both")
    assert await send(smtp, letter("For both"), "a@first.test", "b@second.test") == "2.0.0 Stored"
    for tenant, mailbox in ((first, "a@first.test"), (second, "b@second.test")):
        [message] = await until(lambda tenant=tenant: messages(client, tenant), bool)  # type: ignore[misc]
        assert message["text"].strip() == "For both"
        assert mailbox not in str(await webhooks(client, second if tenant is first else first))


async def test_a_mail_to_two_mailboxes_is_in_both(
    smtp: SMTP, tenant: Tenant, connect: Connect, client: ClientSession
) -> None:
    made = await connect(tenant, BOX, "sales@shop.test")
    await log_in(smtp, made)
    await send(smtp, letter(), BOX, "sales@shop.test", "support+x@shop.test")
    found = await until(lambda: messages(client, tenant), lambda all_: len(all_) == 2)
    assert len({message["channel_id"] for message in found}) == 2


async def test_another_tenants_login_opens_no_mailbox_of_mine(
    smtp: SMTP, box: Connection, make_tenant: MakeTenant, connect: Connect
) -> None:
    theirs = await connect(await make_tenant("other"), "x@other.test")
    await log_in(smtp, theirs)
    assert await refusal(smtp, BOX) == (550, "5.7.1")


async def test_nobody_draws_off_mail_by_naming_the_mailbox_of_another(
    smtp: SMTP, tenant: Tenant, make_tenant: MakeTenant, connect: Connect, database: Database
) -> None:
    mine = await connect(tenant, BOX, allowed_hosts=["127.0.0.1"])
    await connect(await make_tenant("thief"), BOX, allowed_hosts=["0.0.0.0/0"])
    await send(smtp, letter(), BOX)
    await log_in(smtp, mine)
    await send(smtp, letter(), BOX)
    owners = await database.fetch("SELECT DISTINCT tenant_id FROM inbound_webhooks")
    assert [row["tenant_id"] for row in owners] == [tenant.id]


@pytest.mark.parametrize(
    ("boxes", "pattern"),
    [
        (["support+vip@shop.test"], None),
        (["other@thief.test"], "support+<token>@shop.test"),
        (["other@thief.test"], "<token>@shop.test"),
    ],
)
async def test_nobody_draws_off_what_stands_behind_a_plus_or_in_a_domain(
    smtp: SMTP, tenant: Tenant, make_tenant: MakeTenant, connect: Connect, database: Database, boxes: list[str],
    pattern: str | None,
) -> None:  # fmt: skip
    thief = await connect(await make_tenant("thief"), *boxes, allowed_hosts=["0.0.0.0/0"])
    await connect(tenant, BOX, allowed_hosts=["127.0.0.1"])
    # The thief had a connection before; the pattern, or the mailbox again, comes after.
    patched = (
        "UPDATE external_integrations SET config = config || jsonb_build_object('reply_address_pattern', $2::text)"
    )
    await database.fetch(f"{patched} WHERE id = $1", thief.id, pattern)
    await database.fetch("UPDATE channels SET deleted_at = now() WHERE integration_id = $1", thief.id)
    await database.fetch("UPDATE channels SET deleted_at = NULL WHERE integration_id = $1", thief.id)
    await send(smtp, letter(), "support+vip@shop.test")
    owners = await database.fetch("SELECT DISTINCT tenant_id FROM inbound_webhooks")
    assert [row["tenant_id"] for row in owners] == [tenant.id]
    if pattern == "<token>@shop.test":
        assert await refusal(smtp, "sales@shop.test") == (530, "5.7.0")
    await database.fetch("UPDATE external_integrations SET status = 'disabled' WHERE tenant_id = $1", tenant.id)
    refused, _ = await refusal(smtp, "support+vip@shop.test")
    assert refused in {530, 550}  # who pauses keeps what is theirs


async def test_a_login_opens_ones_own_mailbox_whoever_else_names_it(
    smtp: SMTP, tenant: Tenant, make_tenant: MakeTenant, connect: Connect, database: Database
) -> None:
    await connect(await make_tenant("first"), "support+vip@shop.test")
    mine = await connect(tenant, BOX)
    await log_in(smtp, mine)
    await send(smtp, letter(), "support+vip@shop.test")
    assert await database.value("SELECT tenant_id FROM inbound_webhooks") == tenant.id


async def test_a_disabled_connection_has_no_mailboxes(smtp: SMTP, box: Connection, database: Database) -> None:
    await database.fetch("UPDATE external_integrations SET status = 'disabled' WHERE id = $1", box.id)
    with pytest.raises(SMTPAuthenticationError):
        await log_in(smtp, box)
    assert await refusal(smtp, BOX) == (550, "5.1.1")


async def test_mail_can_not_be_posted(client: ClientSession, box: Connection, database: Database) -> None:
    for path in (box.hook, f"{box.hook}?from=a%40b.test&to=support%40shop.test"):
        async with client.post(path, data=letter()) as answer:
            assert answer.status == 404
        async with client.get(path) as answer:
            assert answer.status == 404
    assert await database.value("SELECT count(*) FROM inbound_webhooks") == 0


async def test_starttls_and_a_login_behind_it(gateway: Running, box: Connection, certificate: Path) -> None:
    context = ssl.create_default_context(cafile=str(certificate))

    def talk() -> tuple[int, dict[str, str]]:
        with smtplib.SMTP("localhost", gateway.smtp_port or 0, timeout=20) as client:
            client.starttls(context=context)
            client.ehlo()
            client.login(box.username, box.password)
            client.sendmail("jane@example.org", [BOX], letter())
            return client.noop()[0], dict(client.esmtp_features)

    code, features = await asyncio.to_thread(talk)
    assert code == 250
    assert "starttls" not in features
    assert {"smtputf8", "8bitmime", "size"} <= set(features)


async def test_a_login_from_elsewhere_needs_encryption(
    smtp: SMTP, box: Connection, monkeypatch: pytest.MonkeyPatch, gateway: Running
) -> None:
    monkeypatch.setattr("gateway.smtp.session.SmtpSession._may_log_in_plainly", lambda *_: False)
    client = SMTP(hostname="127.0.0.1", port=gateway.smtp_port, start_tls=False, timeout=20)
    await client.connect()
    await client.ehlo()
    assert "auth" not in client.esmtp_extensions
    reply = await client.execute_command(b"AUTH", b"PLAIN", b"AGEAYg==")
    assert reply.code == 538
    client.close()


async def test_what_was_said_before_starttls_counts_no_more(
    gateway: Running, box: Connection, certificate: Path
) -> None:
    context = ssl.create_default_context(cafile=str(certificate))

    def talk() -> list[bytes]:
        with socket.create_connection(("127.0.0.1", gateway.smtp_port or 0), timeout=20) as plain:
            plain.sendall(b"EHLO x.test\r\n")
            _read_until(plain, b"250 HELP")
            plain.sendall(b"MAIL FROM:<a@example.org>\r\nSTARTTLS\r\nEHLO injected.test\r\n")
            _read_until(plain, b"220 Ready")
            with context.wrap_socket(plain, server_hostname="localhost") as secret:
                secret.sendall(b"MAIL FROM:<b@example.org>\r\n")
                first = secret.recv(4096)
                secret.sendall(b"EHLO y.test\r\n")
                _read_until(secret, b"250 HELP")
                secret.sendall(b"RCPT TO:<support@shop.test>\r\n")
                return [first, secret.recv(4096)]

    replies = await asyncio.to_thread(talk)
    assert [reply[:3] for reply in replies] == [b"503", b"503"]


def _read_until(stream: socket.socket, end: bytes) -> None:
    seen = b""
    while end not in seen:
        seen += stream.recv(4096)
