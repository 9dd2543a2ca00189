"""Postmark's error codes, for an agent: https://postmarkapp.com/developer/api/overview#error-codes ."""

from channels.refusals import Problem, Problems

LOGIN = Problem("Postmark rejected the connection's server token; an administrator has to act.")
SENDER = Problem("Our address is not confirmed at Postmark as a sender; an administrator has to act.")
INACTIVE = Problem("The recipient is suppressed at Postmark: an earlier mail bounced, or was reported as spam.")
CONTENT = Problem("Postmark did not accept the mail as it is: an address, a header or a file can't be used.")
QUOTA = Problem("The Postmark account has used up its mails; an administrator has to act.")
ACCOUNT = Problem("Postmark does not let this account send to others yet, or any more; an administrator has to act.")
TOO_LARGE = Problem("The mail is too large: Postmark takes 10 MB, of which files take up a third more than they are.")
THROTTLED = Problem("Postmark takes no more requests at the moment; it will be tried again.", retryable=True)
TROUBLE = Problem("Postmark had trouble; it is not known whether it took the mail.", unknown=True)
UNREADABLE = Problem("It is not known whether Postmark took the mail.", unknown=True)
UNNAMED = Problem("Postmark refused the mail.")

PROBLEMS = Problems(
    {
        LOGIN: (10,),
        SENDER: (400, 401),
        INACTIVE: (406,),
        CONTENT: (300, 402, 403, 409, 410, 411),
        QUOTA: (405,),
        ACCOUNT: (412, 413),
    },
    UNNAMED,
)
BY_STATUS = Problems({LOGIN: (401, 403), CONTENT: (400, 422), TOO_LARGE: (413,), THROTTLED: (429,)}, UNNAMED)


def problem_of(status: int, code: str | None) -> Problem:
    """Return what an error means: by its code if that says something, else by the status of the answer."""
    if status >= 500:
        return TROUBLE
    named = PROBLEMS.of(code)
    return BY_STATUS.of(str(status)) if named is UNNAMED else named
