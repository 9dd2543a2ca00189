"""What can go wrong with a file."""


class StorageUnavailable(Exception):
    """The storage is full, unreachable or not set up: trying again later may work. The text is for people."""


class ContentMissing(Exception):
    """There are no bytes under a key of the storage."""


class LinkInvalid(Exception):
    """A link to a file that was not made here, was changed, or has ended; or whose file is no longer handed out."""


class FileTooLarge(Exception):
    """More bytes than a file may have."""


class FileEmpty(Exception):
    """No bytes at all."""
