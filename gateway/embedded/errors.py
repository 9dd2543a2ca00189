"""What can go wrong with the embedded Postgres, each with a sentence for the person who started it."""


class EmbeddedPostgresError(Exception):
    """The root of the errors below; its text says what to do."""


class BinariesMissing(EmbeddedPostgresError):
    """The package that brings Postgres' programs is not installed."""


class DataFolderUnusable(EmbeddedPostgresError):
    """The data folder can't be made, entered or written."""


class ServerFailed(EmbeddedPostgresError):
    """Postgres did not start or did not stop; the text ends with what it said last."""


class AlreadyRunning(EmbeddedPostgresError):
    """Another process keeps this data folder.

    Attributes:
        process: the other's process id, when it is known.
        address: where the other can be reached, when it has said so.
    """

    def __init__(self, sentence: str, process: int | None, address: str | None) -> None:
        super().__init__(sentence)
        self.process = process
        self.address = address
