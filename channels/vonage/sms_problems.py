"""Codes of the SMS API: those that answer a send, and those in delivery receipts.

https://developer.vonage.com/en/messaging/sms/guides/troubleshooting-sms
https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts
"""

from channels.refusals import Problem, Problems

THROTTLED = Problem("Vonage takes no more messages from this account at the moment; it will be tried again.", True)
TROUBLE = Problem("Vonage had internal trouble and did not take the message; it will be tried again.", True)
UNKNOWN = Problem("Vonage has internal trouble; it is not known whether the message was sent.", unknown=True)
LOGIN = Problem("Vonage rejected the connection's API key, secret or signature; an administrator has to look into it.")
ACCOUNT = Problem(
    "The Vonage account can't send: suspended, out of credit, or not enabled. An administrator has to act."
)
REQUEST = Problem("Vonage did not accept the message as it is.")
CONTENT = Problem("The text is too long for one message.")
SENDER = Problem("Our number or name can't send this message: not allowed there, or no longer in use.")
RECIPIENT = Problem("This number can't receive the message: wrong, not in use, or barred.")
NOT_LISTED = Problem("This number is not on the list of those that the Vonage account may write to.")
UNREACHABLE = Problem("The customer's phone is switched off, busy or has no signal; try again later.", True)
NETWORK = Problem("The mobile network had trouble, so that the message was not delivered; it may be sent again.", True)
FILTERED = Problem("A spam filter or the carrier stopped the message; write it differently, or ask Vonage.")
COMPLIANCE = Problem(
    "A rule for messages to this country, or its cap, stopped the message; an administrator has to act."
)
UNNAMED = Problem("Vonage refused the message.")
PARTIAL = Problem("Only a part of the message was sent; what the customer has got is not whole.", unknown=True)

#: ``status`` of each part in the answer to a send.
ANSWERS = Problems(
    {
        THROTTLED: (1, 10),
        TROUBLE: (5,),
        LOGIN: (4, 14, 32),
        ACCOUNT: (8, 9, 11),
        REQUEST: (2, 3, 6, 22, 23),
        CONTENT: (12,),
        SENDER: (15, 33),
        RECIPIENT: (7,),
        NOT_LISTED: (29,),
    },
    unnamed=UNNAMED,
)

#: ``err-code`` of a delivery receipt.
RECEIPTS = Problems(
    {
        Problem("The message was not delivered, and the carrier does not say why."): (1, 99),
        UNREACHABLE: (2, 7, 12),
        RECIPIENT: (3, 4, 5, 9, 10, 11, 13),
        FILTERED: (6, 14),
        NETWORK: (8,),
        ACCOUNT: (15,),
        Problem("The carrier takes no more messages at the moment; it may be sent again.", True): (16,),
        COMPLIANCE: range(50, 55),
    },
    unnamed=Problem("The message was not delivered."),
)

NO_ERROR = "0"
