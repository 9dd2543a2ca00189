"""Amazon SES's errors, by name.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
"""

from channels.refusals import Problem, Problems

CONTENT = Problem("Amazon SES did not accept the mail as it is: it is too large, holds a virus, or can't be read.")
LOGIN = Problem("Amazon SES did not accept the access key, or it may not send; an administrator has to act.")
SENDER = Problem("Amazon SES does not know the sending domain or address; an administrator has to verify it there.")
PAUSED = Problem("Sending is paused or suspended at Amazon SES; an administrator has to act.")
QUOTA = Problem("The Amazon SES account has reached a limit; an administrator has to act.")
CLOCK = Problem("Amazon SES did not accept the time of the request; the gateway's clock may be wrong.")
THROTTLED = Problem("Amazon SES takes no more mail at the moment; it will be tried again.", retryable=True)
UNCLEAR = Problem("Amazon SES had trouble; it is not known whether it took the mail.", unknown=True)

PROBLEMS = Problems(
    {
        CONTENT: ("BadRequestException", "MessageRejected", "ValidationException", "SerializationException"),
        LOGIN: (
            "AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException",
            "SignatureDoesNotMatch", "MissingAuthenticationTokenException", "IncompleteSignatureException",
            "OptInRequired",
        ),
        SENDER: ("MailFromDomainNotVerifiedException", "NotFoundException"),
        PAUSED: ("AccountSuspendedException", "SendingPausedException"),
        QUOTA: ("LimitExceededException",),
        CLOCK: ("RequestExpired", "ExpiredTokenException"),
        THROTTLED: ("TooManyRequestsException", "ThrottlingException", "Throttling"),
    },
    unnamed=Problem("Amazon SES refused the mail."),
)  # fmt: skip
