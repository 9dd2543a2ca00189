"""Header values as people, programs and attackers write them."""

from datetime import UTC, datetime

import pytest

from channels.events import Mailbox
from channels.mail.addresses import address_in, mailboxes
from channels.mail.charsets import decode
from channels.mail.dates import moment
from channels.mail.ids import message_ids
from channels.mail.names import safe_name
from channels.mail.parameters import parameterised
from channels.mail.tokens import token_in, without_token
from channels.mail.transfer import decoded
from channels.mail.words import header_text


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("a@example.org", [("a@example.org", None)]),
        ("A B <a@example.org>", [("a@example.org", "A B")]),
        ('"B, A" <a@example.org>, c@example.org', [("a@example.org", "B, A"), ("c@example.org", None)]),
        ("Doe, John Q. <a@example.org>", [("a@example.org", "John Q.")]),
        ("a@example.org (Jane (nested) Doe)", [("a@example.org", "Jane (nested) Doe")]),
        ("boss@bank.example <m@evil.example>", [("m@evil.example", "boss@bank.example")]),
        ("X <first@example.org> <last@example.org>", [("last@example.org", "X")]),
        ("Team: a@example.org, B <b@example.org>;", [("a@example.org", None), ("b@example.org", "B")]),
        ("undisclosed-recipients:;", []),
        ("<@route.example,@other.example:a@example.org>", [("a@example.org", None)]),
        ("=?utf-8?q?M=C3=BCller=2C_A?= <a@example.org>", [("a@example.org", "Müller, A")]),
        ('"=?utf-8?q?M=C3=BCller?=" <a@example.org>', [("a@example.org", "Müller")]),
        (r'"A \"B\" C" <a@example.org>', [("a@example.org", 'A "B" C')]),
        ('"john doe"@example.org', []),
        ("<>", []),
        ('"Jane Doe" a@example.org', [("a@example.org", "Jane Doe")]),
        ("'a@example.org'", [("a@example.org", None)]),
        ("Jane <'a@example.org'>", [("a@example.org", "Jane")]),
        ("nobody", []),
        (None, []),
        ("a@example.org; b@example.org", [("a@example.org", None), ("b@example.org", None)]),
        ('"unclosed <a@example.org>', [("a@example.org", "unclosed")]),
        ("A <a@ex ample.org>", [("a@example.org", "A")]),
    ],
    ids=str,
)
def test_addresses_are_read(value: str | None, wanted: list[tuple[str, str | None]]) -> None:
    assert list(mailboxes(value)) == [Mailbox(address, name) for address, name in wanted]


@pytest.mark.parametrize(
    "value", ["rfc822; a@example.org", "RFC822;<a@example.org>", "a@example.org", "utf-8;a@example.org"]
)
def test_an_address_is_found_behind_its_type(value: str) -> None:
    assert address_in(value) == "a@example.org"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("=?utf-8?B?4oKs?=", "€"),
        ("=?utf-8?B?4g==?= =?utf-8?B?gqw=?=", "€"),
        ("=?utf-8?q?a?= =?iso-8859-1?q?=E4?=", "aä"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?utf-8*de?q?a?=", "a"),
        ("=?nonsense?q?=C3=A4?=", "ä"),
        ("=?utf-8?q?a", "=?utf-8?q?a"),
        ("=?utf-8?q?x=0D=0ABcc:_v@example.org?=", "x Bcc: v@example.org"),
        ("=?utf-8?b?bm90IGNsb3NlZA?=", "not closed"),
        ("a\tb", "a b"),
        ("pay \u202etxt.exe\u202c\u2066 now\u200f", "pay txt.exe now"),
        ("=?utf-8?b?4oCueA==?=", "x"),
    ],
)
def test_encoded_words_are_decoded_to_one_line(value: str, wanted: str) -> None:
    assert header_text(value) == wanted


@pytest.mark.parametrize(
    ("raw", "label", "wanted"),
    [
        (b"5\x80", "iso-8859-1", "5€"),
        (b"5\x80", "ISO_8859-1", "5€"),
        (b"\xc3\xa4", "us-ascii", "ä"),
        (b"\xe4", "us-ascii", "ä"),
        (b"\x87\x40", "shift_jis", "①"),
        (b"\xe9\x46", "gb2312", "镕"),
        (b"\xc3\xa4", "utf-8", "ä"),
        (b"\xc7\xd1\xb1\xdb", "ks_c_5601-1987", "한글"),
        (b"\xcf\xf0\xe8", "windows-1251", "При"),
        (b"\xcf\xf0\xe8", "CP-1251", "При"),
        (b"\xf0\xd2\xc9", "koi8-r", "При"),
        (b"\xa7A\xa6n", "big5", "你好"),
        (b"\xf9\xec", "iso-8859-8-i", "\u05e9\u05dc"),
        (b"\xa1\x80", "tis-620", "\u0e01€"),
        (b"\x1b$B$3\x1b(B", "iso-2022-jp", "こ"),
        (b"\x1b$B-!$3\x1b(B", "iso-2022-jp", "\ufffdこ"),
        (b"\xe4", "utf-8", "\ufffd"),
        (b"\xc3\xa4", "iso-2022-jp", "ä"),
        (b"\xc3\xa4", "base64", "ä"),
        (b"\xc3\xa4", "punycode", "ä"),
        (b"\xc3\xa4", "\x00", "ä"),
        (b"\xe4", None, "ä"),
        (b"a\x00b", None, "ab"),
        (b"+2AA-", "utf-7", "?"),
    ],
)
def test_bytes_become_text_whatever_the_label_says(raw: bytes, label: str | None, wanted: str) -> None:
    assert decode(raw, label) == wanted


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ("a.pdf", "a.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\evil.exe", "evil.exe"),
        ("C:\\x\\y.txt", "y.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\r\nb.txt", "ab.txt"),
        ("bill.pdf\u3164\u2063\u00ad\uffa0\U000e0041.exe", "bill.pdf.exe"),
        ("\u0646\u0627\u0645\u0647\u200c\u0647\u0627.pdf", "\u0646\u0627\u0645\u0647\u200c\u0647\u0627.pdf"),
        ("\u3164", "file"),
        ("..", "file"),
        ("/", "file"),
        ("con", "_con"),
        ("LPT1.txt", "_LPT1.txt"),
        ("trailing. ", "trailing"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
        ("x" * 300, "x" * 150),
        ("", None),
        ("  ", None),
    ],
)
def test_a_file_name_is_made_fit_to_show(sent: str, wanted: str | None) -> None:
    assert safe_name(sent) == wanted


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("attachment; filename=a.pdf", "a.pdf"),
        ('attachment; filename="a;b\\".pdf"; size=3', 'a;b".pdf'),
        ("attachment; filename=foo bar.pdf", "foo bar.pdf"),
        ("attachment; filename*=utf-8'de'M%C3%A4rz.pdf; filename=old.pdf", "März.pdf"),
        ("attachment; filename*0*=utf-8''%E2; filename*1*=%82%AC; filename*2=.pdf", "€.pdf"),
        ("attachment; filename*1=b; filename*0=a", "ab"),
        ('attachment; filename="=?utf-8?b?w6Q=?=.pdf"', "ä.pdf"),
        ("attachment; filename=", ""),
        ("attachment; filename*=nonsense", "nonsense"),
        ('attachment; x="1"; FILENAME="a"', "a"),
        ("", ""),
    ],
)
def test_parameters_are_read(value: str, name: str) -> None:
    assert parameterised(value).get("filename") == name


@pytest.mark.parametrize(
    ("raw", "encoding", "wanted"),
    [
        (b"dGVzdA==", "base64", b"test"),
        (b"dGV\r\nzdA", "BASE64", b"test"),
        (b"dGVzd", "base64", b"tes"),
        (b"a=\r\nb=C3", "quoted-printable", b"ab\xc3"),
        (b"begin 644 x\n#86)C\n`\nend\n", "x-uuencode", b"abc"),
        (b"as is", "x-unknown", b"as is"),
        (b"as is", None, b"as is"),
    ],
)
def test_transfer_encodings_are_undone(raw: bytes, encoding: str | None, wanted: bytes) -> None:
    assert decoded(raw, encoding) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("Tue, 15 Sep 2026 12:00:00 +0200", datetime(2026, 9, 15, 10, tzinfo=UTC)),
        ("15 Sep 26 12:00 GMT", datetime(2026, 9, 15, 12, tzinfo=UTC)),
        ("Tue, 15 Sep 2026 12:00:00 -0000", datetime(2026, 9, 15, 12, tzinfo=UTC)),
        ("Tue, 15 Sep 2026 99:99:99 +9999", None),
        ("Tue, 15 Sep 0000 12:00:00 +0000", None),
        ("Thu, 01 Jan 1970 00:00:00 +0000", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_a_date_is_read_or_given_up(value: str | None, wanted: datetime | None) -> None:
    assert moment(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("<a@x>", ("a@x",)),
        ("a@x", ("a@x",)),
        ("<a@x>,<b@x> junk <a@x>", ("a@x", "b@x")),
        ("Message of Tuesday <a@x>", ("a@x",)),
        ("<[abc", ()),
        ("< a@x >", ("a@x",)),
        ("", ()),
    ],
)
def test_message_ids_are_found_by_shape(value: str, wanted: tuple[str, ...]) -> None:
    assert message_ids(value) == wanted


def test_a_reply_token_is_found_without_regard_to_case() -> None:
    pattern = "reply+<token>@reply.example.org"
    assert token_in(["x@example.org", "Reply+ABC123@REPLY.example.org"], pattern) == "abc123"
    assert token_in(["reply+abc@reply.example.org.evil.test", "xreply+abc@reply.example.org"], pattern) is None
    assert token_in(["reply+abc@reply.example.org"], None) is None
    assert without_token("Reply+ABC123@reply.example.org", "abc123") == "reply@reply.example.org"
