"""Mailgun's refusals, by the status of its answer; it has no codes of its own.

https://documentation.mailgun.com/docs/mailgun/api-reference/mg-errors
"""

from channels.refusals import Problem, Problems

DOMAIN = Problem("Mailgun does not know the sending domain in this region; an administrator has to act.")
THROTTLED = Problem("Mailgun takes no more mail at the moment; it will be tried again.", retryable=True)
UNCLEAR = Problem("Mailgun had trouble; it is not known whether it took the mail.", unknown=True)

PROBLEMS = Problems(
    {
        Problem("Mailgun did not accept the mail as it is."): (400,),
        Problem("Mailgun did not accept the API key; an administrator has to act."): (401, 403),
        Problem("The Mailgun account has used up what it paid for; an administrator has to act."): (402,),
        DOMAIN: (404,),
        Problem("The mail with its files is too large for Mailgun."): (413,),
        THROTTLED: (429,),
        UNCLEAR: (500, 502, 503, 504),
    },
    unnamed=Problem("Mailgun refused the mail."),
)
