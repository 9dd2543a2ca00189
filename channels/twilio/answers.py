"""What Twilio's answers mean. A 429 was not processed; a 5xx may have been."""

from channels.http import HttpResponse
from channels.json_fields import id_in, text_in
from channels.outbound import Accepted, Refused, SendResult
from channels.refusals import Problem, answer_of, refused
from channels.twilio.problems import LOGIN, MAYBE_SENT, PROBLEMS, THROTTLED


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what the answer to a send means."""
    if response.status // 100 != 2:
        return refusal(response)
    sid = text_in(answer_of(response), "sid")
    return Accepted(sid) if sid else refused(response, "answer_unreadable", MAYBE_SENT)


def refusal(response: HttpResponse, trouble: Problem = MAYBE_SENT) -> Refused:
    """Return the refusal that an answer comes to.

    Args:
        response: the answer.
        trouble: what internal trouble comes to: a message may have been sent all the same, but what does no harm when
            it is asked twice can be asked again.
    """
    document = answer_of(response)
    code = id_in(document, "code")
    problem = PROBLEMS.of(code)
    if response.status == 429:
        problem = THROTTLED
    elif response.status >= 500:
        problem = trouble
    elif code is None and response.status in {401, 403}:
        problem = LOGIN
    return refused(response, code, problem, document.get("message"))
