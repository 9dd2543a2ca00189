"""WhatsApp: what is asked of the API beside sending: receipts, uploads, lists of templates."""

from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.events import Media
from channels.http import HttpRequest, HttpResponse
from channels.multipart import read_multipart
from channels.operations import Receipt
from channels.outbound import Refused
from channels.providers.whatsapp_cloud import ADAPTER, WhatsAppCloudCredentials
from channels.whatsapp.access import Access
from channels.whatsapp.files import upload_request
from tests.channels.dialogues import played

ROOT = "https://graph.facebook.com/v24.0"
CREDENTIALS = WhatsAppCloudCredentials.model_validate({"app_secret": "x", "access_token": "token-1"})
NO_TOKEN = WhatsAppCloudCredentials.model_validate({"app_secret": "x"})
PICTURE = Media(type="image", mime_type="image/png", filename='a"b.png', content=b"\x89PNG\r\n--x")
ACCESS = Access(ROOT, {})


def answer(document: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(status, orjson.dumps(document))


ERROR = answer({"error": {"code": 190, "message": "Expired"}}, 401)


def mark_read(receipt: Receipt, *answers: HttpResponse, credentials: Any = CREDENTIALS) -> Any:
    assert ADAPTER.operations.mark_read
    return played(ADAPTER.operations.mark_read(receipt, credentials), *answers)


def upload(media: Media, *answers: HttpResponse, credentials: Any = CREDENTIALS) -> Any:
    assert ADAPTER.operations.upload
    return played(ADAPTER.operations.upload(media, "3001", credentials), *answers)


def templates(*answers: HttpResponse, credentials: Any = CREDENTIALS) -> Any:
    assert ADAPTER.operations.templates
    return played(ADAPTER.operations.templates("2001", credentials), *answers)


@pytest.mark.parametrize("typing", [False, True])
def test_a_message_is_marked_as_read_and_somebody_may_be_typing(typing: bool) -> None:
    receipt = Receipt(sender="3001", message_ref="wamid.1", typing=typing)
    result, (request,) = mark_read(receipt, answer({"success": True}))
    assert result is None
    assert (request.method, request.url) == ("POST", f"{ROOT}/3001/messages")
    assert request.headers.get("authorization") == "Bearer token-1"
    wanted: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1"}
    assert orjson.loads(request.body) == wanted | ({"typing_indicator": {"type": "text"}} if typing else {})


@pytest.mark.parametrize(
    ("given_answer", "code"), [(ERROR, "190"), (answer({"success": False}), "http_200"), (answer([]), "http_200")]
)
def test_a_receipt_may_be_refused(given_answer: HttpResponse, code: str) -> None:
    result, _ = mark_read(Receipt(sender="3001", message_ref="wamid.1"), given_answer)
    assert isinstance(result, Refused)
    assert result.code == code


def parts_of(request: HttpRequest) -> dict[str, Any]:
    """Take a form apart as the standard library reads one."""
    heading = b"Content-Type: " + request.headers.get("content-type").encode() + b"\r\n\r\n"
    whole = BytesParser(policy=HTTP).parsebytes(heading + request.body)
    return {str(part.get_param("name", header="content-disposition")): part for part in whole.iter_parts()}


def test_a_file_is_uploaded_with_its_type_and_a_harmless_name() -> None:
    result, (request,) = upload(PICTURE, answer({"id": "5001"}))
    assert result == "5001"
    assert request.url == f"{ROOT}/3001/media"
    parts = parts_of(request)
    assert parts["messaging_product"].get_content().strip() == "whatsapp"
    assert parts["type"].get_content().strip() == "image/png"
    assert (parts["file"].get_content_type(), parts["file"].get_filename()) == ("image/png", "a%22b.png")
    assert parts["file"].get_content() == PICTURE.content


@given(st.binary(min_size=1, max_size=200), st.text(max_size=30))
def test_any_file_arrives_whole_and_the_same_request_is_made_again(content: bytes, name: str) -> None:
    media = Media(type="file", mime_type="application/octet-stream", filename=name, content=content)
    first = upload_request(media, "3001", ACCESS)
    assert read_multipart(first.headers.get("content-type"), first.body).first("type") == b"application/octet-stream"
    assert next(read_multipart(first.headers.get("content-type"), first.body).files()).body == content
    assert upload_request(media, "3001", ACCESS).body == first.body


@pytest.mark.parametrize(
    ("media", "code"),
    [
        (Media(type="image", mime_type="image/png"), "file_empty"),
        (Media(type="image", mime_type="image/png", content=b""), "file_empty"),
        (Media(type="image", content=b"x"), "file_unusable"),
        (Media(type="image", mime_type="image/png\r\nx: y", content=b"x"), "file_unusable"),
        (Media(type="image", mime_type="image/gif", content=b"x"), "file_unusable"),
        (Media(type="audio", mime_type="audio/wav; rate=8000", content=b"x"), "file_unusable"),
        (Media(type="hologram", mime_type="image/png", content=b"x"), "file_unusable"),
        (Media(type="sticker", mime_type="image/webp", content=b"x" * (500 * 1024 + 1)), "file_too_large"),
    ],
)
def test_what_meta_would_not_keep_is_not_uploaded(media: Media, code: str) -> None:
    result, asked = upload(media)
    assert (result.code, asked) == (code, [])


def test_an_upload_may_be_refused() -> None:
    assert upload(PICTURE, ERROR)[0].code == "190"
    assert upload(PICTURE, answer({}))[0].code == "http_200"


def listed(name: str, **changes: Any) -> dict[str, Any]:
    body = {"type": "BODY", "text": "Hi {{1}}"}
    return {"name": name, "language": "en", "status": "APPROVED", "category": "UTILITY", "id": "6",
            "components": [{"type": "FOOTER", "text": "Bye"}, body]} | changes  # fmt: skip


def test_templates_are_listed_page_by_page_by_the_cursor_alone() -> None:
    elsewhere = "https://evil.example.org/?access_token=x"
    first = {"data": [listed("a")], "paging": {"cursors": {"after": "QU&1="}, "next": elsewhere}}
    last = {"data": [listed("b", status=None, category=None, components=None, id=7), {"name": "c"}, 7],
            "paging": {"cursors": {"after": "END"}}}  # fmt: skip
    found, asked = templates(answer(first), answer(last))
    assert [request.url for request in asked] == [
        f"{ROOT}/2001/message_templates?limit=100",
        f"{ROOT}/2001/message_templates?limit=100&after=QU%261%3D",
    ]
    assert all(request.headers.get("authorization") == "Bearer token-1" for request in asked)
    a, b = found
    assert (a.name, a.status, a.category, a.body, a.external_id) == ("a", "approved", "utility", "Hi {{1}}", "6")
    assert (b.name, b.status, b.category, b.body, b.external_id, list(b.components)) == (
        "b", "unknown", None, None, "7", [],
    )  # fmt: skip


def test_a_list_that_goes_in_circles_ends() -> None:
    page = answer({"data": [], "paging": {"cursors": {"after": "A"}, "next": "x"}})
    found, asked = templates(page, page)
    assert (found, len(asked)) == ([], 2)
    pages = [answer({"data": [], "paging": {"cursors": {"after": str(n)}, "next": "x"}}) for n in range(100)]
    assert templates(*pages)[0].code == "templates_endless"


def test_the_account_that_is_entered_is_the_one_whose_templates_are_listed() -> None:
    entered = WhatsAppCloudCredentials.model_validate(
        {"app_secret": "x", "access_token": "token-1", "business_account_id": "2002"}
    )
    _, (request,) = templates(answer({"data": []}), credentials=entered)
    assert request.url == f"{ROOT}/2002/message_templates?limit=100"


@pytest.mark.parametrize("status", [500, 503])
def test_a_question_may_be_asked_again_where_a_message_might_have_been_sent(status: int) -> None:
    trouble = HttpResponse(status, b"<html>")
    for result in (templates(trouble)[0], upload(PICTURE, trouble)[0]):
        assert (result.retryable, result.unknown) == (True, False)
    read = ADAPTER.read(trouble)
    assert isinstance(read, Refused)
    assert (read.retryable, read.unknown) == (False, True)


@pytest.mark.parametrize("document", [[], {}, {"data": {}}, None])
def test_an_answer_that_is_no_list_is_a_refusal(document: Any) -> None:
    assert isinstance(templates(answer(document))[0], Refused)


def test_a_list_that_breaks_off_is_a_refusal() -> None:
    first = {"data": [listed("a")], "paging": {"cursors": {"after": "A"}, "next": "x"}}
    assert templates(answer(first), ERROR)[0].code == "190"


def test_nothing_is_asked_without_an_access_token() -> None:
    receipt = Receipt(sender="3001", message_ref="wamid.1")
    for result, asked in (
        mark_read(receipt, credentials=NO_TOKEN),
        upload(PICTURE, credentials=NO_TOKEN),
        templates(credentials=NO_TOKEN),
    ):
        assert (result.code, result.retryable, asked) == ("credentials_incomplete", False, [])


def test_a_message_id_that_is_no_text_is_refused() -> None:
    result, asked = mark_read(Receipt(sender="3001", message_ref="\udcff"))
    assert (result.code, asked) == ("text_unusable", [])
