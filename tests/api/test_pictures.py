"""Pictures from elsewhere are fetched for who asks, and nothing else is."""

from collections.abc import Sequence

import pytest

from channels.http import Headers, HttpRequest, HttpResponse
from gateway.api.pictures import LIMIT, CallOut, fetch_picture
from gateway.problems import PictureUnavailable

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def answering(*answers: HttpResponse) -> tuple[CallOut, list[HttpRequest]]:
    """Return something that answers calls in order, and the calls that were made."""
    made: list[HttpRequest] = []

    async def call(request: HttpRequest, limit: int) -> HttpResponse:
        assert limit == LIMIT
        made.append(request)
        return answers[len(made) - 1]

    return call, made


def led_to(address: str) -> HttpResponse:
    return HttpResponse(302, b"", Headers.of({"Location": address}))


async def test_a_picture_is_what_its_bytes_say() -> None:
    call, made = answering(HttpResponse(200, PNG, Headers.of({"content-type": "text/html"})))
    found = await fetch_picture(call, "https://example.org/a.png")
    assert (found.mime_type, found.content) == ("image/png", PNG)
    assert made[0].headers.as_dict() == {"accept": "image/*"}


async def test_plain_http_is_asked_over_https() -> None:
    call, made = answering(HttpResponse(200, PNG))
    await fetch_picture(call, "HTTP://example.org/a.png")
    assert made[0].url == "https://example.org/a.png"


async def test_a_redirect_is_a_call_of_its_own() -> None:
    call, made = answering(led_to("http://cdn.example.org/b.png"), led_to("/c.png"), HttpResponse(200, PNG))
    await fetch_picture(call, "https://example.org/a.png")
    assert [request.url for request in made] == [
        "https://example.org/a.png",
        "https://cdn.example.org/b.png",
        "https://cdn.example.org/c.png",
    ]


@pytest.mark.parametrize(
    "answers",
    [
        [HttpResponse(404, PNG)],
        [HttpResponse(599, b"")],
        [HttpResponse(200, b"")],
        [HttpResponse(200, SVG, Headers.of({"content-type": "image/svg+xml"}))],
        [HttpResponse(200, b"<html></html>")],
        [led_to("https://example.org/a.png")] * 4,
    ],
    ids=["missing", "no answer", "empty", "svg", "page", "round and round"],
)
async def test_anything_else_is_no_picture(answers: Sequence[HttpResponse]) -> None:
    call, _ = answering(*answers)
    with pytest.raises(PictureUnavailable):
        await fetch_picture(call, "https://example.org/a.png")
