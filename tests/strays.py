"""Keeping strays out of a test's server: who called the test that had the same port before may still be calling."""

import secrets


def own_path() -> str:
    """Return a path that only this server has, such as ``/3f9a0c``: a stray that calls its port gets 404."""
    return f"/{secrets.token_hex(6)}"
