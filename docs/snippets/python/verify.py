"""Python 3.10 or newer: tell whether a delivery comes from Postgate."""

import base64
import hmac
import re
import time
from collections.abc import Iterable, Mapping

TOLERANCE = 300  # seconds that the time-stamp may be off


def verify(body: bytes, headers: Mapping[str, str], secrets: Iterable[str], now: float | None = None) -> bool:
    """Tell whether one of the signatures was made with one of the secrets, just now.

    Args:
        body: the raw bytes, as they came; never the JSON written anew.
        headers: by name in small letters.
        secrets: whsec_…; two while one is being replaced.
        now: the clock, in epoch seconds.
    """
    message_id = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    if not message_id or not re.fullmatch("[0-9]{1,12}", stamp):
        return False
    if abs((time.time() if now is None else now) - int(stamp)) > TOLERANCE:
        return False
    signed = f"{message_id}.{stamp}.".encode() + body
    given = headers.get("webhook-signature", "").split(" ")
    for secret in secrets:
        key = base64.b64decode(secret[6:] if secret.startswith("whsec_") else secret)
        if not key:
            continue  # anybody could sign with an empty one
        expected = b"v1," + base64.b64encode(hmac.new(key, signed, "sha256").digest())
        if any(hmac.compare_digest(expected, one.encode()) for one in given):
            return True
    return False


# For trying it: each line of the input is a delivery, its parts with tabs between them.
if __name__ == "__main__":
    import sys

    for line in sys.stdin.buffer:
        fields = line.decode().rstrip("\n").split("\t")
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        sent = {name: value for name, value in zip(names, fields[1:4], strict=True) if value}
        valid = verify(base64.b64decode(fields[5]), sent, fields[0].split(","), int(fields[4]))
        sys.stdout.write(f"{valid}\n")
