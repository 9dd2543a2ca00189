"""Plivo's error codes: what they mean for an agent, and whether sending the same again can help.

https://www.plivo.com/docs/messaging/troubleshooting/error-codes
"""

from collections.abc import Mapping

from channels.refusals import Problem, Problems

#: A send to somebody who wrote STOP.
OPTED_OUT = "200"

#: What stands in ``ErrorCode`` when there is none.
NO_ERROR = frozenset({"0", "000"})

THROTTLED = Problem("Plivo takes no more messages from this account at the moment; it will be tried again.", True)
UNKNOWN = Problem("Plivo has internal trouble; it is not known whether the message was sent.", unknown=True)
LOGIN = Problem("Plivo rejected the connection's auth ID or token; an administrator has to look into it.")
REQUEST = Problem("Plivo did not accept the message as it is.")
UNNAMED = Problem("Plivo refused the message.")
NETWORK = Problem("The mobile network had trouble, so that the message was not delivered; it may be sent again.", True)
UNREACHABLE = Problem("The customer's phone can't be reached at the moment; the message may be sent again.", True)
RECIPIENT = Problem("This number can't receive the message: wrong, not in use, or no network leads to it.")
STOPPED = Problem("The customer opted out with STOP; nothing can be sent until they write START.", opt_out="all")
FILTERED = Problem("A spam filter or a carrier's rule stopped the message; write it differently, or ask Plivo.")
SENDER = Problem("Our number can't send this message: not set up for texts, or not one of this Plivo account.")
COUNTRY = Problem("Sending to this country is switched off in Plivo's geo permissions; an administrator can allow it.")
CONTENT = Problem("The message's text or file was not accepted: empty, too long, or of a wrong kind.")
EXPIRED = Problem("The message could not be delivered in time; send it again when the customer can be reached.")
ACCOUNT = Problem("The Plivo account is disabled or out of credit; an administrator has to act.")
DISPATCH = Problem("Plivo could not hand the message to a carrier.")

PROBLEMS = Problems(
    {
        CONTENT: (10, 110, 950),
        NETWORK: (20,),
        FILTERED: (30, 100),
        SENDER: (40,),
        RECIPIENT: (50, 60, 70, 90, 451),
        UNREACHABLE: (80,),
        STOPPED: (int(OPTED_OUT),),
        DISPATCH: (300,),
        EXPIRED: (420,),
        COUNTRY: (450,),
        ACCOUNT: (900, 910),
        UNNAMED: (1000,),
    },
    unnamed=UNNAMED,
)

#: Answers to a send hold no codes, so that the HTTP status has to do.
BY_STATUS: Mapping[int, Problem] = {
    400: REQUEST,
    401: LOGIN,
    402: ACCOUNT,
    403: LOGIN,
    404: LOGIN,
    405: REQUEST,
    429: THROTTLED,
}
