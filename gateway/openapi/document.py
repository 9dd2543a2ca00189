"""The OpenAPI 3.1 document, made from the operations and their models (https://spec.openapis.org/oas/v3.1.1)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.access import COOKIE, SAFE_METHODS
from gateway.model.problem import Problem
from gateway.openapi.api import Mounted
from gateway.openapi.operation import Answer, NoBody, Operation
from gateway.problems import (
    CONTENT_TYPE,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    OriginMismatch,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    UnsupportedMediaType,
    kind_of_type,
)
from gateway.store.pool import DatabaseUnavailable

REF = "#/components/schemas/{model}"
ID_PATTERN = "^{prefix}_[0-9a-f]{{32}}$"
WORD_PATTERN = "^[a-z0-9_]{1,40}$"
SECURITY: Sequence[Mapping[str, list[str]]] = ({"session": []}, {"api_key": []})
SCHEMES = {
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Set by the login."},
    "api_key": {"type": "http", "scheme": "bearer", "description": "An API key: `pgk_…`."},
}
#: A file, as the body itself or as a part of a form.
BYTES: Mapping[str, Any] = {"type": "string", "format": "binary", "minLength": 1}
FORM: Mapping[str, Any] = {"type": "object", "properties": {"file": BYTES}, "required": ["file"]}

Json = dict[str, Any]  # Any: a JSON document
Mode = Literal["validation", "serialization"]


def build(mounted: Sequence[Mounted], version: str, description: str) -> Json:
    """Return the document of all mounted operations."""
    paths: dict[str, Json] = {}
    for one in mounted:
        paths.setdefault(one.operation.path, {})[one.operation.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Postgate", "version": version, "description": description},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.operation.tag for one in mounted)],
        "paths": paths,
        "components": {"schemas": _schemas(mounted), "securitySchemes": SCHEMES},
    }


def problems_of(mounted: Mounted) -> list[type[Exception]]:
    """Return what an operation may refuse with: its own reasons, and those of the layer."""
    operation = mounted.operation
    found: list[type[Exception]] = []
    if mounted.needs_caller:
        found += [Unauthenticated, TooManyRequests, DatabaseUnavailable]
        if operation.permission is not None:
            found.append(Forbidden)
        if operation.method not in SAFE_METHODS:
            found.append(OriginMismatch)
    if operation.id_prefix or operation.word:
        found.append(NotFound)
    if not issubclass(operation.body, NoBody):
        found += [Malformed, TooLarge, UnsupportedMediaType]
    if operation.upload:
        found += [Malformed, TooLarge]
    found.append(Invalid)  # at least an unknown parameter
    return list(dict.fromkeys([*operation.problems, *found]))


def _operation(mounted: Mounted) -> Json:
    operation = mounted.operation
    answers = {str(status): _answer(answer) for status, answer in operation.answers.items()}
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": answers | _refusals(problems_of(mounted)),
        "security": list(SECURITY) if mounted.needs_caller else [],
    }
    if operation.description:
        described["description"] = operation.description
    if operation.permission is not None:
        described["x-permission"] = operation.permission
    if operation.audit is not None:
        described["x-audit"] = {"operation": operation.audit.does, "tables": list(operation.audit.tables)}
    if parameters := [*_path_parameters(operation), *_query_parameters(operation.query), *_headers(operation)]:
        described["parameters"] = parameters
    if content := _body(operation):
        described["requestBody"] = {"required": True, "content": content}
    return described


def _body(operation: Operation[Any, Any]) -> Json:
    example = {} if operation.example is None else {"example": operation.example}
    if operation.upload:
        return {"application/octet-stream": {"schema": BYTES, **example}, "multipart/form-data": {"schema": FORM}}
    if issubclass(operation.body, NoBody):
        return {}
    return {"application/json": {"schema": _ref(operation.body), **example}}


def _path_parameters(operation: Operation[Any, Any]) -> list[Json]:
    if operation.word is not None:
        word = {"type": "string", "pattern": WORD_PATTERN}
        return [{"name": operation.word, "in": "path", "required": True, "schema": word, "description": "A name."}]
    if operation.id_prefix is None:
        return []
    pattern = ID_PATTERN.format(prefix=operation.id_prefix)
    schema = {"type": "string", "pattern": pattern}
    words = f"`{operation.id_prefix}_` and 32 hexadecimal digits."
    return [{"name": "id", "in": "path", "required": True, "schema": schema, "description": words}]


def _headers(operation: Operation[Any, Any]) -> list[Json]:
    return [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": words}
        for name, words in operation.headers.items()
    ]


def _query_parameters(model: type[BaseModel]) -> list[Json]:
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return [_parameter(name, field, name in required) for name, field in schema["properties"].items()]


def _parameter(name: str, field: Mapping[str, Any], required: bool) -> Json:
    schema = {key: value for key, value in field.items() if key not in {"title", "description"}}
    described: Json = {"name": name, "in": "query", "required": required, "schema": schema}
    if "description" in field:
        described["description"] = field["description"]
    return described


def _answer(answer: Answer) -> Json:
    described: Json = {"description": answer.description}
    if answer.content_type is not None:
        described["content"] = {answer.content_type: {"schema": _schema(answer)}}
    if answer.headers:
        described["headers"] = {
            name: {"description": text, "schema": {"type": "string"}} for name, text in answer.headers.items()
        }
    return described


def _schema(answer: Answer) -> Json:
    if answer.model is not None:
        return _ref(answer.model)
    return {"type": "object"} if answer.content_type == "application/json" else {"type": "string"}


def _refusals(problems: Iterable[type[Exception]]) -> Json:
    """Group problems by status: the document has one answer for each."""
    by_status: dict[str, list[str]] = {}
    for problem in problems:
        kind = kind_of_type(problem)
        by_status.setdefault(str(kind.status), []).append(f"`{kind.code}`: {kind.title}.")
    content = {CONTENT_TYPE: {"schema": _ref(Problem)}}
    return {
        status: {"description": " ".join(dict.fromkeys(texts)), "content": content}
        for status, texts in sorted(by_status.items())
    }


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": REF.format(model=model.__name__)}


def _schemas(mounted: Sequence[Mounted]) -> Json:
    wanted: dict[tuple[type[BaseModel], Mode], None] = {(Problem, "validation"): None}
    for one in mounted:
        for answer in one.operation.answers.values():
            if answer.model is not None:
                wanted[answer.model, "serialization"] = None
        if not issubclass(one.operation.body, NoBody):
            wanted[one.operation.body, "validation"] = None
    _, document = models_json_schema(list(wanted), ref_template=REF)
    schemas: Json = document["$defs"]
    return schemas
