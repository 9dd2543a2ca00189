"""How what was expected of a recording is compared with what came."""

from collections.abc import Callable, Mapping
from typing import Any


def differences(wanted: Any, got: Any, where: str = "") -> list[str]:
    """Compare what is expected with what came, by the fixtures' matchers; empty when it fits."""
    if isinstance(wanted, dict) and (unmet := _matched(wanted, got)) is not None:
        return [f"{where}: {unmet} of {wanted!r} not met by {got!r}"] if unmet else []
    if isinstance(wanted, dict) and isinstance(got, Mapping):
        return [found for key, value in wanted.items() for found in differences(value, got.get(key), f"{where}.{key}")]
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        pairs = enumerate(zip(wanted, got, strict=True))
        return [found for n, (one, other) in pairs for found in differences(one, other, f"{where}[{n}]")]
    return [] if wanted == got else [f"{where}: wanted {wanted!r}, got {got!r}"]


def _matched(matcher: dict[str, Any], got: Any) -> str | None:
    """Return the rule that is not met, "" when all are, None when this is no matcher."""
    rules: dict[str, Callable[[Any], bool]] = {
        "contains": lambda parts: all(part in (got or "") for part in parts),
        "not_contains": lambda parts: not any(part in (got or "") for part in parts),
        "no_control": lambda _: not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in got),
        "safe": lambda _: _is_safe(got),
        "max_len": lambda most: len(got) <= most,
        "first": lambda first: got[0] == first,
        "last": lambda last: got[-1] == last,
    }
    if not matcher or not set(matcher) <= set(rules):
        return None
    return next((name for name, value in matcher.items() if not rules[name](value)), "")


def _is_safe(name: str) -> bool:
    hidden = set("/\\\u200e\u200f") | {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
    return (
        0 < len(name) <= 150
        and name not in (".", "..")
        and not hidden & set(name)
        and all(ord(char) >= 32 for char in name)
        and name.upper() != "CON"
    )
