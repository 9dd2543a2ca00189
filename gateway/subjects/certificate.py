"""The certificate of an erasure: made from what was counted, whenever somebody asks for it."""

import hashlib
from collections.abc import Iterator
from typing import Any, assert_never

import orjson

from gateway.model.data_request import Asker, Certificate, ErasedRows, KeptRows
from gateway.model.ids import public
from gateway.model.log import iso
from gateway.store.data_requests import Erased
from gateway.subjects.tables import EMPTIED, KEPT, LOGGED, REACHED, Kept


def certificate_of(erased: Erased) -> Certificate:
    """Write the certificate of an erasure that is done."""
    told: dict[str, Any] = {  # Any: JSON
        "request_id": public("dsr", erased.id),
        "customer_id": public("cus", erased.customer_id),
        "requested_by": Asker(
            id=None if erased.user_id is None else public("usr", erased.user_id),
            name=erased.user_name,
            role=erased.user_role,
        ).model_dump(),
        "requested_at": iso(erased.asked_at),
        "erased_at": iso(erased.done_at),
        "erased": [
            ErasedRows(table=name, rows=rows, how=REACHED[name].how, holds=REACHED[name].holds).model_dump()
            for name, rows in sorted(erased.counts.items())
        ],
        "kept": [one.model_dump() for one in _kept(erased)],
    }
    digest = hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Certificate(**told, sha256=digest)


def _kept(erased: Erased) -> Iterator[KeptRows]:
    """Yield what stays of this customer; what was counted, only where there is something."""
    for one in KEPT:
        rows = _rows(one, erased)
        if rows != 0:
            yield KeptRows(what=one.what, why=one.why, rows=rows)


def _rows(one: Kept, erased: Erased) -> int | None:
    match one.of:
        case "emptied":
            return sum(erased.counts.get(table, 0) for table in EMPTIED)
        case "logged":
            return sum(erased.counts.get(table, 0) for table in LOGGED)
        case "refusals" | "digests":
            return None if erased.kept is None else erased.kept.get(one.of, 0)
        case "always":
            return None
        case _:
            assert_never(one.of)
