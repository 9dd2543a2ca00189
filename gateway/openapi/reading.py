"""Reading a request into the models that its operation declared."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_origin
from uuid import UUID

from aiohttp import web
from multidict import MultiMapping
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from gateway.model.ids import IdInvalid, parse
from gateway.problems import Fault, Invalid, Malformed, NotFound, TooLarge, UnsupportedMediaType

BODY_LIMIT = 1024 * 1024
BODY_SECONDS = 30.0
#: So many values are named; who sends more wrong ones learns of the rest after mending these.
MOST_FAULTS = 50
#: Beyond so many wrong values none is named: pydantic describes all or none, and takes 4 µs for each.
TOO_MANY_FAULTS = 10_000
#: No body has so many keys. To refuse each of them takes longer than to read all other bodies of that size.
MOST_COLONS = 50_000

Model = TypeVar("Model", bound=BaseModel)


def read_id(request: web.Request, prefix: str) -> UUID:
    """Return the id in the path.

    Raises:
        NotFound: when it is no id of that kind, as if it were one that nobody has.
    """
    try:
        return parse(prefix, request.match_info["id"])
    except IdInvalid:
        raise NotFound("there is nothing with this id") from None


def read_query(query: MultiMapping[str], model: type[Model]) -> Model:
    """Return a query's parameters.

    Raises:
        Invalid: naming each parameter that is unknown, repeated, missing or not acceptable.
    """
    values: dict[str, Any] = {}  # Any: texts, and lists of texts
    repeated: list[Fault] = []
    for name in dict.fromkeys(query):
        given = query.getall(name)
        if _takes_many(model, name):
            values[name] = given
        elif len(given) == 1:
            values[name] = given[0]
        else:
            repeated.append(Fault("query", _pointer([name]), "this may be given once"))
    if repeated:
        raise Invalid("a parameter of the query is repeated", repeated)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Invalid("some parameters of the query are not acceptable", faults(error, "query")) from None


async def read_body(request: web.Request, model: type[Model]) -> Model:
    """Return a JSON body.

    Raises:
        UnsupportedMediaType: when it is not declared as JSON.
        TooLarge: beyond 1 MiB.
        Malformed: when it is no JSON, or not UTF-8.
        Invalid: naming each value that is unknown, missing or not acceptable.
    """
    if request.content_type != "application/json":
        raise UnsupportedMediaType("send the body with Content-Type: application/json")
    return body_of(await _bounded(request), model)


def body_of(body: bytes, model: type[Model]) -> Model:
    """Return the values of a body; see ``read_body``."""
    if body.count(b":") > MOST_COLONS:
        raise TooLarge(f"a body has at most {MOST_COLONS} colons, those in its texts included")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if error.error_count() == 1 and error.errors(include_input=False)[0]["type"] == "json_invalid":
            raise Malformed("the body is not JSON in UTF-8") from None
        if error.error_count() > TOO_MANY_FAULTS:
            raise Invalid(f"more than {TOO_MANY_FAULTS} values of the body are not acceptable") from None
        found = faults(error, "body", document=from_json(body))
        raise Invalid("some values of the body are not acceptable", found) from None


def faults(error: ValidationError, place: str, inside: Sequence[str] = (), *, document: Any = None) -> Sequence[Fault]:
    """Say what is wrong where, the first of it; the values themselves are not repeated, one may be a password.

    Args:
        error: of a model.
        place: ``body`` or ``query``.
        inside: where in it the model's values stand.
        document: the values, if pointers are to lead into them whatever the models are made of.
    """
    found: Sequence[Mapping[str, Any]] = error.errors(include_url=False, include_input=False, include_context=False)
    paths = [one["loc"] if document is None else _path_in(document, one["loc"]) for one in found[:MOST_FAULTS]]
    return [
        Fault(place, _pointer([*inside, *path]), _plain(one["msg"])) for path, one in zip(paths, found, strict=False)
    ]


def _path_in(document: Any, steps: Sequence[str | int]) -> Sequence[str | int]:
    """Return the steps to a value that are there; pydantic also names which of several models it took."""
    path: list[str | int] = []
    for place, step in enumerate(steps, 1):
        if _has(document, step):
            path.append(step)
            document = document[step]
        elif isinstance(document, dict) and place == len(steps):
            path.append(step)  # it is lacking
    return path


def _has(document: Any, step: str | int) -> bool:
    if isinstance(document, list):
        return isinstance(step, int) and step < len(document)
    return isinstance(document, dict) and step in document


def _plain(message: str) -> str:
    """Return what a validator of ours said, without what pydantic puts in front of it."""
    return message.removeprefix("Value error, ")


async def _bounded(request: web.Request) -> bytes:
    """Read a body while counting: what was announced is not trusted.

    Raises:
        TooLarge: when it is.
        Malformed: when its end does not come.
    """
    if (request.content_length or 0) > BODY_LIMIT:
        raise TooLarge(f"a body has at most {BODY_LIMIT} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise TooLarge(f"a body has at most {BODY_LIMIT} bytes")
    except TimeoutError:
        raise Malformed(f"the end of the body did not come within {BODY_SECONDS:g} seconds") from None
    return bytes(body)


def _takes_many(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and get_origin(field.annotation) in {list, tuple, frozenset}


def _pointer(path: Sequence[str | int]) -> str:
    """Write a JSON pointer (RFC 6901 section 3)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
