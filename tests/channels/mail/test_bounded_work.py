"""The work grows with the size of a mail, never with its square, and never beyond the limits."""

import time
from collections.abc import Callable

import pytest

from channels.events import InboundMessage
from channels.http import HttpRequest
from channels.mail import limits
from channels.mail.flow import MAX_OPEN, MAX_TAGS, flow
from channels.mail.markup import tokens
from channels.mail.mime import read_mail, walk
from channels.mail.quoted import visible_reply
from channels.mail.sanitise import sanitise
from channels.providers import smtp

MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def read(mail: bytes) -> InboundMessage:
    (event,) = smtp.parse(HttpRequest("SMTP", "", body=mail), {"trusted_authserv_ids": ["x"]})
    assert isinstance(event, InboundMessage)
    return event


HEADERS: dict[str, Callable[[int], bytes]] = {
    "open comments": lambda n: b"From: " + b"(" * n,
    "open brackets": lambda n: b"From: " + b"<" * n,
    "at signs": lambda n: b"From: " + b"a@" * (n // 2),
    "quotation marks": lambda n: b'To: "' + b'\\"' * (n // 2),
    "open encoded words": lambda n: b"Subject: " + b"=?utf-8?q?a" * (n // 11),
    "encoded words": lambda n: b"Subject: " + b"=?utf-8?q?a?= " * (n // 14),
    "open message ids": lambda n: b"References: " + b"<a@" * (n // 3),
    "spaces in an id": lambda n: b"References: <" + b" " * n + b"x",
    "parameters": lambda n: b"Content-Type: text/plain" + b"; a=b" * (n // 5),
    "open parameters": lambda n: b"Content-Type: text/plain" + b'; a="' * (n // 5),
    "semicolons": lambda n: b"Content-Type: text/plain" + b";" * n,
    "results": lambda n: b"Authentication-Results: x; " + b"dkim=pass;" * (n // 10),
    "by by by": lambda n: b"Received: " + b"by " * (n // 3),
    "folds": lambda n: b"Subject: x" + b"\r\n y" * (n // 4),
}
BODIES: dict[str, Callable[[int], bytes]] = {
    "half boundaries": lambda n: MIXED + b"--b" * (n // 3),
    "parts": lambda n: MIXED + b"--b\r\n\r\nx\r\n" * (n // 10),
    "attributions": lambda n: b"\r\n" + b"On 2026-01-01 x wrote\n" * (n // 22),
    "quote marks": lambda n: b"\r\n" + b">\n" * (n // 2),
    "blank lines": lambda n: b"\r\nx" + b"\n" * n + b"x",
    "dashes": lambda n: b"\r\n" + (b"---x" + b" ---" * 90 + b"\n") * (n // 365),
    "copied ids": lambda n: b"X-Failed-Recipients: a@example.org\r\n\r\n" + b" \t>" * (n // 3),
    "punycode": lambda n: b"Content-Type: text/plain; charset=punycode\r\n\r\na-" + b"b" * n,
    "calendar": lambda n: b"Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT\n" + b'A;"' * (n // 3),
}
MARKUPS: dict[str, Callable[[int], str]] = {
    "nested": lambda n: "<div>" * (n // 5),
    "open formatting": lambda n: "".join(f"<p><font size={i}>x</p>" for i in range(n // 24)),
    "open tables": lambda n: "<table><tr><td>" * (n // 15),
    "stray ends": lambda n: "<div>" * 150 + "</b>" * (n // 4),
    "open comments": lambda n: "<!--" * (n // 4),
    "less than": lambda n: "<" * n,
    "open attributes": lambda n: "<a b='" * (n // 6),
    "attributes": lambda n: "<a " + "b=c " * (n // 4) + ">",
    "open scripts": lambda n: "<script>" * (n // 8),
    "references": lambda n: "&#9" * (n // 3),
    "one long reference": lambda n: "&#" + "9" * n,
    "breaks": lambda n: "<br>" * (n // 4),
    "styles": lambda n: "".join('<p style="color:rgb(' + "(" * 50 + '">x</p>' for _ in range(n // 80)),
}


def seconds(work: Callable[[], object]) -> float:
    """The least processor time of three runs: other programs do not count."""
    spent = []
    for _ in range(3):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return min(spent)


def assert_linear(work: Callable[[int], object], size: int) -> None:
    """Eight times the input may take eight times the work, with slack; sixty-four times is a fault."""
    small, large = seconds(lambda: work(size)), seconds(lambda: work(size * 8))
    assert large < 0.02 + 24 * small


@pytest.mark.parametrize("name", HEADERS)
def test_a_hostile_header_costs_what_its_size_does(name: str) -> None:
    assert_linear(lambda size: read(HEADERS[name](size) + b"\r\n\r\nx"), 20_000)


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_costs_what_its_size_does(name: str) -> None:
    mails = {size: b"From: a@example.org\r\n" + BODIES[name](size) for size in (50_000, 400_000)}
    assert_linear(lambda size: smtp.parse(HttpRequest("SMTP", "", body=mails[size]), {}), 50_000)


@pytest.mark.parametrize("name", MARKUPS)
def test_hostile_html_costs_what_its_size_does(name: str) -> None:
    assert_linear(lambda size: sanitise(flow(MARKUPS[name](size)).html), 20_000)


@pytest.mark.parametrize("name", MARKUPS)
def test_html_gives_no_more_tokens_than_characters(name: str) -> None:
    source = MARKUPS[name](10_000)
    assert sum(1 for _ in tokens(source)) <= len(source)


def test_nesting_and_tags_given_to_the_sanitiser_are_bounded() -> None:
    html = flow("<div>" * 100_000).html
    assert html.count("<div>") == MAX_OPEN
    many = flow("<p>x</p>" * 100_000)
    assert (many.html.count("<p>"), many.cut) == (MAX_TAGS, True)


def test_text_below_the_deepest_level_is_kept() -> None:
    assert "at the bottom" in flow("<div>" * 5000 + "at the bottom").html


def test_parts_beyond_the_limit_are_not_read() -> None:
    tree = read_mail(MIXED + b"--b\r\n\r\nx\r\n" * 5000 + b"--b--")
    assert (len(list(walk(tree.root))) - 1, tree.cut) == (limits.MAX_PARTS, True)


def test_levels_beyond_the_limit_are_not_read() -> None:
    nested = b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (level, level + 1) for level in range(5000)
    )
    tree = read_mail(b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n" + nested)
    assert (len(list(walk(tree.root))), tree.cut) == (limits.MAX_DEPTH + 1, True)


def test_addresses_and_references_are_bounded() -> None:
    ids = b" ".join(b"<%d@example.org>" % number for number in range(5000))
    event = read(b"To: " + b"a@example.org," * 5000 + b"\r\nReferences: " + ids + b"\r\n\r\nx")
    assert event.mail is not None
    kept = event.mail["references"]
    assert (len(event.recipients), len(kept)) == (limits.MAX_ADDRESSES, limits.MAX_REFERENCES)
    assert (kept[0], kept[-1]) == ("0@example.org", "4999@example.org")


def test_the_header_is_read_up_to_its_limit_and_the_body_all_the_same() -> None:
    event = read(
        b"Subject: x\r\n" + b"X-Fill: yyyyyyyyyyyyyyyyyyyy\r\n" * 50_000 + b"From: late@example.org\r\n\r\nbody"
    )
    assert (event.sender, event.text) == (None, "body")


def test_text_and_html_are_cut_to_their_limits() -> None:
    event = read(b"Content-Type: text/plain\r\n\r\n" + b"x" * (limits.MAX_TEXT + 10))
    assert len(event.text or "") == limits.MAX_TEXT
    page = read(b"Content-Type: text/html\r\n\r\n" + b"x" * (limits.MAX_HTML + 10))
    assert page.mail is not None
    assert len(page.mail["html"]) == limits.MAX_HTML
    assert page.extra["cut"] is True


def test_a_quote_far_down_is_not_looked_for() -> None:
    text = "line\n" * 3000 + "> quoted"
    assert visible_reply(text) == text
