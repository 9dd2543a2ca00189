"""A kind of personal data is known everywhere: each place that lists them names all of them."""

import re
from pathlib import Path
from typing import get_args

import pytest

from gateway.model.pii import BuiltIn
from gateway.pii.finding import KINDS
from gateway.pii.masking import LEFT, hidden
from tests.conftest import Database

ROOT = Path(__file__).parents[2]
KNOWN = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'pii_kind_is_known'"


def test_the_api_and_the_masking_know_each_kind() -> None:
    assert {*get_args(BuiltIn), "custom"} == set(KINDS), "name it in gateway/model/pii.py"
    assert {*LEFT, "email"} == set(KINDS), "say in gateway/pii/masking.py what stays of it"
    assert all("1234567" not in hidden(kind, "1234567890123456") for kind in KINDS)


async def test_the_database_knows_each_kind(database: Database) -> None:
    assert set(re.findall(r"'(\w+)'::text", await database.value(KNOWN))) == set(KINDS), "let a migration allow it"


@pytest.mark.parametrize(
    "path", ["web/src/words/en/pii.ts", "web/src/words/de/pii.ts", "web/src/settings/pii/calls.ts", "docs/pii.md"]
)
def test_people_are_told_of_each_kind(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    assert [kind for kind in KINDS if not re.search(rf"\b{kind}\b", text)] == []
