"""A dialogue with a provider, played with answers written beforehand."""

from collections.abc import Sequence
from typing import Any

from channels.http import HttpRequest, HttpResponse
from channels.operations import Dialogue


def played(dialogue: Dialogue[Any], *answers: HttpResponse) -> tuple[Any, Sequence[HttpRequest]]:
    """Hold a dialogue; return what came of it, and what was asked. All the answers have to be used up."""
    asked: list[HttpRequest] = []
    left = list(answers)
    try:
        request = next(dialogue)
        while True:
            asked.append(request)
            request = dialogue.send(left.pop(0))
    except StopIteration as ended:
        assert not left
        return ended.value, asked
