"""Letters to people, handed to a real mail server."""

import email
from email.message import EmailMessage
from email.policy import default

import pytest
from aiohttp import ClientSession

from gateway.outgoing.smtp import MailSender
from gateway.parts import id_of_now, now
from gateway.people import letters
from gateway.people.letters import PostOffice
from gateway.running import run_gateway
from gateway.settings import Settings
from tests.conftest import Tenant
from tests.smtp.test_sending import LOOPBACK, Server, credentials, served

KIM = "kim@example.org"


def office(sender: MailSender, port: int) -> PostOffice:
    return PostOffice(sender, credentials(port), "Postgate <postgate@gate.test>", lambda: id_of_now().hex, now)


def parsed(server: Server) -> EmailMessage:
    return email.message_from_bytes(server.got[-1][2], policy=default)


async def test_a_letter_arrives_with_its_link_in_one_piece() -> None:
    link = f"https://gate.test/join#{'A' * 64}"
    async with served(server := Server()) as port, MailSender(LOOPBACK) as sender:
        assert await office(sender, port).post(letters.invitation(KIM, "Fern & Oak", "Dana Reyes", link))
    [(mail_from, to, _)] = server.got
    assert (mail_from, to) == ("postgate@gate.test", [KIM])
    mail = parsed(server)
    assert mail["Subject"] == "Join Fern & Oak on Postgate"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Dana Reyes invites you to join Fern & Oak" in mail.get_content()
    assert link in mail.get_content().split()


@pytest.mark.parametrize("word", ["a name\r\nBcc: evil@example.org", "a\nname", "=?utf-8?q?x?="])
async def test_a_name_writes_no_header(word: str) -> None:
    async with served(server := Server()) as port, MailSender(LOOPBACK) as sender:
        sent = await office(sender, port).post(letters.invitation(KIM, word, None, "https://gate.test/join#x"))
    assert [got[1] for got in server.got] == ([[KIM]] if sent else [])
    if sent:
        assert "Bcc" not in parsed(server)


async def test_a_letter_that_nobody_takes_is_not_sent() -> None:
    server = Server()
    server.replies["RCPT"] = "550 5.1.1 no such mailbox"
    async with served(server) as port, MailSender(LOOPBACK) as sender:
        assert not await office(sender, port).post(letters.password_reset(KIM, "Kim", "https://gate.test/reset#x"))
        assert not await office(sender, port).post(letters.password_changed("ü@example.org", "Kim"))
        assert not await office(sender, 9).post(letters.password_changed(KIM, "Kim"))
    assert server.got == []


async def test_the_whole_gateway_mails_an_invitation(settings: Settings, tenant: Tenant) -> None:
    async with served(server := Server()) as port:
        mail = {"mail_host": "localhost", "mail_port": port, "mail_tls": "none", "allow_private": tuple(LOOPBACK)}
        async with run_gateway(settings.model_copy(update=mail)) as running, ClientSession(running.url) as client:
            body = {"email": KIM, "role": "viewer"}
            async with client.post("/api/v1/invitations", json=body, headers=tenant.auth) as answer:
                assert answer.status == 201, await answer.text()
                made = await answer.json()
    assert (made["mailed"], made["link"]) == (True, None)
    assert parsed(server)["From"] == "Postgate <postgate@gateway.test>"
    assert "http://gateway.test/join#" in parsed(server).get_content()
