"""Mailjet's error codes, for an agent: https://dev.mailjet.com/email/guides/send-api-v31/#send-api-errors ."""

from channels.refusals import Problem, Problems

LOGIN = Problem("Mailjet rejected the connection's API keys or suspended the account; an administrator has to act.")
SENDER = Problem("Our address is not validated at Mailjet as a sender; an administrator has to act.")
RECIPIENT = Problem("The recipient's address is not one that can get mail.")
CONTENT = Problem("Mailjet did not accept the mail as it is: a field, a header or a file can't be used.")
TOO_LARGE = Problem("The mail is too large: Mailjet takes 15 MB, of which files take up a third more than they are.")
THROTTLED = Problem("Mailjet takes no more requests at the moment; it will be tried again.", retryable=True)
TROUBLE = Problem("Mailjet had trouble; it is not known whether it took the mail.", unknown=True)
UNREADABLE = Problem("It is not known whether Mailjet took the mail.", unknown=True)
UNNAMED = Problem("Mailjet refused the mail.")

PROBLEMS = Problems(
    {
        LOGIN: (401, 403, "mj-0001", "mj-0015"),
        SENDER: ("send-0006", "send-0007", "send-0008"),
        RECIPIENT: ("mj-0013",),
        CONTENT: (
            400, "send-0003", "send-0004", "send-0010", "send-0011", "send-0012", "send-0013", "send-0015",
            "send-0016", "mj-0002", "mj-0003", "mj-0004", "mj-0005", "mj-0006", "mj-0007", "mj-0008", "mj-0012",
        ),
        TOO_LARGE: (413, "mj-0011"),
        THROTTLED: (429,),
    },
    UNNAMED,
)  # fmt: skip


def problem_of(status: int, code: str | None) -> Problem:
    """Return what an error means, by its code or else by the status that goes with it."""
    if status >= 500:
        return TROUBLE
    named = PROBLEMS.of(code)
    return PROBLEMS.of(str(status)) if named is UNNAMED else named
