"""Who vouches for a sender, which mail no person wrote, and what else is said about a mail."""

from typing import Any

import pytest

from channels.events import InboundMessage, Media
from channels.http import HttpRequest
from channels.mail.invitations import invitation
from channels.providers import smtp

OURS = "mx.example.org"
RESULTS = f"Authentication-Results: {OURS};"


def read(header: str, body: str = "x", sender: str | None = "a@b.test") -> InboundMessage:
    context: dict[str, Any] = {
        "trusted_authserv_ids": [OURS],
        "own_message_id_domains": ["example.org"],
        "reply_address_pattern": "reply+<token>@reply.example.org",
        "envelope": {"from": sender, "to": ["s@example.org"]},
    }
    mail = f"{header}\nSubject: s\n\n{body}".replace("\n", "\r\n").encode()
    (event,) = smtp.parse(HttpRequest("SMTP", "", body=mail), context)
    assert isinstance(event, InboundMessage)
    return event


def mail_of(header: str, **more: Any) -> Any:
    return read(header, **more).mail


@pytest.mark.parametrize(
    ("header", "dmarc", "verified"),
    [
        (f"{RESULTS} dmarc=pass header.from=b.test\nFrom: a@b.test", "pass", True),
        (
            f"Authentication-Results: {OURS.upper()} 1; (x;(y)) dmarc=pass header.from=B.test\nFrom: a@b.test",
            "pass",
            True,
        ),
        (f"{RESULTS} dmarc=pass header.from=c.test\nFrom: a@b.test", None, False),
        (f"{RESULTS} dmarc=pass\nFrom: a@b.test", None, False),
        (f"{RESULTS} (dmarc=pass header.from=b.test) dmarc=fail\nFrom: a@b.test", "fail", False),
        (f"{RESULTS} none\nFrom: a@b.test", None, False),
        (f"Authentication-Results: {OURS}.evil.test; dmarc=pass header.from=b.test\nFrom: a@b.test", None, False),
        (f"{RESULTS} dmarc=pass header.from=b.test\nFrom: a@b.test, c@b.test", "pass", False),
        (
            f"{RESULTS} dmarc=pass header.from=b.test\nFrom: a@b.test\nFrom: c@d.test",
            "pass",
            False,
        ),
        (
            f"Received: by {OURS}; x\n{RESULTS} dmarc=pass header.from=b.test\nFrom: a@b.test",
            "pass",
            True,
        ),
        (
            f"Received: from x by other.test; x\n{RESULTS} dmarc=pass header.from=b.test\nFrom: a@b.test",
            None,
            False,
        ),
        (
            f"{RESULTS} dmarc=fail header.from=b.test\n{RESULTS} dmarc=pass header.from=b.test\nFrom: a@b.test",
            "fail",
            False,
        ),
    ],
)
def test_only_our_own_servers_vouch_for_a_sender(header: str, dmarc: str | None, *, verified: bool) -> None:
    mail = mail_of(header)
    assert (mail["auth"]["dmarc"], mail["from_verified"]) == (dmarc, verified)


@pytest.mark.parametrize(
    ("results", "checked"),
    [
        (
            'spf=none smtp.mailfrom="x; dmarc=pass header.from=b.test; y"@evil.test; dmarc=fail header.from=b.test',
            ("none", None, "fail"),
        ),
        (r'spf=none smtp.mailfrom="x\"; dmarc=pass header.from=b.test; y"@evil.test', ("none", None, None)),
        ('dkim=fail reason="bad; dmarc=pass header.from=b.test"', (None, "fail", None)),
        ('dkim=fail reason="bad; dkim=pass; spf=pass"', (None, "fail", None)),
        (r"dkim=fail (a (b) \) c; dmarc=pass header.from=b.test)", (None, "fail", None)),
        ('dkim=fail (a " b); dmarc=pass header.from=b.test; spf=fail (")', ("fail", "fail", "pass")),
        ('dmarc=pass reason="header.from=b.test" header.from=evil.test', (None, None, None)),
        ('dmarc=pass reason= "header.from" =b.test', (None, None, None)),
        ("dmarc=pass header.from=b.test header.from=evil.test", (None, None, None)),
        ('dmarc=pass header.from="x@b.test"@evil.test', (None, None, None)),
        ("dmarc=pass smtp.mailfrom=x.header.from=b.test", (None, None, None)),
        ('dmarc=pass header.from="b.test"', (None, None, "pass")),
        ("dmarc=fail header.from=b.test; dmarc=pass header.from=b.test", (None, None, "fail")),
        ("dmarc=pass header.from=b.test; dmarc=none", (None, None, "none")),
        ("dmarc=pass header.from=b.test; dmarc=fail header.from=evil.test", (None, None, "fail")),
        ("dmarc=passable header.from=b.test", (None, None, "passable")),
        ("dmarc=pass-not header.from=b.test", (None, None, None)),
        ("spf=pass; spf=fail; dkim=fail; dkim=pass", ("fail", "pass", None)),
        ('dmarc=pass header.from=b.test; spf=none smtp.mailfrom="x', (None, None, None)),
        (r'dmarc=pass header.from=b.test; spf=none smtp.mailfrom="x\"', (None, None, None)),
        ("dmarc=pass header.from=b.test; spf=none (x", (None, None, None)),
    ],
)
def test_what_a_sender_can_put_into_a_result_is_not_taken_for_one(
    results: str, checked: tuple[str | None, str | None, str | None]
) -> None:
    mail = mail_of(f"{RESULTS} {results}\nFrom: a@b.test")
    assert tuple(mail["auth"].values()) == checked
    assert mail["from_verified"] is (checked[2] == "pass")


@pytest.mark.parametrize(
    "above",
    [
        f'Authentication-Results: {OURS}; dmarc=fail reason="',
        'Authentication-Results: "',
        f'Received: from "x by {OURS}" by other.test; x',
        f"Received: from x (by {OURS}; x",
    ],
)
def test_below_a_header_that_can_not_be_read_nobody_vouches(above: str) -> None:
    mail = mail_of(f"{above}\n{RESULTS} dmarc=pass header.from=b.test\nFrom: a@b.test")
    assert (mail["auth"]["dmarc"], mail["from_verified"]) == (None, False)


def test_our_server_may_write_its_name_in_quotes() -> None:
    header = f'Authentication-Results: "{OURS}"; dmarc=pass header.from=b.test\nFrom: a@b.test'
    assert mail_of(header)["from_verified"] is True


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("X: y", None),
        ("Auto-Submitted: no", None),
        ("Auto-Submitted: auto-replied; x=y", "auto_reply"),
        ("Auto-Submitted: auto-generated (cron)", "auto_generated"),
        ("Auto-Submitted: (c) auto-generated", "auto_generated"),
        ('Auto-Submitted: (a (b)) "auto-replied"', "auto_reply"),
        ("Auto-Submitted: (c) no", None),
        ("Auto-Submitted: (auto-generated", "auto_generated"),
        ("Precedence: (c) bulk", "auto_generated"),
        ("X-Autoreply: yes", "auto_reply"),
        ("Precedence: auto_reply", "auto_reply"),
        ("Precedence: bulk", "auto_generated"),
        ("Precedence: list", "list"),
        ("List-Id: <x>", "list"),
        ("List-Id: <x>\nAuto-Submitted: auto-replied", "auto_reply"),
        ("Feedback-ID: 1:2", "auto_generated"),
        ("X-Auto-Response-Suppress: All", None),
        ("X-Failed-Recipients: ", "bounce"),
        ("Subject: Out of office: back on Monday", "auto_reply"),
        ("Subject: Automatische Antwort: x", "auto_reply"),
    ],
)
def test_automatic_mail_is_told_from_a_persons(header: str, kind: str | None) -> None:
    mail = mail_of(f"From: a@b.test\n{header}")
    assert mail["auto"] == kind
    assert mail["may_auto_reply"] is (kind is None and "Suppress" not in header)


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        ("From: a@b.test", None),
        ("From: no-reply@b.test", "a@b.test"),
        ("From: MAILER-DAEMON@b.test", "a@b.test"),
        ("From: a@b.test\nMessage-ID: <gw-1@example.org>", "a@b.test"),
        ("From: a@b.test\nX-Loop: yes", "a@b.test"),
        ("To: a@b.test", "a@b.test"),
    ],
)
def test_some_mail_is_never_answered_by_a_program(header: str, sender: str | None) -> None:
    assert mail_of(header, sender=sender)["may_auto_reply"] is False


def test_our_own_mail_coming_back_is_marked() -> None:
    assert read("From: a@b.test\nMessage-ID: <gw-1@example.org>").extra["loop"] is True


@pytest.mark.parametrize(
    ("header", "body", "kind"),
    [
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data", "x", "smime_encrypted"),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data", "x", "smime_signed"),
        ("Content-Type: application/ms-tnef; name=winmail.dat", "x", "tnef"),
        ("X: y", "-----BEGIN PGP MESSAGE-----\nx", "pgp_encrypted"),
        ("X: y", "-----BEGIN PGP SIGNED MESSAGE-----\nx", "pgp_signed"),
    ],
)
def test_protected_mail_is_named_and_never_called_verified(header: str, body: str, kind: str) -> None:
    assert mail_of(f"From: a@b.test\n{header}", body=body)["crypto"] == {"type": kind, "verified": False}


def test_an_invitation_is_read_with_its_zone() -> None:
    card = invitation(
        "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:16010101T000000\nEND:STANDARD\n"
        "END:VTIMEZONE\nBEGIN:VEVENT\nUID:1\nSUMMARY;LANGUAGE=de:A\\, long\r\n  title\n"
        "DTSTART;TZID=Europe/Berlin:20260920T160000\n"
        'DTEND;TZID="W. Europe Standard Time":20260920T170000\nORGANIZER;CN="J, D":MAILTO:j@x.test\nEND:VEVENT\n'
    )
    assert card is not None
    assert (card["uid"], card["summary"], card["organizer"]) == ("1", "A, long title", "j@x.test")
    assert (card["starts_at"], card["ends_at"]) == ("2026-09-20T14:00:00.000Z", "2026-09-20T17:00:00.000")


@pytest.mark.parametrize("value", ["20269920T999999Z", "x", "", "00000101T000000Z", "99991231T235959Z" * 2])
def test_an_impossible_time_of_an_invitation_is_left_out(value: str) -> None:
    card = invitation(f"BEGIN:VEVENT\nDTSTART:{value}\nEND:VEVENT")
    assert card is not None
    assert card["starts_at"] is None


def test_a_whole_day_stays_a_date() -> None:
    card = invitation("BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260920\nEND:VEVENT")
    assert card is not None
    assert card["starts_at"] == "2026-09-20"


def test_a_mail_without_structure_is_shown_as_text() -> None:
    assert read("From: a@b.test\nContent-Type: multipart/mixed; boundary=none").text == "x"
    assert read("From: a@b.test\nContent-Type: multipart/mixed").text == "x"
    assert read("From: a@b.test\nContent-Type: nonsense").text == "x"


def test_text_and_html_side_by_side_are_both_shown_unless_they_say_the_same() -> None:
    parts = "--b\n\nsame words\n--b\n\nonly here\n--b\nContent-Type: text/html\n\n<p>same <b>words</b></p>\n--b--"
    event = read("From: a@b.test\nContent-Type: multipart/mixed; boundary=b", body=parts)
    assert event.mail is not None
    assert event.text == "same words\n\nonly here"
    assert (event.mail["html"].count("same"), event.mail["html"].count("only here")) == (1, 1)


HTML = "From: a@b.test\nContent-Type: text/html"
ALTERNATIVE = "From: a@b.test\nContent-Type: multipart/alternative; boundary=b"
GMAIL = (
    '<div class="gmail_quote"><div class="gmail_attr">{}</div><blockquote class="gmail_quote">old</blockquote></div>'
)


def test_html_says_its_charset_where_the_header_does_not() -> None:
    meta = '<meta http-equiv="Content-Type" content="text/html; charset=shift_jis">'
    context = {"envelope": {"from": "a@b.test", "to": ["s@example.org"]}}
    for charset, wanted in (("", "①"), ("; charset=iso-8859-1", "\u2021@")):
        body = f"{HTML}{charset}\r\n\r\n{meta}".encode() + b"<p>\x87\x40</p>"
        (event,) = smtp.parse(HttpRequest("SMTP", "", body=body), context)
        assert isinstance(event, InboundMessage)
        assert event.mail is not None
        assert wanted in event.mail["html"]


@pytest.mark.parametrize(
    ("attribution", "reply"),
    [("Kirjoittanut A:", "new"), ("---------- Forwarded message ---------", None)],
)
def test_quotes_that_only_the_html_marks_are_found(attribution: str, reply: str | None) -> None:
    text = f"new\n\n{attribution}\nold"
    parts = f"--b\n\n{text}\n--b\nContent-Type: text/html\n\n<p>new</p>{GMAIL.format(attribution)}\n--b--"
    assert mail_of(ALTERNATIVE, body=parts)["reply_text"] == (reply or text)
    assert "old" in str(read(ALTERNATIVE, body=parts).text)


def test_a_file_that_the_html_shows_is_marked() -> None:
    parts = (
        '--b\nContent-Type: text/html\n\n<img src="cid:one@x">\n'
        "--b\nContent-Type: image/png\nContent-ID: <one@x>\n\nx\n"
        "--b\nContent-Type: image/png\nContent-ID: <two@x>\n\nx\n--b--"
    )
    event = read("From: a@b.test\nContent-Type: multipart/related; boundary=b", body=parts)
    files = [item for item in event.attachments if isinstance(item, Media)]
    assert [(item.inline, item.extra.get("shown")) for item in files] == [(True, True), (True, None)]


@pytest.mark.parametrize(
    ("sender", "misleads"),
    [
        ("boss@bank.test <m@evil.test>", True),
        ("M@evil.test <m@evil.test>", None),
        ("Boss <m@evil.test>", None),
        ("boss\uff20bank.test <m@evil.test>", True),
        ("boss\ufe6bbank.test <m@evil.test>", True),
        ("boss\u24d0bank.test <m@evil.test>", True),
        ("boss\u200b@\u2060bank\u3002test <m@evil.test>", True),
        ("m\uff20evil.test <m@evil.test>", None),
        ("\u24d0nna <m@evil.test>", None),
    ],
)
def test_a_name_that_shows_another_address_is_marked(sender: str, misleads: bool | None) -> None:
    assert read(f"From: {sender}").extra.get("misleading_name") is misleads


def test_recipients_of_repeated_headers_are_all_read() -> None:
    assert len(read("From: a@b.test\nTo: c@d.test\nTo: e@f.test").recipients) == 2
