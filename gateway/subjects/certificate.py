"""The certificate of an erasure: made from what was counted, whenever somebody asks for it."""

import hashlib
from typing import Any

import orjson

from gateway.model.data_request import Asker, Certificate, ErasedRows, KeptRows
from gateway.model.ids import public
from gateway.model.log import iso
from gateway.store.data_requests import Erased
from gateway.subjects.tables import KEPT, REACHED


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
        "kept": [KeptRows(what=what, why=why).model_dump() for what, why in KEPT.items()],
    }
    digest = hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Certificate(**told, sha256=digest)
