"""The recorded deliveries, right and wrong, with what they are."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

RECORDED = Path(__file__).parents[1] / "fixtures" / "standard_webhooks" / "cases.json"


@dataclass(frozen=True)
class Recorded:
    """A delivery as a line of a batch, and what is to be said of it."""

    name: str
    line: dict[str, Any]
    error: str | None

    @property
    def body(self) -> bytes:
        """The raw body."""
        return base64.b64decode(self.line["body_base64"])

    def __str__(self) -> str:
        return self.name


def recorded() -> list[Recorded]:
    """Return them all."""
    cases: list[dict[str, Any]] = orjson.loads(RECORDED.read_bytes())["cases"]
    assert all(case["valid"] is (case["error"] is None) for case in cases)
    return [
        Recorded(case["name"], {k: v for k, v in case.items() if k not in {"name", "valid", "error"}}, case["error"])
        for case in cases
    ]
