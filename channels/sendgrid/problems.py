"""SendGrid's refusals, by the status of its answer; it has no codes of its own.

https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/responses
"""

from channels.refusals import Problem, Problems

THROTTLED = Problem("SendGrid takes no more mail at the moment; it will be tried again.", retryable=True)
UNCLEAR = Problem("SendGrid had trouble; it is not known whether it took the mail.", unknown=True)

PROBLEMS = Problems(
    {
        Problem("SendGrid did not accept the mail as it is."): (400,),
        Problem("SendGrid did not accept the API key; an administrator has to act."): (401,),
        Problem("The SendGrid account has used up its credits; an administrator has to act."): (402,),
        Problem(
            "SendGrid does not let this address send: it has to be verified there first, or the API key may not."
        ): (403,),
        Problem("The mail with its files is too large for SendGrid."): (413,),
        THROTTLED: (429,),
        UNCLEAR: (500, 502, 503, 504),
    },
    unnamed=Problem("SendGrid refused the mail."),
)
