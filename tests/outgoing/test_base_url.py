"""A connection's base URL takes the place of its provider's."""

from typing import Any

import pytest

from channels.adapter import HttpSettings
from channels.http import Headers, HttpRequest, HttpResponse
from channels.registry import ADAPTERS
from gateway.outgoing.base_url import calling, moved


@pytest.mark.parametrize(
    ("base", "url", "expected"),
    [
        (None, "https://api.example.org/v1/messages", "https://api.example.org/v1/messages"),
        ("", "https://api.example.org/v1/messages", "https://api.example.org/v1/messages"),
        ("http://127.0.0.1:9000", "https://api.example.org/v1/messages", "http://127.0.0.1:9000/v1/messages"),
        ("http://127.0.0.1:9000/", "https://api.example.org/v1/messages", "http://127.0.0.1:9000/v1/messages"),
        ("https://proxy.test/meta", "https://api.example.org:8443/v1/", "https://proxy.test/meta/v1/"),
        ("https://proxy.test/meta/", "https://api.example.org", "https://proxy.test/meta"),
        ("https://proxy.test", "https://api.example.org?a=b%2Fc&a=/", "https://proxy.test?a=b%2Fc&a=/"),
        ("https://proxy.test", "https://api.example.org/a%2fb%C3%BC?q=%20+", "https://proxy.test/a%2fb%C3%BC?q=%20+"),
        ("https://proxy.test", "https://user:pw@api.example.org/a", "https://proxy.test/a"),
        ("http://[::1]:9000/x", "https://[2001:db8::1]:443/y", "http://[::1]:9000/x/y"),
    ],
)
def test_scheme_host_and_port_are_replaced_and_nothing_else(base: str | None, url: str, expected: str) -> None:
    request = HttpRequest("POST", url, Headers.of({"authorization": "Bearer x"}), b"body")
    found = moved(request, {"base_url": base, "country": "DE"})
    assert (found.method, found.url, found.body) == ("POST", expected, b"body")
    assert found.headers.get("authorization") == "Bearer x"


async def test_every_request_of_a_dialogue_is_moved() -> None:
    seen: list[str] = []

    async def send(request: HttpRequest) -> HttpResponse:
        seen.append(request.url)
        return HttpResponse(200)

    send_moved = calling(send, {"base_url": "http://127.0.0.1:1"})
    await send_moved(HttpRequest("GET", "https://a.example.org/1"))
    await send_moved(HttpRequest("GET", "https://b.example.org/2"))
    assert seen == ["http://127.0.0.1:1/1", "http://127.0.0.1:1/2"]


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_provider_with_an_api_of_its_own_can_be_moved(name: str) -> None:
    own_address = {"smtp", "generic"}  # these are sent to where their credentials say
    assert issubclass(ADAPTERS[name].settings, HttpSettings) is (name not in own_address)


@pytest.mark.parametrize(
    ("base", "ok"),
    [
        ("https://proxy.test", True),
        ("http://127.0.0.1:9000/simulator/meta/", True),
        ("ftp://proxy.test", False),
        ("proxy.test", False),
        ("https://", False),
        ("https://user@proxy.test", False),
        ("https://proxy.test/?q=1", False),
        ("https://proxy.test/#top", False),
        ("https://proxy.test\\@other.test", False),
        ("https://proxy .test", False),
    ],
)
def test_a_base_url_is_checked_when_it_is_entered(base: Any, ok: bool) -> None:
    if ok:
        assert HttpSettings.model_validate({"base_url": base}).base_url == base
    else:
        with pytest.raises(ValueError, match="base_url"):
            HttpSettings.model_validate({"base_url": base})
