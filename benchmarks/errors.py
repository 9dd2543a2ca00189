"""What can go wrong."""


class NotMeasured(Exception):
    """A figure could not be had; the text says which and why."""
