"""What is said of an operation once, for the router, the checks and the document."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from gateway.model.audit import Audit
from gateway.permissions import Permission

DIGITS = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class QueryModel(BaseModel):
    """Parameters of a query: unknown ones are refused. What reads them is built for the first that comes."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class BodyModel(BaseModel):
    """A JSON body: unknown keys are refused, and nothing is converted ("1" is not 1). Built as ``QueryModel`` is."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True)


class NoQuery(QueryModel):
    """For operations without parameters."""


class NoBody(BodyModel):
    """For operations that read no body."""


def _plain_digits(value: object) -> object:
    if isinstance(value, str) and not DIGITS.fullmatch(value):
        raise ValueError("this should be a whole number, in plain digits")
    return value


#: For whole numbers in a query, ``Annotated[int, Field(ge=0), PLAIN_DIGITS]``: pydantic alone would also take
#: "1_0", " 10 " and "10.0".
PLAIN_DIGITS = BeforeValidator(_plain_digits)
#: How many items a page of a list may hold.
Limit = Annotated[int, Field(ge=1, le=200, description="How many items at most."), PLAIN_DIGITS]

Query = TypeVar("Query", bound=QueryModel)
Body = TypeVar("Body", bound=BodyModel)
#: A JSON object, or a file's text.
Example = Mapping[str, Any] | str  # Any: JSON


@dataclass(frozen=True, slots=True)
class Answer:
    """One way in which an operation answers.

    Attributes:
        description: a sentence.
        model: of a JSON answer; None when there is no body, or one that is not described further.
        content_type: of the body; None when there is none.
        headers: by name, what each tells.
    """

    description: str
    model: type[BaseModel] | None = None
    content_type: str | None = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[Query, Body]):
    """An operation of the API.

    Attributes:
        method: GET, POST …
        path: may hold one ``{id}``, or one place that ``word`` names.
        name: unique; becomes the ``operationId``.
        tag: the group in which it is listed.
        summary: one line.
        query: the model of its parameters.
        body: the model of its JSON body; ``NoBody`` reads none.
        permission: what its callers need; None for those that anybody may call.
        answers: by status.
        audit: what it does to personal data; None: it neither shows nor takes any.
        example: a body, for the document; whatever ids are in it are those of ``sample_id``.
        problems: the exceptions it raises, beyond those of the layer.
        id_prefix: of the ``{id}`` in the path.
        upload: True when the body is a file, raw or as the part ``file`` of a form; then ``body`` is ``NoBody``.
        headers: of a request that count for it, by name, what each does.
        word: the name of a place in the path that holds a word in lower case instead of an id.
        description: more words, in Markdown.
    """

    method: str
    path: str
    name: str
    tag: str
    summary: str
    query: type[Query]
    body: type[Body]
    answers: Mapping[int, Answer]
    permission: Permission | None = None
    audit: Audit | None = None
    example: Example | None = None
    problems: tuple[type[Exception], ...] = ()
    id_prefix: str | None = None
    upload: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    word: str | None = None
    description: str = ""
