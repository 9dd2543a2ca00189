"""The recorded mails."""

import json
from pathlib import Path
from typing import Any

from channels.events import ChannelEvent, Quarantined
from channels.normal_form import normal_form

FIXTURES = Path(__file__).parents[2] / "fixtures"


def recorded(folder: str) -> list[dict[str, Any]]:
    """Load every expectation of a folder, each with its name."""
    paths = sorted((FIXTURES / folder).glob("*.expect.json"))
    return [json.loads(path.read_bytes()) | {"name": path.name.removesuffix(".expect.json")} for path in paths]


def raw(folder: str, name: str) -> bytes:
    return (FIXTURES / folder / name).read_bytes()


def as_recorded(event: ChannelEvent) -> dict[str, Any]:
    """Write an event in the normal form, whose words for mail are the recordings'."""
    assert not isinstance(event, Quarantined)
    return normal_form(event)
