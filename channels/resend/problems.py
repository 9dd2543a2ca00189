"""Resend's error names, for an agent: https://resend.com/docs/api-reference/errors ."""

from channels.json_fields import Object, text_in
from channels.refusals import Problem, Problems

LOGIN = Problem("Resend rejected the connection's API key, or it may not send; an administrator has to act.")
SENDER = Problem("The domain of our address is not verified at Resend; an administrator has to act.")
CONTENT = Problem("Resend did not accept the mail as it is: an address, a file or a header can't be used.")
TOO_LARGE = Problem("The mail is too large: Resend takes 40 MB, of which files take up a third more than they are.")
QUOTA = Problem("The Resend account has used up its quota of mails; try again later or raise it.")
THROTTLED = Problem("Resend takes no more requests at the moment; it will be tried again.", retryable=True)
BUSY = Problem("Resend is still working on this very mail; it will be asked again.", retryable=True)
REPEATED = Problem("Another mail was sent under the same id before; this one was not sent.")
# The Idempotency-Key makes it safe to send the same request again.
TROUBLE = Problem("Resend had trouble; the mail will be tried again and is not sent twice.", retryable=True)
UNREACHABLE = Problem("The mail could not be fetched from Resend; it will be tried again.", retryable=True)
GONE = Problem("Resend does not have the mail's content any more.")
UNREADABLE = Problem("It is not known whether Resend took the mail.", unknown=True)
UNNAMED = Problem("Resend refused the mail.")

PROBLEMS = Problems(
    {
        LOGIN: (
            401, 403, "missing_api_key", "invalid_api_key", "restricted_api_key", "invalid_access", "suspended_api_key",
        ),
        SENDER: ("validation_error_403", "invalid_from_address"),
        CONTENT: (
            400, 422, "validation_error", "missing_required_field", "invalid_parameter", "invalid_attachment",
            "invalid_to_address", "invalid_region",
        ),
        TOO_LARGE: (413,),
        QUOTA: ("daily_quota_exceeded", "monthly_quota_exceeded"),
        THROTTLED: (429, "rate_limit_exceeded"),
        BUSY: ("concurrent_idempotent_requests",),
        REPEATED: ("invalid_idempotent_request", "invalid_idempotency_key"),
        GONE: (404, "not_found"),
    },
    UNNAMED,
)  # fmt: skip


def problem_in(status: int, answer: Object) -> tuple[str | None, Problem]:
    """Return the name of an error, if it has one, and what it means."""
    name = text_in(answer, "name")
    if name == "validation_error" and status == 403:
        return name, PROBLEMS.of("validation_error_403")
    named = PROBLEMS.of(name)
    return name, PROBLEMS.of(str(status)) if named is UNNAMED else named
