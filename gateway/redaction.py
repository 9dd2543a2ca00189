"""What must not be in a log, taken out whoever put it there: secrets, what people write, and their addresses.

Nothing here replaces care where a line is written. It is for the day on which somebody logs too much by mistake.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import TracebackType
from typing import Any

from gateway.pii.detecting import Detectors, Rule
from gateway.pii.masking import mask

HIDDEN = "[hidden]"
#: A name with one of these in it names a secret.
SECRET = re.compile(
    r"passw|secret|token(?!s$)|authori[sz]ation|cookie|credential|signature|private_?key|api_?key|master_?key|bearer"
    r"|otp|code_?verifier|traceparent",
    re.IGNORECASE,
)
#: A name that is one of these names what somebody wrote, or who they are.
WRITTEN = frozenset(
    {
        "text", "body", "html", "subject", "preview", "content", "payload", "note", "data", "query", "headers", "email",
        "phone", "number", "sender", "recipient", "recipients", "from", "to", "customer_name", "sender_name",
        "filename",
    }
)  # fmt: skip
#: How credentials look, wherever they stand.
CREDENTIALS = (
    (re.compile(r"\b(bearer|basic|digest)\s+[\w+/=.~-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\b(whsec|pgk|sk|pk|key|xox[abp]|ghp)_[\w+/=.-]{12,}", re.IGNORECASE), HIDDEN),
    (re.compile(r"\bEAA[A-Za-z0-9]{12,}"), HIDDEN),  # access tokens of Meta
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), HIDDEN),
    (re.compile(r"(?<!\w)(\w++://)[^\s/@]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(\b\w+://[^\s?#]+)[?#]\S*"), rf"\1?{HIDDEN}"),
    (re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+"), HIDDEN),
    (re.compile(r"(?<![\w.:-])\+\d{7,15}\b"), HIDDEN),
)
#: One of these is in whatever has credentials, an address or a number in it; most texts have none.
SUSPICIOUS = re.compile(r"[@+]|://|eyJ|EAA|\b(?:bearer|basic|digest)\b|[abckpy]_[\w+/=.-]{12}", re.IGNORECASE)
#: Numbers of cards and accounts have as many digits in a row.
NUMBER = re.compile(r"\d{4}[ -]?\d{4}[ -]?\d{3}")
NUMBERS = Detectors([Rule("payment_card"), Rule("iban")])
#: What an error quotes is what somebody sent: ``invalid literal for int() with base 10: '…'``.
QUOTED = re.compile(r"""(?<!\w)b?(['"]).*\1(?!\w)""")
MOST_TEXT = 500
#: Where an exception came from is long, and its name comes last.
TRACE, MOST_TRACE = "exception", 20_000
MOST_DEPTH = 4
MOST_ITEMS = 50
FRAMES = 30


def redact(_logger: object, _method: str, event: Any) -> Any:
    """Take out of a line what must not be in it (a processor of structlog)."""
    return {key: _clean(str(key), value, 0) for key, value in event.items()}


def scrub(text: str, most: int = MOST_TEXT) -> str:
    """Take credentials, addresses, numbers of people, cards and accounts out, and what exceeds so many characters."""
    text = text if len(text) <= most else text[:most] + "…"
    if NUMBER.search(text) is not None:
        text = mask(text, NUMBERS)
    if SUSPICIOUS.search(text) is None:
        return text
    for pattern, instead in CREDENTIALS:
        text = pattern.sub(instead, text)
    return text


def told_error(error: BaseException) -> str:
    """Return an exception with where it came from, without values: databases and validators repeat what they got."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(lines) < FRAMES * 2:
        lines += [*_frames(seen.__traceback__), _named(seen)]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
        if seen is not None:
            lines.append("because of")
    return "\n".join(lines)


def _frames(traceback: TracebackType | None) -> list[str]:
    found = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        found.append(f"{code.co_filename}:{traceback.tb_lineno} {code.co_qualname}")
        traceback = traceback.tb_next
    return found[-FRAMES:]


def _named(error: BaseException) -> str:
    """Return the name of an exception, and its first line where no caller's values are in it; what it quotes is one."""
    name = type(error).__name__
    state = getattr(error, "sqlstate", None)
    if state is not None:
        rule = getattr(error, "constraint_name", None)
        return f"{name} {state}" + (f" ({rule})" if rule else "")
    if type(error).__module__.startswith("pydantic"):
        return name
    first = str(error).partition("\n")[0]
    return f"{name}: {scrub(QUOTED.sub(HIDDEN, first))}" if first else name


def _clean(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= MOST_DEPTH or _tells(name) or isinstance(value, bytes | bytearray):
        return HIDDEN
    if isinstance(value, str):
        return scrub(value, MOST_TRACE if name == TRACE else MOST_TEXT)
    if isinstance(value, Mapping):
        return {str(key): _clean(str(key), inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(name, inner, depth + 1) for inner in list(value)[:MOST_ITEMS]]
    return scrub(str(value))


@lru_cache(1024)
def _tells(name: str) -> bool:
    """Tell whether what has this name is a secret, or somebody's words."""
    return name in WRITTEN or SECRET.search(name) is not None
