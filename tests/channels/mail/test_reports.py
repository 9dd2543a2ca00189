"""Reports about our mail, as exact or as sloppy as servers write them, become status updates."""

from typing import Any

import pytest

from channels.events import InboundMessage, StatusUpdate
from channels.http import HttpRequest
from channels.providers import smtp

CONTEXT: dict[str, Any] = {
    "envelope": {"from": None, "to": ["bounce+b1@reply.example.org"]},
    "own_message_id_domains": ["example.org"],
}
RETURNED = "--b\nContent-Type: message/rfc822\n\nMessage-ID: <gw-1@example.org>\nTo: to@example.net\n\nhi\n"


def parse(mail: str, **context: Any) -> Any:
    return smtp.parse(HttpRequest("SMTP", "", body=mail.replace("\n", "\r\n").encode()), {**CONTEXT, **context})


def report(block: str, kind: str = "delivery-status", returned: str = RETURNED) -> Any:
    return parse(
        f"From: MAILER-DAEMON@mx.example.net\nContent-Type: multipart/report; report-type={kind}; boundary=b\n\n"
        f"--b\n\nsorry\n--b\nContent-Type: message/{kind}\n\n{block}\n{returned}--b--\n"
    )


@pytest.mark.parametrize(
    ("block", "wanted"),
    [
        ("Final-Recipient: rfc822;a@x.test\nAction: failed\nStatus: 5.1.1 (no)", ("bounced", "hard", "5.1.1")),
        ("Final-Recipient: <a@x.test>\nAction: failed (bad)\nStatus: 550", ("bounced", "hard", "550")),
        (
            "Final-Recipient: a@x.test\nAction: failure\nDiagnostic-Code: smtp;452-4.2.2 full",
            ("bounced", "soft", "4.2.2"),
        ),
        ("Final-Recipient: a@x.test\nAction: error\nStatus: 5.0", ("bounced", "soft", None)),
        ("Final-Recipient: a@x.test\nAction: delayed\nStatus: 4.4.1", ("deferred", None, "4.4.1")),
        ("Final-Recipient: a@x.test\nAction: delivered\nStatus: 2.0.0", ("delivered", None, None)),
        ("Final-Recipient: a@x.test\nAction: relayed", ("sent", None, None)),
        ("Final-Recipient: a@x.test\nStatus: 5.7.1", ("bounced", "hard", "5.7.1")),
        (
            "Reporting-MTA: dns;x\n \nFinal-Recipient: a@x.test\nAction: failed\nStatus: 5.1.2",
            ("bounced", "hard", "5.1.2"),
        ),
    ],
)
def test_a_delivery_report_is_read(block: str, wanted: tuple[str, str | None, str | None]) -> None:
    (event,) = report(block)
    assert (event.status, event.mail["bounce_class"], event.error_code) == wanted
    assert (event.recipient, event.message_ref) == ("a@x.test", "gw-1@example.org")


@pytest.mark.parametrize("gap", ["\n", ""], ids=["blocks", "one block"])
def test_each_recipient_has_an_update_of_its_own(gap: str) -> None:
    one, two = (f"Final-Recipient: rfc822;{name}@x.test\nAction: failed\nStatus: 5.1.1\n" for name in "ab")
    events = report(f"Reporting-MTA: dns;x\n\n{one}{gap}{two}{gap}{one}")
    assert [event.recipient for event in events] == ["a@x.test", "b@x.test"]
    assert len({event.external_id for event in events}) == 2


def test_the_recipient_may_stand_in_the_returned_mail_only() -> None:
    (event,) = report("Action: failed\nStatus: 5.1.1")
    assert event.recipient == "to@example.net"


def test_a_report_that_says_nothing_stays_a_mail() -> None:
    (event,) = report("Reporting-MTA: dns;x")
    assert isinstance(event, InboundMessage)
    assert event.mail is not None
    assert event.mail["auto"] == "bounce"


def test_a_report_about_mail_of_others_is_marked() -> None:
    block = "Final-Recipient: a@x.test\nAction: failed\nStatus: 5.1.1"
    (ours,) = report(block)
    (others,) = report(block, returned=RETURNED.replace("gw-1@example.org", "x@spam.test"))
    assert (ours.extra["backscatter"], others.extra["backscatter"]) == (False, True)


def test_a_report_within_a_list_mail_is_found() -> None:
    block = "Final-Recipient: a@x.test\nAction: failed\nStatus: 5.1.1\n"
    status = f"--b\nContent-Type: message/delivery-status\n\n{block}\n"
    inner = f"Content-Type: multipart/report; boundary=b\n\n{status}{RETURNED}--b--\n"
    (event,) = parse(
        f"From: l@x.test\nContent-Type: multipart/mixed; boundary=o\n\n--o\n{inner}\n--o\n\nfooter\n--o--\n"
    )
    assert isinstance(event, StatusUpdate)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [("abuse", "complained"), ("fraud", "complained"), ("not-spam", "unknown"), ("opt-out", "unsubscribed")],
)
def test_a_feedback_report_is_a_complaint_unless_it_is_the_opposite(kind: str, wanted: str) -> None:
    (event,) = report(f"Feedback-Type: {kind}\nOriginal-Rcpt-To: <a@x.test>\n", "feedback-report")
    assert (event.status, event.error_code, event.recipient) == (wanted, kind, "a@x.test")


@pytest.mark.parametrize(
    ("disposition", "wanted"), [("manual-action/x; displayed", "opened"), ("a/b; deleted", "unknown")]
)
def test_a_receipt_is_an_opening_only_when_displayed(disposition: str, wanted: str) -> None:
    block = f"Final-Recipient: rfc822;a@x.test\nOriginal-Message-ID: <gw-2@example.org>\nDisposition: {disposition}\n"
    (event,) = report(block, "disposition-notification", "")
    assert (event.status, event.message_ref) == (wanted, "gw-2@example.org")


def test_a_qmail_bounce_is_read_from_its_prose() -> None:
    (event,) = parse(
        "From: MAILER-DAEMON@x.test\n\nHi. This is the qmail-send program at x.test.\nThis is a permanent error.\n\n"
        "<bob@x.test>:\nRemote host said: 550 5.7.1 rejected\n\n--- Below this line is a copy of the message.\n\n"
        "Message-ID: <gw-3@example.org>\nStatus: 4.0.0\n"
    )
    assert (event.status, event.mail["bounce_class"], event.error_code) == ("bounced", "hard", "5.7.1")
    assert (event.recipient, event.message_ref) == ("bob@x.test", "gw-3@example.org")


def test_a_report_that_a_person_forwards_is_a_message() -> None:
    status = "--c\nContent-Type: message/delivery-status\n\nAction: failed\n--c--\n"
    inner = f"Content-Type: message/rfc822\n\nContent-Type: multipart/report; boundary=c\n\n{status}"
    (event,) = parse(
        f"From: j@x.test\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nsee\n--o\n{inner}--o--\n",
        envelope={"from": "j@x.test", "to": ["s@example.org"]},
    )
    assert isinstance(event, InboundMessage)
    assert (event.text, len(event.attachments)) == ("see", 1)
