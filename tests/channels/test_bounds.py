"""What is read of bodies and mails that were made to keep us busy, and that the rest stays as it was sent."""

import random
from urllib.parse import unquote_plus

import orjson
import pytest

from channels.brevo.inbound import MOST_MAILS, inbound
from channels.errors import PayloadMalformed
from channels.events import Quarantined
from channels.forms import MOST_LONE, unescaped
from channels.json_bodies import MOST_ENTRIES, read_json
from channels.mail import limits
from channels.mail.charsets import decode
from channels.mail.flow import flow
from channels.mail.flowed import unflowed
from channels.mail.markup import MOST_ATTRIBUTES, MOST_ATTRIBUTES_IN_ALL
from channels.mail.quoted import folds, visible_reply
from channels.mail.signatures import signature_start
from channels.mail.transfer import decoded
from channels.mail.words import decode_words, header_text
from channels.segments import segments
from channels.twilio.forms import TooManyFields, read_form
from tests.channels.fixtures import all_recorded


def test_a_body_with_too_many_entries_is_no_post() -> None:
    for piece in (b"0", b"{}", b'{"a":[0]}', b"[0]"):
        few = b'{"a":[' + b",".join([piece] * (MOST_ENTRIES // 2)) + b"]}"
        many = b'{"a":{"b":[' + b",".join([piece] * (MOST_ENTRIES + 1)) + b"]}}"
        assert len(read_json(few)["a"]) == MOST_ENTRIES // 2
        with pytest.raises(PayloadMalformed, match="entries"):
            read_json(many)
    text = "," * 2 * MOST_ENTRIES
    assert read_json(f'{{"text":"{text}"}}'.encode()) == {"text": text}


def test_mails_of_a_post_beyond_the_limit_are_set_aside() -> None:
    case = next(one for one in all_recorded() if one.provider == "brevo" and b'"items"' in one.request.body)
    item = orjson.loads(case.request.body)["items"][0]
    items = [
        {**item, "Uuid": [f"u-{number}"], "MessageId": f"<{number}@mail.test>"} for number in range(MOST_MAILS + 2)
    ]
    found = inbound("brevo", {"items": items}, case.context)
    assert [isinstance(one, Quarantined) for one in found] == [False] * MOST_MAILS + [True] * 2


def test_escapes_of_a_form_are_undone_as_urllib_does() -> None:
    chance = random.Random(2)
    pieces = ["%", "%61", "%C3%A9", "%c3", "+", "=", "=3D", "a", "é", "\n", "\r\n", " ", "%0A", "%3D", "_", "%2", "\0"]
    for _ in range(2000):
        text = "".join(chance.choices(pieces, k=chance.randint(0, 12))) * chance.choice((1, 20))
        assert unescaped(text) == unquote_plus(text), text
        assert read_form(f"a={text}") == {"a": unquote_plus(text)}, text
    with pytest.raises(TooManyFields):
        read_form("a=" + "%" * (MOST_LONE + 1))
    assert read_form("a=" + "%25" * (MOST_LONE + 1)) == {"a": "%" * (MOST_LONE + 1)}


def test_soft_line_ends_beyond_the_limit_stay() -> None:
    text = "a \n" * (limits.MAX_FLOWED_LINES + 2) + "b"
    shown = unflowed(text, delsp=False).split("\n")
    assert shown[0] == "a " * limits.MAX_FLOWED_LINES
    assert shown[1:] == ["a ", "a ", "b"]
    assert unflowed("a \nb\n> c \n> d\n-- \ne", delsp=True) == "ab\n> cd\n-- \ne"


def test_nothing_is_folded_away_in_too_many_lines() -> None:
    most = limits.MAX_FOLDED_LINES
    quoted = "Yes\n\nOn Mon, 2 Nov 2026, Jane <jane@example.org> wrote:\n"
    assert visible_reply(quoted + "> a\n" * (most - 4)) == "Yes"
    assert folds(quoted + "> a\n" * most + "b") == ()
    assert signature_start(["a"] * most + ["-- ", "b"]) == most + 2
    assert signature_start(["a"] * 50 + ["-- ", "b"]) == 50


def test_what_a_charset_has_no_character_for_is_marked_as_python_marks_it() -> None:
    chance = random.Random(1)
    for charset in ("cp1252", "iso-8859-8", "tis-620", "koi8-r", "ascii", "shift_jis", "gb18030", "utf-16", "hz"):
        for _ in range(50):
            raw = b"\xff" + chance.randbytes(40)
            python = {"tis-620": "cp874", "shift_jis": "cp932", "ascii": "cp1252"}.get(charset, charset)
            try:
                raw.decode("utf-8" if charset != "hz" else "hz")
            except UnicodeDecodeError:
                expected = raw.decode(python, "replace").replace("\0", "")
                shown = decode(raw, charset)
                assert shown == expected.encode("utf-8", "replace").decode(), (charset, raw)
    assert decode(b"+\xff", "utf-7") == "+ÿ"


def test_lines_too_short_for_a_file_are_none() -> None:
    assert decoded(b"a\nbegin 644 a\n#86)C\n`\nend\n", "uuencode") == b"abc"
    assert decoded(b"a\r\nbegin 644 a\r\n#86)C\r\n`\r\nend\r\n", "uuencode") == b"abc"
    short = b"begin 644 a\n" + b"!A\n" * 1000 + b"end\n"
    assert decoded(short, "uuencode") == short
    assert decoded(b"to begin 644 a\n#86)C\n", "uuencode") == b"to begin 644 a\n#86)C\n"


def test_encoded_words_beyond_the_limit_stay() -> None:
    word = "=?utf-8?q?a?= "
    shown = decode_words(word * (limits.MAX_ENCODED_WORDS + 2))
    assert shown == "a" * limits.MAX_ENCODED_WORDS + " " + word * 2
    assert header_text(" " * limits.MAX_HEADER_TEXT + "a") == ""


def test_attributes_beyond_the_limit_are_left_out() -> None:
    tag = "<p " + "a " * MOST_ATTRIBUTES + ' title="x">b</p>'
    page = flow(tag * (MOST_ATTRIBUTES_IN_ALL // MOST_ATTRIBUTES) + '<p title="y">c</p>')
    assert "title" not in page.html
    assert page.text.endswith("c")
    assert 'title="y"' in flow('<p title="y">c</p>').html


def test_parts_hold_whole_characters() -> None:
    assert segments("[" * 77).count == 1
    assert (segments("[" * 81).count, segments("[" * 81).left) == (2, 153 - 2 * 5)
    assert (segments("😀" * 40).count, segments("😀" * 40).left) == (2, 67 - 2 * 7)
    assert (segments("a" + "[" * 80).count, segments("a" + "[" * 80).left) == (2, 153 - 2 * 4)
    assert (segments("a" + "😀" * 35).count, segments("a" + "😀" * 35).left) == (2, 67 - 2 * 2)
