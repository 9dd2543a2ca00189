"""Whoever asks the audit for what there is none of is told what there is."""

from typing import Any

import pytest
from multidict import MultiDict

from gateway.api.audit import AuditFilters
from gateway.model.audit import DOES, TABLE_NAMES
from gateway.openapi.reading import read_query
from gateway.problems import Invalid

WRONG = (
    ("actor", "bob", ("operator, link", "usr_", "key_", "32 digits")),
    ("actor", "cus_" + "0" * 32, ("usr_", "key_")),
    ("record", "usr_12", ("cus", "cnv", "msg", "32 digits")),
    ("customer", "cnv_" + "0" * 32, ("cus_", "32 digits")),
    ("operation", "steal", DOES),
    ("table", "people", TABLE_NAMES),
    ("since", "yesterday", ("2026-01-31T09:00:00Z",)),
    ("until", "2026-01-31T09:00:00", ("with its zone",)),
    ("until", "9999-01-31T09:00:00Z", ("2200-01-01",)),
)


@pytest.mark.parametrize(("name", "value", "allowed"), WRONG, ids=lambda one: one if isinstance(one, str) else "")
def test_a_filter_that_is_not_acceptable_is_refused_with_what_would_be(name: str, value: str, allowed: Any) -> None:
    with pytest.raises(Invalid) as refused:
        read_query(MultiDict([(name, value)]), AuditFilters)
    (fault,) = refused.value.faults
    assert fault.pointer.startswith(f"/{name}")
    assert fault.detail.startswith("write ")  # and not in the words of the library that found it
    assert all(one in fault.detail for one in allowed), fault.detail
