"""Twilio's error codes: what they mean for an agent, and whether sending the same again can help.

https://www.twilio.com/docs/api/errors
"""

from channels.refusals import Problem, Problems

LOGIN = Problem("Twilio rejected the connection's credentials or suspended the account; an administrator has to act.")
THROTTLED = Problem("Twilio takes no more messages from this number at the moment; it will be tried again.", True)
DAILY = Problem("The number's limit for today is used up; try again tomorrow.")
TROUBLE = Problem("The carrier or WhatsApp had trouble; the message was not delivered and may be sent again.", True)
SWITCHED_OFF = Problem("The customer's phone is switched off or has no signal; try again later.", True)
RECIPIENT = Problem("This number can't receive the message: wrong, a landline, or it doesn't accept such messages.")
STOPPED = Problem("The customer opted out with STOP; nothing can be sent until they write START.", opt_out="all")
WINDOW = Problem("The customer last wrote more than 24 hours ago; only a template can be sent now.")
CONTENT = Problem("The message's text or file was not accepted: empty, too long, of a wrong kind, or filtered.")
SENDER = Problem("Our number can't send this message: not registered, not verified, or not set up for the channel.")
TEMPLATE = Problem("The template can't be used: it is missing, paused, or its parameters don't fit.")
PASSING = Problem("Twilio has internal trouble; try again later.", retryable=True)
MAYBE_SENT = Problem("It is not known whether Twilio took the message.", unknown=True)
UNNAMED = Problem("Twilio refused the message.")

PROBLEMS = Problems(
    {
        LOGIN: (20003, 20404, 30002, 63001, 63020),
        THROTTLED: (20429, 21611, 30001, 30022, 63017, 63018),
        DAILY: (30023, 30027, 63038),
        TROUBLE: (30008, 30017, 30410, 63009, 63010, 63012),
        SWITCHED_OFF: (30003,),
        RECIPIENT: (
            21211, 21408, 21608, 21612, 21614, 30005, 30006, 30011, 63003, 63014, 63015, 63024, 63032, 63033,
        ),
        STOPPED: (21610,),
        WINDOW: (63016,),
        CONTENT: (
            21602, 21617, 21620, 21622, 21623, 30004, 30007, 30019, 63005, 63006, 63013, 63019, 63021, 63026, 63034,
        ),
        SENDER: (
            21212, 21606, 21659, 21660, 21703, 21705, 30018, 30024, 30032, 30034, 63002, 63007,
        ),
        TEMPLATE: (21654, 21655, 21656, 63027, 63028, 63029, 63040, 63041),
    },
    unnamed=UNNAMED,
)  # fmt: skip
