"""Meta's error codes: what they mean for an agent, and whether sending the same again can help.

https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
"""

from channels.json_fields import Object, id_in, list_in, object_in, text_in
from channels.refusals import Problem, Problems

LOGIN = Problem("WhatsApp rejected the connection's access token or its permissions; an administrator has to renew it.")
ACCOUNT = Problem("The WhatsApp business account is restricted or not set up; an administrator has to look into it.")
THROTTLED = Problem("WhatsApp takes no more messages from this number at the moment; it will be tried again.", True)
TROUBLE = Problem("WhatsApp has internal trouble; it is not known whether the message was sent.", True, True)
PASSING = Problem("WhatsApp has internal trouble; try again later.", retryable=True)
WINDOW = Problem("The customer last wrote more than 24 hours ago; only a template can be sent now.")
RECIPIENT = Problem("WhatsApp can't deliver to this customer: no WhatsApp account, or messages are not accepted.")
STOPPED = Problem("The customer stopped marketing messages from this business.", opt_out="marketing_messages")
LIMITED = Problem("WhatsApp held this message back to protect the customer from too many messages.")
NEEDS_NUMBER = Problem("This kind of message needs the customer's phone number, which is not known.")
REQUEST = Problem("WhatsApp did not accept the message as it is.")
MEDIA = Problem("WhatsApp could not use the attached file: too large, unreadable, or of a kind that it doesn't take.")
UNFETCHED = Problem("WhatsApp could not fetch the attached file; it will be tried again.", True)
GROUP = Problem("WhatsApp does not allow this in the group.")
TEMPLATE = Problem("The template can't be used: it is missing, paused, disabled, or its parameters don't fit.")
SYNCING = Problem("The template is still being set up at WhatsApp; try again in ten minutes.", True)
UNNAMED = Problem("WhatsApp refused the message.")

PROBLEMS = Problems(
    {
        LOGIN: (0, 3, 10, 190, *range(200, 300), 131005),
        ACCOUNT: (368, 130497, 131031, 131037, 131042, 131045, 133010, 134011),
        THROTTLED: (4, 80007, 130429, 131048, 131056, 131064, 131208, 133016),
        TROUBLE: (1, 2, 131000, 131016, 131057, 133004),
        WINDOW: (131047,),
        RECIPIENT: (130472, 131021, 131026, 131030),
        STOPPED: (131050,),
        LIMITED: (131049,),
        NEEDS_NUMBER: (131062, 131063),
        REQUEST: (33, 100, 131008, 131009, 131051, 135000, 137000),
        MEDIA: (131052,),
        UNFETCHED: (131053,),
        GROUP: (131020, 131041, 131207),
        TEMPLATE: (132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132068, 132069),
        SYNCING: (134101,),
    },
    unnamed=UNNAMED,
)


def problem_in(error: Object) -> tuple[str | None, str | None]:
    """Return an error object's code and its most telling sentence."""
    details = text_in(object_in(error, "error_data"), "details")
    return id_in(error, "code"), details or text_in(error, "message") or text_in(error, "title")


def first_problem(item: Object) -> tuple[str | None, str | None]:
    """Return code and sentence of the first error that an item carries; both None when it carries none."""
    for error in list_in(item, "errors"):
        if type(error) is dict:
            return problem_in(error)
    return None, None
