"""Texts from outside, as Postgres takes them."""


def storable(value: str, limit: int) -> str:
    """Bound a header's value to ``limit`` characters, without the surrogates that stand for bytes that are no UTF-8."""
    return value[:limit].encode("utf-8", "replace").decode().replace("\0", "")
