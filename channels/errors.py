"""What an adapter may raise. Anything else that escapes from one is a bug."""


class ChannelError(Exception):
    """The root of all errors of an adapter.

    ``code`` is a stable word for machines, ``detail`` a sentence for people. Neither ever holds
    a secret, nor the signature that would have been right.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class SignatureInvalid(ChannelError):
    """The request can't be proven to come from the provider, just now."""


class PayloadMalformed(ChannelError):
    """The request is genuine, but its body can't be read as what the provider documents."""


class CannotSend(ChannelError):
    """The provider has no way to send this message, or the credentials for sending are missing."""
