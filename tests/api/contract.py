"""Holding answers against the OpenAPI document, more strictly than the document itself: no key it does not name."""

from collections.abc import Mapping
from typing import Any

from openapi_schema_validator import OAS31Validator

from gateway.openapi.api import Mounted
from gateway.openapi.document import build
from tests.api.conftest import Served
from tests.described import strict

#: By the operations in it, which are held so that their ids stay theirs: to make a document takes a second.
_DOCUMENTS: dict[tuple[tuple[int, bool], ...], tuple[list[Mounted], dict[str, Any]]] = {}
#: The strict schemas of a document, by its id.
_STRICT: dict[int, tuple[Mapping[str, Any], Any]] = {}


def document(served: Served) -> dict[str, Any]:
    """Return the document of a served API."""
    mounted = served.api.mounted
    key = tuple((id(one.operation), one.needs_caller) for one in mounted)
    if key not in _DOCUMENTS:
        _DOCUMENTS[key] = list(mounted), build(mounted, "0", "test")
    return _DOCUMENTS[key][1]


def faults(served: Served, method: str, path: str, status: int, body: Any) -> list[str]:
    """Say where an answer is not what the document says of the route ``path``."""
    return faults_in(document(served), method, path, status, body)


def faults_in(described: Mapping[str, Any], method: str, path: str, status: int, body: Any) -> list[str]:
    """Say where an answer is not what a document says of the route ``path``."""
    answer = described["paths"][path][method.lower()]["responses"][str(status)]
    (content,) = answer["content"].values()
    if id(described) not in _STRICT:
        _STRICT[id(described)] = described, strict(described["components"]["schemas"])
    schema = {"components": {"schemas": _STRICT[id(described)][1]}, **content["schema"]}
    return [f"{error.json_path}: {error.message}" for error in OAS31Validator(schema).iter_errors(body)]
