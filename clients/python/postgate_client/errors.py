"""What goes wrong."""

from collections.abc import Sequence

from postgate_client.models import Fault, Problem


class PostgateError(Exception):
    """Anything that this package raises."""


class NotReached(PostgateError):
    """No answer came, or none that is a gateway's; it is not known whether the request was carried out."""


class SignatureInvalid(PostgateError):
    """A webhook that the gateway did not send, or not just now."""


class ApiError(PostgateError):
    """A request that was refused, as the problem (RFC 9457) in the answer tells it.

    Attributes:
        status: of the answer.
        code: a stable word, for example ``not_found``.
        detail: what happened, for people.
        errors: what is wrong where in the request.
        retry_after: seconds after which it may be tried again, where that was told.
    """

    def __init__(self, problem: Problem, retry_after: float | None) -> None:
        super().__init__(f"{problem['status']} {problem['code']}: {problem['detail']}")
        self.status = problem["status"]
        self.code = problem["code"]
        self.detail = problem["detail"]
        self.errors: Sequence[Fault] = problem.get("errors", [])
        self.retry_after = retry_after


class Resync(ApiError):
    """A position from which the log can't be followed any more: load what you need afresh, then go on from its head."""
