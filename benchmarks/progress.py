"""Telling on standard error what is being done."""

import sys


def say(text: str) -> None:
    """Write one line."""
    print(text, file=sys.stderr, flush=True)
