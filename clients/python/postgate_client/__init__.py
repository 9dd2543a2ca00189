"""A client for Postgate, a real-time messaging webhook gateway."""

from postgate_client.client import Postgate
from postgate_client.errors import ApiError, NotReached, PostgateError, Resync, SignatureInvalid
from postgate_client.following import Cursor
from postgate_client.webhooks import verify

__all__ = ["ApiError", "Cursor", "NotReached", "Postgate", "PostgateError", "Resync", "SignatureInvalid", "verify"]
