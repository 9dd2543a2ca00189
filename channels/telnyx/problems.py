"""Telnyx's error codes: what they mean for an agent, and whether sending the same again can help.

https://developers.telnyx.com/docs/messaging/messages/error-codes
"""

from channels.json_fields import Object, id_in, list_in, text_in
from channels.refusals import Problem, Problems

#: A send to somebody who wrote STOP.
OPTED_OUT = "40300"

THROTTLED = Problem("Telnyx takes no more messages from this number at the moment; it will be tried again.", True)
UNKNOWN = Problem("Telnyx has internal trouble; it is not known whether the message was sent.", unknown=True)
LOGIN = Problem("Telnyx rejected the connection's API key or its permissions; an administrator has to renew it.")
ACCOUNT = Problem(
    "The Telnyx account can't send: suspended, not verified, or out of credit. An administrator has to act."
)
RECIPIENT = Problem("This number can't receive the message: wrong, a landline, or not reachable by texts of this kind.")
UNREACHABLE = Problem("The customer's carrier did not answer; the message may be sent again.", True)
STOPPED = Problem("The customer opted out with STOP; nothing can be sent until they write START.", opt_out="all")
SENDER = Problem(
    "Our number can't send this message: not set up, not registered, or its messaging profile is disabled."
)
FILTERED = Problem("A spam filter stopped the message; write it differently, or ask Telnyx about the number.")
LIMITED = Problem("The campaign's limit for today is used up; try again tomorrow.")
EXPIRED = Problem("The message could not be delivered in time; send it again when the customer can be reached.")
CONTENT = Problem(
    "The message's text or files were not accepted: empty, too large, or of a kind that Telnyx can't send."
)
REQUEST = Problem("Telnyx did not accept the message as it is.")

PROBLEMS = Problems(
    {
        THROTTLED: (10011, 40011, 40318),
        UNKNOWN: (10007, 10008),
        LOGIN: (10009, 10010, 20001, 20002, 20003, 20004),
        ACCOUNT: (*range(20005, 20100), 40314),
        RECIPIENT: (10002, 10016, 40001, 40008, 40012, 40301, 40309, 40310, 40319),
        UNREACHABLE: (40004, 40006),
        STOPPED: (int(OPTED_OUT),),
        SENDER: (
            10001, 40010, 40013, 40100, 40150, 40151, *range(40304, 40309), 40311, 40312, 40313, 40315, 40320, 40321,
            40329, 40330,
        ),
        FILTERED: (40002, 40003, 40015, 40017, 40322),
        LIMITED: (40016, 40018),
        EXPIRED: (40005, 40014),
        CONTENT: (40009, 40302, 40316, 40317, 40328),
        REQUEST: (10003, 10004, 10005, 10006, *range(10012, 10016), 10017, 40007),
    },
    unnamed=Problem("Telnyx refused the message."),
)  # fmt: skip


def first_problem(source: Object) -> tuple[str | None, str | None]:
    """Return code and words of the first error in a payload or an answer; both None when there is none."""
    error = next((item for item in list_in(source, "errors") if type(item) is dict), None)
    if error is None:
        return None, None
    return id_in(error, "code"), text_in(error, "detail") or text_in(error, "title")
