"""Holding answers against the OpenAPI document, more strictly than the document itself: no key it does not name."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from openapi_schema_validator import OAS31Validator

from gateway.openapi.document import build
from tests.api.conftest import Served


def document(served: Served) -> dict[str, Any]:
    """Return the document of a served API."""
    return build(served.api.mounted, "0", "test")


def strict(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return schemas that allow only the keys they name, unless they say otherwise."""
    copy: dict[str, Any] = deepcopy(dict(schemas))
    for schema in copy.values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return copy


def faults(served: Served, method: str, path: str, status: int, body: Any) -> list[str]:
    """Say where an answer is not what the document says of the route ``path``."""
    described = document(served)
    answer = described["paths"][path][method.lower()]["responses"][str(status)]
    (content,) = answer["content"].values()
    schema = {"components": {"schemas": strict(described["components"]["schemas"])}, **content["schema"]}
    return [f"{error.json_path}: {error.message}" for error in OAS31Validator(schema).iter_errors(body)]
