"""The ready file of a gateway that runs on this machine."""

import os
from pathlib import Path
from typing import Any

import orjson
import typer
from rich.console import Console

from gateway.embedded import default_data_dir

READY_FILE = "ready.json"

console = Console(stderr=True)


def read_ready(ready_file: Path | None, data_dir: Path | None) -> tuple[Path, dict[str, Any]]:
    """Return where the ready file is, and what it holds.

    Args:
        ready_file: itself; None for that of the data folder.
        data_dir: the data folder; None for the default one.

    Raises:
        typer.Exit: with 2, when it can't be read; why is told.
    """
    folder = data_dir or default_data_dir(os.environ, Path.home(), is_root=os.getuid() == 0)
    path = ready_file or folder / READY_FILE
    try:
        facts: dict[str, Any] = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        console.print(
            f"can't read {path} ({type(error).__name__}): start `postgate up`, or name its --ready-file",
            style="red", highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
        raise typer.Exit(2) from None
    return path, facts
