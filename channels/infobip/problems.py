"""What Infobip's errors mean: ids in delivery reports, names of statuses, and HTTP statuses.

https://www.infobip.com/docs/developer-resources/api-fundamentals/error-code-reference
"""

from channels.handset_errors import HANDSET_ERRORS
from channels.refusals import Problem, Problems

ACCOUNT = Problem("The Infobip account can't send this: no credit, or no route there; an administrator has to act.")
SENDER = Problem("Our number or name can't send this message: it is not registered, or is blocked.")
RECIPIENT = Problem("This number can't receive the message: it is wrong, or not allowed while the account is on trial.")
STOPPED = Problem("The customer opted out; nothing can be sent until they opt in again.")
CONTENT = Problem("The message was not accepted: it is too long, malformed, or was filtered.")
FLOOD = Problem("Too many messages went to this number within an hour; it will be tried again.", True)
TROUBLE = Problem("Infobip had trouble and did not send the message; it will be tried again.", True)
UNNAMED = Problem("Infobip could not deliver the message.")

#: Ids of errors, and names of statuses where there is no error.
FATES = Problems(
    {
        **HANDSET_ERRORS,
        STOPPED: (573, "REJECTED_DND", "REJECTED_DESTINATION_BLOCKLISTED"),
        ACCOUNT: (
            "REJECTED_NOT_ENOUGH_CREDITS",
            "REJECTED_PREPAID_PACKAGE_EXPIRED",
            "REJECTED_ROUTE_NOT_AVAILABLE",
            "REJECTED_NETWORK",
        ),
        SENDER: ("REJECTED_SOURCE", "REJECTED_SENDER"),
        RECIPIENT: (
            "MISSING_TO",
            "REJECTED_PREFIX_MISSING",
            "REJECTED_DESTINATION",
            "REJECTED_DESTINATION_NOT_REGISTERED",
        ),
        CONTENT: (
            "REJECTED_MESSAGE_TOO_LONG",
            "REJECTED_MESSAGE_TEXT_TOO_LONG",
            "REJECTED_INVALID_UDH",
            "SIGNALS_BLOCKED",
        ),
        FLOOD: ("REJECTED_FLOODING_FILTER",),
        TROUBLE: ("REJECTED_SYSTEM_ERROR",),
    },
    UNNAMED,
)

LOGIN = Problem("Infobip rejected the connection's API key, or the key may not send; an administrator has to act.")
THROTTLED = Problem("Infobip takes no more messages at the moment; it will be tried again.", True)
BASE_URL = Problem("Infobip does not know this address: the connection's base URL may be another account's.")
REFUSED = Problem("Infobip refused the message.")
MAYBE_SENT = Problem("It is not known whether Infobip took the message.", unknown=True)

#: HTTP statuses of the answer to a send.
ANSWERS = Problems({LOGIN: (401, 403), CONTENT: (400, 422), BASE_URL: (404,), THROTTLED: (429,)}, REFUSED)
