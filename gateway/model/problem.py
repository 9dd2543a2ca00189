"""What is answered to a request that was refused (RFC 9457), for the API's description."""

from typing import Literal

from pydantic import Field

from gateway.model.described import Described


class ProblemFault(Described):
    """One thing that is wrong with a request."""

    place: Literal["body", "query", "header"] = Field(alias="in", description="Which part of the request.")
    pointer: str = Field(description="A JSON pointer (RFC 6901) into that part.", examples=["/email"])
    detail: str = Field(description="What is wrong, for people.")


class Problem(Described):
    """A refused request."""

    type: str = Field(description="The address of a description.", examples=["/docs/problems#not_found"])
    title: str = Field(description="The same for every occurrence.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened this time, for people.")
    code: str = Field(description="A stable word for machines.", examples=["not_found"])
    errors: list[ProblemFault] = Field(default=[], description="What is wrong where; absent when there is no place.")
