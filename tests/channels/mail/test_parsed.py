"""A letter out of what a provider took apart: bounded, and never more trusting than one that was read whole."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from channels.events import Media
from channels.mail import limits
from channels.mail.parsed import File, fields_of, parsed_letter

TEXT = st.text(st.characters(exclude_categories=[]), max_size=30)
FILES = st.builds(
    File,
    content=st.none() | st.binary(max_size=20),
    type=TEXT | st.sampled_from(["text/calendar", "message/delivery-status", "application/pkcs7-mime", "a/b; x=y"]),
    name=TEXT,
    content_id=st.none() | TEXT,
    inline=st.booleans(),
    url=st.none() | TEXT,
    size=st.none() | st.integers(),
)


def letter(*files: File, **texts: Any) -> Any:
    return parsed_letter(fields_of([]), text=texts.get("text"), html=texts.get("html"), files=files)


def test_fields_keep_their_order_and_repeats_and_lose_line_breaks() -> None:
    fields = fields_of([("Received", "a\r\n b"), ("X", "1"), ("RECEIVED", "c"), ("", "nameless")])
    assert fields.items == (("received", "a  b"), ("x", "1"), ("received", "c"))


def test_what_the_provider_decoded_stands_in_for_missing_fields_only() -> None:
    fields = fields_of([("From", "Jane <a@example.net>")], {"from": "b@example.net", "subject": "Größe", "cc": ""})
    found = parsed_letter(fields, text=None, html=None)
    assert [box.address for box in found.senders] == ["a@example.net"]
    assert (found.subject, list(found.cc), found.malformed) == ("Größe", [], False)


def test_a_header_has_its_bounds() -> None:
    fields = fields_of(("X", "y" * 1000) for _ in range(1000))
    assert sum(len(name) + len(value) for name, value in fields.items) <= limits.MAX_HEADER_BYTES


def test_texts_are_made_storable() -> None:
    found = letter(text="a\r\n\x00b\udcff \r\n", html="<p>\x00\ud83d</p>")
    assert (found.text, found.html) == ("a\nb?", "<p>?</p>")
    assert (letter(text=" \n", html=" ").text, letter(html=" ").html) == (None, None)


def test_a_file_that_has_to_be_fetched_says_from_where() -> None:
    (file,) = letter(File(content=None, type="image/png", name="../a.exe", url="https://x.test/1", size=7)).attachments
    assert isinstance(file, Media)
    assert (file.filename, file.size, file.sha256, file.content) == ("a.exe", 7, None, None)
    assert file.extra == {"fetch": "https://x.test/1", "warning": "executable"}


def test_an_invitation_is_read_in_its_charset() -> None:
    source = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Größe\r\nEND:VEVENT\r\n".encode("latin-1")
    found = letter(File(content=source, type="text/calendar; charset=iso-8859-1", name="i.ics"))
    assert found.calendar is not None
    assert found.calendar["summary"] == "Größe"


def test_only_so_many_files_are_read() -> None:
    found = letter(*[File(content=b"", type="", name="")] * (limits.MAX_PARTS + 1))
    assert (len(found.attachments), found.cut) == (limits.MAX_PARTS, True)
    assert {item.mime_type for item in found.attachments} == {"application/octet-stream"}


def test_files_are_no_report_until_one_of_them_is() -> None:
    mail = File(content=b"Message-ID: <a@x.test>\n", type="message/rfc822", name="")
    report = File(content=b"Action: failed\n", type="message/delivery-status", name="")
    assert letter(mail).sections == ()
    assert [section.type for section in letter(mail, report).sections] == ["message/rfc822", "message/delivery-status"]


@given(st.lists(st.tuples(TEXT, TEXT), max_size=6), st.none() | TEXT, st.none() | TEXT, st.lists(FILES, max_size=3))
def test_no_field_no_text_and_no_file_raises(
    pairs: list[tuple[str, str]], text: str | None, html: str | None, files: list[File]
) -> None:
    found = parsed_letter(
        fields_of(pairs, {"from": text or "", "subject": html or ""}), text=text, html=html, files=files
    )
    assert len(found.attachments) == len(files)
    for value in (found.subject, found.text, found.html, *(item.filename for item in found.attachments)):
        assert value is None or "\x00" not in value.encode().decode()
