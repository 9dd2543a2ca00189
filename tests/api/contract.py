"""Holding answers against the OpenAPI document, more strictly than the document itself: no key it does not name."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from openapi_schema_validator import OAS31Validator

from gateway.openapi import Api
from gateway.openapi.document import build
from tests.api.conftest import Served
from tests.described import strict


def document(served: Served) -> dict[str, Any]:
    """Return the document of a served API."""
    return _document(served.api)


@lru_cache(maxsize=1)
def _document(api: Api) -> dict[str, Any]:
    return build(api.mounted, "0", "test")


def faults(served: Served, method: str, path: str, status: int, body: Any) -> list[str]:
    """Say where an answer is not what the document says of the route ``path``."""
    return faults_in(document(served), method, path, status, body)


def faults_in(described: Mapping[str, Any], method: str, path: str, status: int, body: Any) -> list[str]:
    """Say where an answer is not what a document says of the route ``path``."""
    answer = described["paths"][path][method.lower()]["responses"][str(status)]
    (content,) = answer["content"].values()
    schema = {"components": {"schemas": strict(described["components"]["schemas"])}, **content["schema"]}
    return [f"{error.json_path}: {error.message}" for error in OAS31Validator(schema).iter_errors(body)]
