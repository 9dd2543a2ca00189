"""Dialogues: each request is made once, its answer goes back in, and nobody is led on for ever."""

import pytest

from channels.http import HttpRequest, HttpResponse
from channels.operations import Dialogue
from gateway.outgoing.dialogue import MOST_REQUESTS, DialogueEndless, drive


class Provider:
    """Answers with the path; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request.url)
        return HttpResponse(200, request.url.encode())


def pages(wanted: int) -> Dialogue[list[bytes]]:
    found: list[bytes] = []
    for number in range(wanted):
        response = yield HttpRequest("GET", f"/page{number}")
        found.append(response.body)
    return found


@pytest.mark.parametrize("wanted", [0, 1, 3, MOST_REQUESTS])
async def test_a_dialogue_is_led_to_its_end(wanted: int) -> None:
    provider = Provider()
    found = await drive(pages(wanted), provider.send)
    assert [body.decode() for body in found] == provider.asked == [f"/page{number}" for number in range(wanted)]


async def test_a_dialogue_without_end_is_broken_off() -> None:
    provider = Provider()
    dialogue = pages(10**6)
    with pytest.raises(DialogueEndless):
        await drive(dialogue, provider.send)
    assert len(provider.asked) == MOST_REQUESTS
    with pytest.raises(StopIteration):
        next(dialogue)
