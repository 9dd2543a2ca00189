"""The headers that prove a delivery: Standard Webhooks, and what else its endpoint asked for."""

from collections.abc import Collection
from datetime import datetime

from channels.standard_webhooks import keys_of
from channels.webhook_schemes import github_signature, stripe_signature
from gateway.model.endpoint_secrets import EndpointSecrets


class Signer:
    """Signs with secrets that were read once.

    Args:
        secrets: those that are live, the newest first. There is at least one.
        schemes: beside ``v1``: ``v1a``, ``github``, ``stripe``.

    Raises:
        SignatureInvalid: when a secret can't be read.
    """

    def __init__(self, secrets: EndpointSecrets, schemes: Collection[str] = ()) -> None:
        self._texts = [one.value.encode() for one in secrets.secrets]
        private = [one.value.encode() for one in secrets.keys] if "v1a" in schemes else []
        self._keys = keys_of([*self._texts, *private])
        self._github = "github" in schemes
        self._stripe = "stripe" in schemes

    def headers(self, message_id: str, moment: datetime, body: bytes) -> dict[str, str]:
        """Return the headers of one try.

        Args:
            message_id: the same at every try.
            moment: of this one.
            body: as it is sent.
        """
        stamp = str(int(moment.timestamp()))
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": self._keys.signatures(message_id, stamp, body),
        }
        if self._github:  # it has room for one: the secret that stays
            headers["x-hub-signature-256"] = github_signature(self._texts[0], body)
        if self._stripe:
            headers["stripe-signature"] = stripe_signature(self._texts, stamp, body)
        return headers
