"""What is logged of mails: that they came, and nothing that is in them or proves who sent them."""

import base64
import logging

import pytest
from aiosmtplib import SMTP, SMTPAuthenticationError
from structlog.testing import capture_logs

from tests.smtp.conftest import BOX, Connection, letter, log_in, send


async def test_neither_logins_nor_contents_are_logged(
    smtp: SMTP, box: Connection, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.smtp.session.FAILED_LOGIN_SECONDS", 0.0)
    caplog.set_level(logging.DEBUG)
    with capture_logs() as lines:
        with pytest.raises(SMTPAuthenticationError):
            await smtp.auth_plain(box.username, "a-wrong-guess")
        await log_in(smtp, box)
        await send(smtp, letter("a private matter", subject="between us"), BOX)
        await smtp.execute_command(b"a-private-word")
    told = f"{lines} {caplog.text}"
    assert "smtp.mail" in told
    secrets = (box.password, "a-wrong-guess", "a private matter", "between us", "a-private-word", "jane@example.org")
    for secret in secrets:
        for spelling in (secret, base64.b64encode(secret.encode()).decode().rstrip("=")):
            assert spelling not in told
