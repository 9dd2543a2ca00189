"""Error codes of the Messages API: in statuses, and in the answers to a send.

https://developer.vonage.com/en/api-errors/messages
"""

from collections.abc import Mapping

from channels.json_fields import Object, id_in, object_in, text_in
from channels.refusals import Problem, Problems

THROTTLED = Problem("Vonage takes no more messages from this account at the moment; it will be tried again.", True)
UNKNOWN = Problem("Vonage has internal trouble; it is not known whether the message was sent.", unknown=True)
LOGIN = Problem("Vonage rejected the connection's credentials or their rights; an administrator has to look into it.")
ACCOUNT = Problem("The Vonage account can't send: barred, out of credit, or not enabled. An administrator has to act.")
REQUEST = Problem("Vonage did not accept the message as it is.")
SENDER = Problem("Our number or name can't send this message: not allowed there, or not set up at Vonage.")
RECIPIENT = Problem("This number can't receive the message: wrong, not in use, or barred.")
NOT_LISTED = Problem("This number is not on the list of those that the Vonage account may write to.")
COMPLIANCE = Problem("The customer opted out, or a rule for messages to this country stopped the message.")
FILTERED = Problem("A spam filter or the carrier stopped the message; write it differently, or ask Vonage.")
WINDOW = Problem("The customer last wrote more than 24 hours ago; only a template can be sent now.")
TEMPLATE = Problem("The template can't be used: it is missing, not approved, or its parameters don't fit.")
UNNAMED = Problem("Vonage refused the message.")

PROBLEMS = Problems(
    {
        THROTTLED: (1000, 1241),
        REQUEST: (1010, 1020, 1021, 1030, 1040, 1090, 1130, 1150),
        TEMPLATE: (1022,),
        RECIPIENT: (1050, 1170, 1430),
        ACCOUNT: (1060, 1070, 1080, 1140, 1290, 1460),
        SENDER: (1120, 1420),
        NOT_LISTED: (1160,),
        FILTERED: (1210, 1470, 1471, 1472, 1473, 1474, 1475, *range(1477, 1484)),
        COMPLIANCE: (1240, 1476),
        WINDOW: (1340,),
    },
    unnamed=UNNAMED,
)

#: What an answer without a code of its own means.
BY_STATUS: Mapping[int, Problem] = {400: REQUEST, 401: LOGIN, 402: ACCOUNT, 403: LOGIN, 404: REQUEST, 422: REQUEST}


def problem_in(error: Object) -> tuple[str | None, str | None]:
    """Return the code of an error (RFC 7807) and its words: the code ends the type's URL, or is the title."""
    code = (text_in(error, "type") or "").partition("#")[2] or id_in(error, "title")
    return code, text_in(error, "detail") or text_in(error, "title")


def problem_of_status(post: Object) -> tuple[str | None, str | None]:
    """Return code and words of a failed status; both None when it carries no error."""
    error = object_in(post, "error")
    return problem_in(error) if error else (None, None)
