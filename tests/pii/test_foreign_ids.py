"""Ids that others made can tell who somebody is: endpoints that get data masked get stand-ins of such."""

import base64
from typing import Any
from uuid import UUID

import orjson
import pytest

from gateway.keys import Keyring
from gateway.keys.stand_ins import stand_ins
from gateway.pii.detecting import Detectors, Rule
from gateway.pii.events import masked_event

WAMID = "wamid." + base64.b64encode(b"\x1d\x14\x0b12025550142\x15\x02\x00\x12\x18\x14" + b"3A" * 8).decode()
DETECTORS = Detectors([Rule("email"), Rule("phone"), Rule("payment_card")])


def masked(data: dict[str, Any], detectors: Detectors = DETECTORS) -> Any:
    """Return an event's data, masked."""
    event = orjson.dumps({"id": "evt_1", "data": data})
    return orjson.loads(masked_event(event, detectors, lambda value: f"<{len(value)}>"))["data"]


@pytest.mark.parametrize(
    "value",
    [WAMID, "jane.doe@example.org", "CAF+x=1@mail.example.org", "12025550142", "sms-12025550142-7", "+12025550142",
     "4111111111111111", "gen-4111111111111111", "x_4111111111111111", "wamid.4111111111111111",
     "image001.png@example.org"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["external_id", "in_reply_to", "message_id", "content_id"])
def test_an_id_that_tells_who_somebody_is_is_replaced(name: str, value: str) -> None:
    shown = masked({name: value, "mail": {name: value}, "references": [value, "opaque"]})
    hidden = f"•<{len(value)}>"
    assert shown == {name: hidden, "mail": {name: hidden}, "references": [hidden, "opaque"]}


def test_ids_that_tell_nothing_stay_and_so_do_all_where_nothing_is_looked_for() -> None:
    opaque = {
        "external_id": "SM5ef8732a3c49700934481addd5ce1659", "message_id": f"msg_{'1' * 32}", "in_reply_to": None,
        "id": "msg_1", "references": ["wamid.!", "wamid.QUJD"], "content_id": "part1",
    }  # fmt: skip
    assert masked(opaque) == opaque
    data = {"external_id": WAMID, "message_id": "jane.doe@example.org"}
    assert masked(data, Detectors([Rule("iban")])) == data


def test_what_stands_under_names_of_others_is_looked_through() -> None:
    data = {
        "mime_type": 'image/png; name="jo@example.org"',
        "extra": {"wa_id": "+12025550142", "deep": {"status": ["jo@example.org"]}},
    }
    shown = masked(data)
    assert "jo@example.org" not in orjson.dumps(shown).decode()
    assert shown["extra"]["wa_id"] != "+12025550142"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("filename", "4111 1111 1111 1111.pdf"), ("filename", "scan_4111111111111111_x.pdf"),
        ("mime_type", "image/4111111111111111"), ("mime_type", "x/x-4111111111111111"),
    ],
)  # fmt: skip
def test_numbers_are_found_whatever_a_name_joins_them_to(name: str, value: str) -> None:
    assert "4111111111" not in masked({"attachments": [{name: value}]})["attachments"][0][name].replace(" ", "")
    assert masked({name: "IMG_20260101_120000.jpg"}) == {name: "IMG_20260101_120000.jpg"}


def test_names_that_others_gave_are_looked_through_and_none_is_lost() -> None:
    shown = masked(
        {"extra": {"4111 1111 1111 1111": "a", "4111-1111-1111-1111": "b", "plain": [{"4111111111111111": 1}]}}
    )
    assert "4111" not in orjson.dumps(shown).decode()
    assert sorted(str(one) for one in shown["extra"].values())[1:] == ["a", "b"]


def test_a_stand_in_is_the_same_for_the_same_id_of_a_tenant(master_key: str) -> None:
    one, other = (stand_ins(Keyring(master_key), UUID(int=number)) for number in (1, 2))
    assert one("12025550142") == one("12025550142") != one("12025550143")
    assert one("12025550142") != other("12025550142")
    assert len(one("x")) == 32
