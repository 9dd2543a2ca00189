"""What Sinch's errors mean: reasons in delivery reports, and HTTP statuses of answers.

https://developers.sinch.com/docs/conversation/callbacks
"""

from channels.refusals import Problem, Problems

RECIPIENT = Problem("This number can't receive the message: it is wrong, or unknown on this channel.")
UNREACHABLE = Problem("The customer could not be reached; the message may be sent again.", True)
NOT_OPTED_IN = Problem("The customer did not opt in to such messages, or opted out.")
WINDOW = Problem("The customer last wrote more than 24 hours ago; only a template can be sent now.")
SENDER = Problem("The Sinch app is not set up for this channel; an administrator has to act.")
FILE = Problem("The file can't be sent: it is too large, of a wrong kind, or its link can't be opened.")
TEMPLATE = Problem("The template can't be used: it is missing, or its parameters don't fit.")
CONTENT = Problem("The message was not accepted: it is malformed, or was filtered.")
TROUBLE = Problem("Sinch or the channel had trouble; the message was not delivered and may be sent again.", True)
UNNAMED = Problem("Sinch could not deliver the message.")

FATES = Problems(
    {
        RECIPIENT: (
            "RECIPIENT_INVALID_CHANNEL_IDENTITY",
            "CONTACT_NOT_FOUND",
            "NO_CHANNEL_IDENTITY_FOR_CONTACT",
            "NO_PROFILE_AVAILABLE",
        ),
        UNREACHABLE: ("RECIPIENT_NOT_REACHABLE", "DELIVERY_TIMED_OUT", "MESSAGE_EXPIRED", "DELIVERY_REPORT_TIME_OUT"),
        NOT_OPTED_IN: ("RECIPIENT_NOT_OPTED_IN",),
        WINDOW: ("OUTSIDE_ALLOWED_SENDING_WINDOW",),
        SENDER: (
            "CHANNEL_BAD_CONFIGURATION",
            "CHANNEL_CONFIGURATION_MISSING",
            "UNKNOWN_APP",
            "NO_PERMISSION",
            "INACTIVE_CREDENTIAL",
            "NO_CHANNELS_LEFT",
        ),
        FILE: ("MEDIA_TYPE_UNSUPPORTED", "MEDIA_TOO_LARGE", "MEDIA_NOT_REACHABLE"),
        TEMPLATE: (
            "TEMPLATE_NOT_FOUND",
            "TEMPLATE_INSUFFICIENT_PARAMETERS",
            "TEMPLATE_NON_EXISTING_LANGUAGE_OR_VERSION",
        ),
        CONTENT: (
            "BAD_REQUEST",
            "CHANNEL_REJECT",
            "DELIVERY_REJECTED_DUE_TO_POLICY",
            "UNSUPPORTED_OPERATION",
            "MESSAGE_SPLIT_REQUIRED",
        ),
        TROUBLE: ("INTERNAL_ERROR", "RATE_LIMITED", "CHANNEL_FAILURE"),
    },
    UNNAMED,
)

LOGIN = Problem("Sinch rejected the connection's access key, or the key may not use this project or app.")
UNKNOWN_APP = Problem("Sinch does not know this project or app in this region; an administrator has to act.")
THROTTLED = Problem("Sinch takes no more messages at the moment; it will be tried again.", True)
REFUSED = Problem("Sinch refused the message.")
MAYBE_SENT = Problem("It is not known whether Sinch took the message.", unknown=True)

#: HTTP statuses of the answer to a send.
ANSWERS = Problems({LOGIN: (401, 403), UNKNOWN_APP: (404,), CONTENT: (400, 422), THROTTLED: (429,)}, REFUSED)
