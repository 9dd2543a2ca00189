"""The Postgres that ``postgate up``, the tests and the benchmarks bring along.

It is a real server: a child process with a folder of its own, listening on the loopback interface only.
"""

from gateway.embedded.errors import (
    AlreadyRunning,
    BinariesMissing,
    DataFolderUnusable,
    EmbeddedPostgresError,
    ServerFailed,
)
from gateway.embedded.folders import default_data_dir
from gateway.embedded.postgres import EmbeddedPostgres, running
from gateway.embedded.server import Superuser

__all__ = [
    "AlreadyRunning",
    "BinariesMissing",
    "DataFolderUnusable",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "ServerFailed",
    "Superuser",
    "default_data_dir",
    "running",
]
