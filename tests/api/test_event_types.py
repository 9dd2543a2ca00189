"""The catalogue of events, and the patterns by which somebody picks some of them."""

from fnmatch import fnmatchcase
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from pydantic import TypeAdapter

from gateway.api.endpoints.event_types import catalogue
from gateway.model.event import Event
from gateway.model.event_types import MEANINGS, MODELS, PING, WORD, like, matches
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.conftest import Database, Tenant
from tests.described import strict

LIKE = "SELECT array_agg(o.kind LIKE o.pattern ORDER BY o.place) FROM unnest($1::text[], $2::text[])"
LIKE += " WITH ORDINALITY AS o (kind, pattern, place)"
PATTERNS = st.from_regex(rf"\A{WORD}(\.{WORD})?\Z").filter(lambda pattern: len(pattern) <= 30)
#: Types and what is nearly one: of these letters a pattern that is read wrongly finds too many or too few.
KINDS = st.one_of(st.sampled_from(sorted(MODELS)), st.text("abmx_.%\\*[]?", max_size=12))


@given(PATTERNS, KINDS)
def test_an_asterisk_stands_for_anything_and_nothing_else_does(pattern: str, kind: str) -> None:
    assert matches(pattern, kind) == fnmatchcase(kind, pattern)


async def test_the_database_picks_the_same(database: Database) -> None:
    pairs: list[tuple[str, str]] = []

    @given(PATTERNS, KINDS)
    def collect(pattern: str, kind: str) -> None:
        pairs.extend(((pattern, kind), (pattern, pattern.replace("*", kind)), (pattern, pattern.replace("_", "x"))))

    collect()
    pairs += [(pattern, kind) for pattern in ("*", "message.*", "*.updated", "customer_note.*") for kind in MODELS]
    found = await database.value(LIKE, [kind for _, kind in pairs], [like(pattern) for pattern, _ in pairs])
    assert found == [matches(*pair) for pair in pairs]
    assert {True, False} == set(found)


async def test_every_type_has_a_schema_and_an_example_of_it(served: Served, tenant: Tenant) -> None:
    found = await served.get("/api/v1/event-types", tenant)
    assert found == orjson.loads(catalogue())
    assert faults(served, "GET", "/api/v1/event-types", 200, found) == []
    types = [one["type"] for one in found["data"]]
    assert types == sorted({*MODELS, PING}) == sorted(MEANINGS)
    assert [one["type"] for one in found["data"] if not one["subscribable"]] == [PING]
    for one in found["data"]:
        closed = Draft202012Validator(closed_schema(one["schema"]))
        assert [error.message for error in closed.iter_errors(one["example"])] == [], one["type"]
        for other in found["data"]:
            assert Draft202012Validator(one["schema"]).is_valid(other["example"]) == (other is one)
        if one["subscribable"]:
            assert TypeAdapter(Event).validate_python(one["example"]).type == one["type"]


def closed_schema(schema: Any) -> Any:
    """Return a schema that allows no key it does not name."""
    whole = strict({"": schema})[""]
    return {**whole, "$defs": strict(schema["$defs"])} if "$defs" in schema else whole
