"""A provider's error codes in words, and what a refused request comes to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from channels.errors import PayloadMalformed
from channels.http import HttpResponse
from channels.json_bodies import read_json
from channels.outbound import OptOut, Refused
from channels.retry_after import retry_after

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Problem:
    """A class of error codes.

    Attributes:
        reason: a sentence for the agent who wrote the message.
        retryable: the same message may go through later, and was not sent now.
        unknown: as the answer to a send, it leaves open whether the message went out.
        opt_out: what the customer does not want any more.
    """

    reason: str
    retryable: bool = False
    unknown: bool = False
    opt_out: OptOut | None = None


class Problems:
    """All codes of a provider.

    Args:
        classes: the codes of each problem, as numbers or words.
        unnamed: what any other code means; providers add codes without notice.
    """

    def __init__(self, classes: Mapping[Problem, Iterable[int | str]], unnamed: Problem) -> None:
        self._by_code = {str(code): problem for problem, codes in classes.items() for code in codes}
        self._unnamed = unnamed

    @property
    def by_code(self) -> Mapping[str, Problem]:
        """All codes that are told apart, and what each means."""
        return self._by_code

    def of(self, code: str | None) -> Problem:
        """Return what a code means."""
        return self._unnamed if code is None else self._by_code.get(code, self._unnamed)

    def is_retryable(self, code: str | None) -> bool:
        """Tell whether a message that failed with a code may be sent again."""
        return self.of(code).retryable


def in_words(problem: Problem, said: Any = None) -> str:
    """Return a problem as an agent reads it, with the provider's own words behind ours when it sent a text."""
    words = said.strip() if isinstance(said, str) else ""
    return (f"{problem.reason} ({words})" if words else problem.reason)[:LONGEST_REASON]


def refused(response: HttpResponse, code: str | None, problem: Problem, said: Any = None) -> Refused:
    """Return the refusal that a provider's answer comes to.

    Args:
        response: the answer.
        code: the provider's own code in it, if it has one; else the HTTP status serves.
        problem: what that means.
        said: the provider's own words, shown behind ours.
    """
    return Refused(
        code or f"http_{response.status}",
        in_words(problem, said),
        retryable=problem.retryable and not problem.unknown,
        retry_after=retry_after(response),
        unknown=problem.unknown,
        opt_out=problem.opt_out,
    )


def unanswered(response: HttpResponse) -> Refused | None:
    """Return what a request to which nothing came back is to a sender; None when there is an answer to ``read``."""
    if response.failure is None:
        return None
    if not response.sent:
        return Refused("unreachable", "The provider can't be reached; it will be tried again.", retryable=True)
    return Refused(
        "no_answer", "The provider did not answer; the message may have been sent.", retryable=False, unknown=True
    )


def answer_of(response: HttpResponse) -> Mapping[str, Any]:
    """Return the JSON object that a provider answered; empty when it answered anything else."""
    try:
        document = read_json(response.body)
    except PayloadMalformed:
        return {}
    return document if isinstance(document, dict) else {}
