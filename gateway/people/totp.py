"""The second factor: codes by time (RFC 6238), and recovery codes for when the device is gone."""

import base64
import hashlib
import hmac
import io
from collections.abc import Callable, Sequence
from datetime import datetime

import pyotp
import segno

STEP_SECONDS = 30
SECRET_BYTES = 20
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
#: A code is taken up to one step before its time and after it: clocks differ, and people type slowly.
DRIFT_STEPS = 1


def new_secret(random: Callable[[int], bytes]) -> str:
    """Make a secret as apps take it, in base32."""
    return base64.b32encode(random(SECRET_BYTES)).decode()


def address_of(secret: str, email: str, issuer: str) -> str:
    """Return the ``otpauth:`` address that apps read."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def picture_of(address: str) -> str:
    """Draw an address as a QR code, in SVG, black on white with the margin that scanners need."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False, omitsize=True, svgclass=None
    )
    return drawn.getvalue().decode()


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the step of time that a code belongs to; None when it is wrong.

    Each step's code must be spent by whoever takes it: the same one does not count again.
    """
    current = int(now.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    found = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode("utf-8", "surrogateescape")):
            found = step
    return found


def new_recovery_codes(random: Callable[[int], bytes]) -> Sequence[str]:
    """Make recovery codes: 80 bits each, in four groups of letters and digits."""
    words = [base64.b32encode(random(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    return ["-".join(word[start : start + 4] for start in range(0, len(word), 4)) for word in words]


def recovery_hash(code: str) -> bytes:
    """Return what the database knows of a recovery code; it holds too much chance to be guessed from that."""
    letters = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(letters.encode("utf-8", "surrogateescape")).digest()


def is_code(text: str) -> bool:
    """Tell whether a text is meant as a code by time, not as a recovery code."""
    return len(text) == 6 and text.isascii() and text.isdigit()
