"""Small tools of several adapters: batches, identities, tagged URLs, bodies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.batches import read_items
from channels.callback_urls import tag_of, tagged
from channels.errors import CannotSend
from channels.events import ChannelEvent, Identity, Location, Other, Quarantined
from channels.http import HttpRequest
from channels.identities import identities_of
from channels.json_bodies import read_json, write_json
from channels.json_fields import Object, required_id
from channels.media_kinds import kind_of, kind_of_name
from channels.places import place_in

URL = "https://gw.example.test/hooks/int_1"


def note(item: Object) -> ChannelEvent:
    return Other(
        provider="acme", channel="sms", account=None, address=None, external_id=required_id(item, "id"),
        occurred_at=None, subtype="note",
    )  # fmt: skip


def test_each_item_is_read_for_itself_and_none_twice() -> None:
    found = read_items([{"id": "1"}, 7, {"id": []}, {"id": "1"}, {"id": 2}], note, "item_malformed")
    assert [event.reason if isinstance(event, Quarantined) else event.external_id for event in found] == [
        "1", "item_malformed", "item_malformed", "2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "sender", "kind", "value"),
    [
        ("sms", "+12025550142", "phone", "+12025550142"),
        ("mms", "55501", "phone", "55501"),
        ("whatsapp", "+12025550142", "whatsapp", "+12025550142"),
        ("whatsapp", "US.13491208655302741918", "bsuid", "US.13491208655302741918"),
        ("sms", None, "phone", "unknown:m1"),
        ("whatsapp", None, "whatsapp", "unknown:m1"),
    ],
)
def test_a_sender_has_one_identity(channel: str, sender: str | None, kind: str, value: str) -> None:
    assert identities_of(channel, sender, "m1") == (Identity(kind=kind, value=value),)


@pytest.mark.parametrize(
    ("mime_type", "kind"),
    [
        ("image/png", "image"),
        ("AUDIO/ogg; x=y", "audio"),
        ("video/mp4", "video"),
        ("text/plain", "file"),
        (None, "file"),
    ],
)
def test_a_file_has_a_kind(mime_type: str | None, kind: str) -> None:
    assert kind_of(mime_type) == kind


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30), st.sampled_from([URL, URL + "?x=1"]))
def test_what_was_put_into_a_url_comes_back(value: str, url: str) -> None:
    request = HttpRequest("POST", tagged(url, sender=value, channel=None) + "&added=1")
    assert tag_of(request, "sender") == value
    assert tag_of(request, "channel") is None


@pytest.mark.parametrize("url", [URL, URL + "?", URL + "?sender=", URL + "?" + "&".join("a=1" for _ in range(200))])
def test_a_url_without_our_words_has_none(url: str) -> None:
    assert tag_of(HttpRequest("GET", url), "sender") is None
    assert tagged(URL, sender=None) == URL


def test_half_a_surrogate_pair_cannot_be_sent() -> None:
    assert read_json(write_json({"text": "hi"})) == {"text": "hi"}
    with pytest.raises(CannotSend):
        write_json({"text": "\ud83d"})
    assert tagged(URL, sender="\ud83d") == URL + "?sender=%3F"


@pytest.mark.parametrize(
    ("degrees", "place"),
    [
        ({"latitude": 52.5, "longitude": "13.4"}, Location(latitude=52.5, longitude=13.4, name="Here")),
        ({"latitude": 90.5, "longitude": 13.4}, None),
        ({"latitude": 52.5, "longitude": -181}, None),
        ({"latitude": "nan", "longitude": 1}, None),
        ({"latitude": True, "longitude": 1}, None),
        ({"longitude": 1}, None),
    ],
)
def test_a_place_is_on_the_globe(degrees: Object, place: Location | None) -> None:
    assert place_in(degrees, {"name": "Here", "url": 7}) == place


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("https://f.example.test/a.JPG?x=1.mp4", "image"),
        ("voice.ogg#t=1", "audio"),
        ("https://f.example.test/a.mp4", "video"),
        ("offer.pdf", "file"),
        ("https://f.example.test/a", "file"),
        ("", "file"),
    ],
)
def test_a_name_tells_the_kind_of_a_file(name: str, kind: str) -> None:
    assert kind_of_name(name) == kind
