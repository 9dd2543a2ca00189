"""Searching by the API, as tests do it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from gateway.model.search import Found
from tests.api.conftest import Served
from tests.conftest import Tenant


async def search(served: Served, tenant: Tenant, q: str, **filters: Any) -> Any:
    """Return what is found, after looking at its form."""
    query = urlencode({"q": q, **filters}, doseq=True)
    found = await served.get(f"/api/v1/search?{query}", tenant)
    Found.model_validate(found)
    return found


async def ids(served: Served, tenant: Tenant, q: str, **filters: Any) -> Sequence[str]:
    """Return the ids of the messages that are found."""
    found = await search(served, tenant, q, **{"in": "messages", **filters})
    return [hit["message"]["id"] for hit in found["messages"]["data"]]
