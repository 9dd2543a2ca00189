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
    """The request can't be proven to come from the provider, just now.

    ``try_again`` asks for an answer of 503: the provider would drop anything else for ever, and the fault may be ours
    (a key that was exchanged a moment ago).
    """

    def __init__(self, code: str, detail: str, *, try_again: bool = False) -> None:
        super().__init__(code, detail)
        self.try_again = try_again


class PayloadMalformed(ChannelError):
    """The request is genuine, but its body can't be read as what the provider documents."""


class CannotSend(ChannelError):
    """The provider has no way to send this message, or the credentials for sending are missing."""
