"""Small readers that several providers share: times, words, logins."""

import pytest

from channels.http import basic_authorization
from channels.json_fields import iso_moment_in
from channels.opt_out_words import opt_out_of


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01T00:00:00.000+00:00", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01T02:00:00.123456789+0200", "2026-01-01T00:00:00.123456+00:00"),
        ("2026-01-01 00:00:00", "2026-01-01T00:00:00+00:00"),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026-13-01T00:00:00Z", None),
        ("soon", None),
        ("", None),
        (1767225600, None),
        (None, None),
    ],
)
def test_a_time_in_iso_8601_is_read_as_utc(written: object, read: str | None) -> None:
    moment = iso_moment_in({"at": written}, "at")
    assert (moment.isoformat() if moment else None) == read


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("STOP", "stop"), (" stop\n", "stop"), ("Stop all", "stop"), ("Unsubscribe", "stop"), ("unstop", "start"),
        ("start", "start"), ("help", "help"), ("please stop", None), ("stop.", None), ("stop " * 20, None), ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_only_a_word_of_its_own_opts_out(text: str | None, wish: str | None) -> None:
    assert opt_out_of(text) == wish


def test_a_login_is_written_as_basic_authorization() -> None:
    assert basic_authorization("AC1", "tökén") == "Basic QUMxOnTDtmvDqW4="
