"""Every recorded mail means what was written down beside it."""

import re
from typing import Any

import pytest

from channels.events import InboundMessage
from channels.http import HttpRequest
from channels.providers import smtp
from tests.channels.mail.cases import as_recorded, raw, recorded
from tests.channels.matching import differences

MAILS = recorded("eml")
PAGES = [case for case in MAILS if "html" in case]


def events_of(case: dict[str, Any]) -> Any:
    return smtp.parse(HttpRequest("SMTP", "", body=raw("eml", case["file"])), case["context"])


@pytest.mark.parametrize("case", MAILS, ids=lambda case: case["name"])
def test_a_mail_means_what_was_recorded(case: dict[str, Any]) -> None:
    got = [as_recorded(event) for event in events_of(case)]
    assert differences(case["events"], got) == []


@pytest.mark.parametrize("case", PAGES, ids=lambda case: case["name"])
def test_the_html_of_a_mail_is_made_safe(case: dict[str, Any]) -> None:
    (event,) = events_of(case)
    assert isinstance(event, InboundMessage)
    assert event.mail is not None
    page, wanted = event.mail["html"], case["html"]
    assert [text for text in wanted.get("must_contain", ()) if text not in page] == []
    assert [rule for rule in wanted.get("must_match", ()) if not re.search(rule, page)] == []
    assert [rule for rule in wanted.get("must_not_match", ()) if re.search(rule, page)] == []
    assert re.findall(r'src="attachments/([^"]*)"', page) == wanted.get("cids", [])
    assert event.extra.get("blocked_remote_images", 0) >= wanted.get("blocked_remote_images_min", 0)
