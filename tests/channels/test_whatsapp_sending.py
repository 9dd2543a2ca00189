"""WhatsApp Cloud API: the requests that send, and what the answers to them mean."""

from typing import Any

import orjson
import pytest

from channels.errors import CannotSend
from channels.events import ContactCard, Location, Media
from channels.http import Headers, HttpResponse
from channels.outbound import (
    Accepted,
    Buttons,
    Choice,
    ChoiceList,
    Contacts,
    FlowButton,
    LinkButton,
    LocationRequest,
    OutboundMessage,
    Parameter,
    Reaction,
    Refused,
    Section,
    Template,
    TemplateButton,
)
from channels.providers.whatsapp_cloud import ADAPTER, WhatsAppCloudCredentials

CREDENTIALS = WhatsAppCloudCredentials.model_validate({"app_secret": "app-secret", "access_token": "token-1"})
OUTBOUND = OutboundMessage(reference="msg_1", sender="300000000000001", recipient="+12025550142", text="hi")


def sent(**changes: Any) -> dict[str, Any]:
    message = OutboundMessage(**{name: getattr(OUTBOUND, name) for name in OUTBOUND.__slots__} | changes)
    request = ADAPTER.build(message, CREDENTIALS)
    assert request.url == "https://graph.facebook.com/v24.0/300000000000001/messages"
    assert request.headers.get("authorization") == "Bearer token-1"
    body: dict[str, Any] = orjson.loads(request.body)
    assert (body["messaging_product"], body["biz_opaque_callback_data"]) == ("whatsapp", "msg_1")
    return body


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"to": "+12025550142", "recipient_type": "individual", "type": "text",
              "text": {"body": "hi", "preview_url": False}}),
        ({"in_reply_to": "wamid.0"}, {"context": {"message_id": "wamid.0"}}),
        ({"recipient": "US.1"}, {"recipient": "US.1"}),
        ({"recipient": "Z3JvdXA"}, {"to": "Z3JvdXA", "recipient_type": "group"}),
        ({"content": Reaction("👍"), "text": None, "in_reply_to": "wamid.0"},
         {"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}}),
        ({"content": Reaction(""), "text": None, "in_reply_to": "wamid.0"},
         {"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": ""}}),
        ({"media": [Media(type="file", url="https://f.example.test/a", filename="a.pdf")]},
         {"type": "document", "document": {"link": "https://f.example.test/a", "caption": "hi", "filename": "a.pdf"}}),
        ({"text": None, "media": [Media(type="image", id="9", url="https://f.example.test/a")]},
         {"image": {"id": "9"}}),
        ({"text": None, "media": [Media(type="voice", id="9")]},
         {"type": "audio", "audio": {"id": "9", "voice": True}}),
    ],
)  # fmt: skip
def test_a_message_is_built_as_meta_takes_it(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    body = sent(**changes)
    assert {key: body[key] for key in expected} == expected


BUTTONS = [Choice(id="y", title="Yes"), Choice(id="n", title="No")]
ROWS = [Choice(id="s", title="Small", description="up to 5"), Choice(id="l", title="Large")]
IMAGE = Media(type="image", url="https://f.example.test/a.png")
PLACE = Location(latitude=52.5, longitude=13.4, name="Shop", address="Street 1")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (Buttons(choices=BUTTONS, header="Size", footer="Thanks"),
         {"type": "button", "header": {"type": "text", "text": "Size"}, "footer": {"text": "Thanks"},
          "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}},
                                 {"type": "reply", "reply": {"id": "n", "title": "No"}}]}}),
        (Buttons(choices=BUTTONS[:1], header=IMAGE),
         {"type": "button", "header": {"type": "image", "image": {"link": "https://f.example.test/a.png"}},
          "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]}}),
        (ChoiceList(label="Pick", sections=[Section(title=None, choices=ROWS)], header="Sizes"),
         {"type": "list", "header": {"type": "text", "text": "Sizes"},
          "action": {"button": "Pick", "sections": [
              {"rows": [{"id": "s", "title": "Small", "description": "up to 5"}, {"id": "l", "title": "Large"}]}]}}),
        (ChoiceList(label="Pick", sections=[
            Section(title="A", choices=ROWS[:1]), Section(title="B", choices=ROWS[1:])]),
         {"type": "list", "action": {"button": "Pick", "sections": [
             {"title": "A", "rows": [{"id": "s", "title": "Small", "description": "up to 5"}]},
             {"title": "B", "rows": [{"id": "l", "title": "Large"}]}]}}),
        (LinkButton(label="Open", url="https://shop.example.org/x"),
         {"type": "cta_url", "action": {
             "name": "cta_url", "parameters": {"display_text": "Open", "url": "https://shop.example.org/x"}}}),
        (FlowButton(label="Book", flow_id="7", token="msg_1", screen="DAY", data={"day": 1}),
         {"type": "flow", "action": {"name": "flow", "parameters": {
             "flow_message_version": "3", "flow_id": "7", "flow_cta": "Book", "flow_token": "msg_1",
             "flow_action": "navigate", "flow_action_payload": {"screen": "DAY", "data": {"day": 1}}}}}),
        (FlowButton(label="Book", flow_id="7", token="msg_1"),
         {"type": "flow", "action": {"name": "flow", "parameters": {
             "flow_message_version": "3", "flow_id": "7", "flow_cta": "Book", "flow_token": "msg_1",
             "flow_action": "data_exchange"}}}),
        (LocationRequest(), {"type": "location_request_message", "action": {"name": "send_location"}}),
    ],
)  # fmt: skip
def test_what_can_be_tapped_on_is_built_as_meta_takes_it(content: Any, expected: dict[str, Any]) -> None:
    body = sent(content=content, in_reply_to="wamid.0")
    assert body["type"] == "interactive"
    assert body["interactive"] == expected | {"body": {"text": "hi"}}
    assert body["context"] == {"message_id": "wamid.0"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PLACE, {"type": "location", "location": {"latitude": 52.5, "longitude": 13.4, "name": "Shop",
                                                  "address": "Street 1"}}),
        (Location(latitude=0, longitude=0), {"type": "location", "location": {"latitude": 0, "longitude": 0}}),
        (Contacts([ContactCard(name="Bo Lind", phones=("+12025550177",), emails=("bo@example.org",))]),
         {"type": "contacts", "contacts": [
             {"name": {"formatted_name": "Bo Lind", "first_name": "Bo Lind"}, "phones": [{"phone": "+12025550177"}],
              "emails": [{"email": "bo@example.org"}]}]}),
    ],
)  # fmt: skip
def test_places_and_contacts_are_built_as_meta_takes_them(content: Any, expected: dict[str, Any]) -> None:
    body = sent(content=content, text=None)
    assert {key: body[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("parts", "components"),
    [
        ({}, None),
        ({"body": [Parameter("Ana"), Parameter("5 pm")]},
         [{"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "5 pm"}]}]),
        ({"header": Parameter("Hi", "who"), "body": [Parameter("Ana", "name"), Parameter("5 pm", "time")]},
         [{"type": "header", "parameters": [{"type": "text", "text": "Hi", "parameter_name": "who"}]},
          {"type": "body", "parameters": [{"type": "text", "text": "Ana", "parameter_name": "name"},
                                          {"type": "text", "text": "5 pm", "parameter_name": "time"}]}]),
        ({"header": Media(type="document", id="9", filename="a.pdf")},
         [{"type": "header", "parameters": [{"type": "document", "document": {"id": "9", "filename": "a.pdf"}}]}]),
        ({"header": PLACE},
         [{"type": "header", "parameters": [{"type": "location", "location": {
             "latitude": "52.5", "longitude": "13.4", "name": "Shop", "address": "Street 1"}}]}]),
        ({"buttons": [TemplateButton(index=0, kind="quick_reply", value="yes"),
                      TemplateButton(index=1, kind="url", value="a/b"),
                      TemplateButton(index=2, kind="copy_code", value="X1"),
                      TemplateButton(index=3, kind="flow", value="t")]},
         [{"type": "button", "sub_type": "quick_reply", "index": "0",
           "parameters": [{"type": "payload", "payload": "yes"}]},
          {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "a/b"}]},
          {"type": "button", "sub_type": "copy_code", "index": "2",
           "parameters": [{"type": "coupon_code", "coupon_code": "X1"}]},
          {"type": "button", "sub_type": "flow", "index": "3",
           "parameters": [{"type": "action", "action": {"flow_token": "t"}}]}]),
    ],
)  # fmt: skip
def test_a_template_is_filled_in_as_meta_takes_it(parts: dict[str, Any], components: Any) -> None:
    body = sent(content=Template(name="sale", language="en_US", **parts))
    wanted = {"name": "sale", "language": {"code": "en_US"}}
    assert body["type"] == "template"
    assert body["template"] == (wanted if components is None else wanted | {"components": components})


def choices(count: int, **changes: Any) -> list[Choice]:
    return [Choice(**{"id": str(n), "title": f"No {n}"} | changes) for n in range(count)]


def rows(*counts: int, title: str | None = "T") -> ChoiceList:
    sections = [Section(title=title, choices=[Choice(id=f"{n}.{i}", title="x") for i in range(c)])
                for n, c in enumerate(counts)]  # fmt: skip
    return ChoiceList(label="Pick", sections=sections)


def template(**parts: Any) -> Template:
    return Template(**{"name": "sale", "language": "en"} | parts)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": None}, "message_empty"),
        ({"text": "x" * 4097}, "text_too_long"),
        ({"text": "half \ud83d"}, "text_unusable"),
        ({"content": Reaction("👍")}, "reaction_without_message"),
        ({"media": [Media(type="audio", id="9")]}, "caption_unsupported"),
        ({"media": [Media(type="image", id="9")], "text": "x" * 1025}, "text_too_long"),
        ({"media": [Media(type="image")]}, "file_unusable"),
        ({"media": [Media(type="image", url="ftp://f.example.test/a")]}, "link_unusable"),
        ({"media": [Media(type="hologram", id="9")]}, "file_unusable"),
        ({"media": [Media(type="image", id="9", size=5 * 1024**2 + 1)]}, "file_too_large"),
        ({"media": [Media(type="image", id="1"), Media(type="image", id="2")]}, "too_many_files"),
        ({"content": LocationRequest(), "media": [IMAGE]}, "files_unsupported"),
        ({"content": PLACE}, "caption_unsupported"),
        ({"content": Location(latitude=91, longitude=0), "text": None}, "location_unusable"),
        ({"content": Location(latitude=float("nan"), longitude=0), "text": None}, "location_unusable"),
        ({"content": Contacts([]), "text": None}, "contacts_missing"),
        ({"content": Contacts([ContactCard(name=" ")]), "text": None}, "contact_unnamed"),
        ({"content": Buttons(choices=[])}, "buttons_miscounted"),
        ({"content": Buttons(choices=choices(4))}, "buttons_miscounted"),
        ({"content": Buttons(choices=choices(2, id="same"))}, "choices_alike"),
        ({"content": Buttons(choices=choices(1, title="x" * 21))}, "text_too_long"),
        ({"content": Buttons(choices=choices(1, title=" "))}, "text_missing"),
        ({"content": Buttons(choices=choices(1, id="x" * 257))}, "text_too_long"),
        ({"content": Buttons(choices=choices(1), footer="x" * 61)}, "text_too_long"),
        ({"content": Buttons(choices=choices(1), header="x" * 61)}, "text_too_long"),
        ({"content": Buttons(choices=choices(1), header=Media(type="sticker", id="9"))}, "header_unsupported"),
        ({"content": Buttons(choices=choices(1)), "text": None}, "text_missing"),
        ({"content": Buttons(choices=choices(1)), "text": "x" * 1025}, "text_too_long"),
        ({"content": rows(1), "text": "x" * 4097}, "text_too_long"),
        ({"content": rows()}, "list_miscounted"),
        ({"content": rows(6, 5)}, "list_miscounted"),
        ({"content": rows(1, 0)}, "list_miscounted"),
        ({"content": rows(*[1] * 11)}, "list_miscounted"),
        ({"content": rows(1, 1, title=None)}, "text_missing"),
        ({"content": rows(1, title="x" * 25)}, "text_too_long"),
        ({"content": ChoiceList(label="x" * 21, sections=rows(1).sections)}, "text_too_long"),
        ({"content": ChoiceList(label="P", sections=[Section(title=None, choices=choices(1, description="x" * 73))])},
         "text_too_long"),
        ({"content": ChoiceList(label="P", sections=[Section(title=None, choices=choices(1, id="x" * 201))])},
         "text_too_long"),
        ({"content": LinkButton(label="Go", url="javascript:1")}, "link_unusable"),
        ({"content": LinkButton(label="x" * 21, url="https://a.example.org")}, "text_too_long"),
        ({"content": FlowButton(label="x" * 31, flow_id="7", token="t")}, "text_too_long"),
        ({"content": FlowButton(label="Go", flow_id="7", token="")}, "text_missing"),
        ({"content": FlowButton(label="Go", flow_id="7", token="t", data={"a": 1})}, "flow_screen_missing"),
        ({"content": template(name="")}, "text_missing"),
        ({"content": template(language="")}, "text_missing"),
        ({"content": template(body=[Parameter("")])}, "text_missing"),
        ({"content": template(body=[Parameter("a", "x"), Parameter("b")])}, "parameters_mixed"),
        ({"content": template(body=[Parameter("a", "x"), Parameter("b", "x")])}, "parameters_mixed"),
        ({"content": template(header=Location(latitude=1, longitude=1))}, "location_incomplete"),
        ({"content": template(header=Media(type="audio", id="9"))}, "header_unsupported"),
        ({"content": template(buttons=[TemplateButton(index=10, kind="url", value="x")])}, "buttons_miscounted"),
        ({"content": template(buttons=[TemplateButton(index=1, kind="url", value="x")] * 2)}, "buttons_miscounted"),
    ],
)  # fmt: skip
def test_what_meta_would_refuse_is_said_before(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CannotSend) as refused:
        sent(**changes)
    assert refused.value.code == code


def test_nothing_is_sent_without_an_access_token() -> None:
    with pytest.raises(CannotSend):
        ADAPTER.build(OUTBOUND, WhatsAppCloudCredentials.model_validate({"app_secret": "x"}))


def refusal(status: int, code: int | None, **headers: str) -> Refused:
    body = b"oops" if code is None else orjson.dumps({"error": {"code": code, "message": "No details"}})
    answer = ADAPTER.read(HttpResponse(status, body, Headers.of({k.replace("_", "-"): v for k, v in headers.items()})))
    assert isinstance(answer, Refused)
    return answer


RETRY, NEVER, UNKNOWN = (True, False), (False, False), (False, True)


@pytest.mark.parametrize(
    ("status", "codes", "outcome", "words"),
    [
        (401, [0, 190], NEVER, "access token"),
        (403, [10, 200, 299, 131005, 3], NEVER, "access token"),
        (403, [368, 130497, 131031, 131042, 131037, 131045, 133010, 134011], NEVER, "account is restricted"),
        (400, [4, 80007, 130429, 131056, 131048, 133016, 131064, 131208], RETRY, "no more messages"),
        (500, [1, 2, 131000, 131016, 131057, 133004], UNKNOWN, "not known"),
        (400, [131053], RETRY, "could not fetch"),
        (400, [131047], NEVER, "24 hours"),
        (400, [131026, 131030, 131021, 130472], NEVER, "can't deliver"),
        (400, [131050], NEVER, "stopped marketing"),
        (400, [131049], NEVER, "too many messages"),
        (400, [131062, 131063], NEVER, "phone number"),
        (400, [33, 100, 131008, 131009, 131051, 135000, 137000], NEVER, "as it is"),
        (400, [131052], NEVER, "attached file"),
        (400, [131020, 131041, 131207], NEVER, "group"),
        (404, [132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132068, 132069], NEVER, "template"),
        (400, [134101], RETRY, "ten minutes"),
        (400, [999999], NEVER, "refused the message"),
    ],
)  # fmt: skip
def test_each_class_of_errors_has_its_outcome_and_its_words(
    status: int, codes: list[int], outcome: tuple[bool, bool], words: str
) -> None:
    for code in codes:
        found = refusal(status, code)
        assert (found.code, (found.retryable, found.unknown)) == (str(code), outcome)
        assert words in found.reason
        assert found.reason.endswith("(No details)")


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (503, None, ("http_503", False, True)),
        (500, 999999, ("999999", False, True)),
        (429, None, ("http_429", True, False)),
        (429, 131000, ("131000", True, False)),
        (401, None, ("http_401", False, False)),
        (400, None, ("http_400", False, False)),
    ],
)
def test_a_refusal_tells_whether_to_try_again(status: int, code: int | None, expected: tuple[str, bool, bool]) -> None:
    found = refusal(status, code)
    assert (found.code, found.retryable, found.unknown) == expected
    assert found.reason.endswith((".", ")"))


@pytest.mark.parametrize(("header", "seconds"), [("30", 30.0), ("soon", None), ("", None), ("9" * 30, 86_400.0)])
def test_a_refusal_keeps_how_long_to_wait(header: str, seconds: float | None) -> None:
    assert refusal(429, None, retry_after=header).retry_after == seconds


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"messages":[{"id":"wamid.OUT"}]}', Accepted("wamid.OUT")),
        (b'{"messages":[{"id":"wamid.OUT","message_status":"held_for_quality_assessment"}]}', Accepted("wamid.OUT")),
        (b'{"messages":[]}', None), (b"", None), (b"[]", None), (b'{"messages":[7]}', None),
    ],
)  # fmt: skip
def test_an_acceptance_has_an_id_or_its_outcome_is_unknown(body: bytes, expected: Accepted | None) -> None:
    answer = ADAPTER.read(HttpResponse(200, body))
    assert answer == expected or (isinstance(answer, Refused) and answer.unknown and not answer.retryable)
