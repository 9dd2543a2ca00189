"""Data folders that the server's user can enter, and what to run in them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from gateway.embedded import EmbeddedPostgres

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="LOUD: only root can become another user")


class Make(Protocol):
    """Describe a server on a folder; ``fast`` ones forget the last commits when they are killed."""

    def __call__(self, data_dir: Path, *, fast: bool = True) -> EmbeddedPostgres: ...


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter; pytest's own is closed to the user that root's Postgres runs as."""
    folder = Path(tempfile.mkdtemp(prefix="postgate-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def make_postgres(open_folder: Path) -> Iterator[Make]:
    """Make servers that are stopped at the end, whatever the test did to them."""
    made: list[EmbeddedPostgres] = []

    def make(data_dir: Path, *, fast: bool = True) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(data_dir, fast=fast, clusters=open_folder / "moved" / "clusters"))
        return made[-1]

    yield make
    for postgres in made:
        postgres.stop_blocking()
