"""Files that were uploaded to a provider, or that a customer sent: kept in memory, the newest ones."""

from collections import OrderedDict
from dataclasses import dataclass

MOST_FILES = 200
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file and what it is."""

    content: bytes
    mime_type: str
    name: str


class Files:
    """The files of a provider, by its ids; when there are too many, or too much of them, the oldest go."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, StoredFile] = OrderedDict()
        self._bytes = 0

    def add(self, file_id: str, file: StoredFile) -> None:
        """Keep a file."""
        self._files[file_id] = file
        self._bytes += len(file.content)
        while len(self._files) > MOST_FILES or self._bytes > MOST_BYTES:
            _, gone = self._files.popitem(last=False)
            self._bytes -= len(gone.content)

    def get(self, file_id: str) -> StoredFile | None:
        """Return a file; None when there is none of that id, or no longer."""
        return self._files.get(file_id)
