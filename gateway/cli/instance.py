"""The gateway that ``postgate up`` runs on this machine, as the commands of its operator find it."""

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import orjson
import structlog
import typer

from gateway import parts
from gateway.cli.configured import configured
from gateway.embedded import DataFolderUnusable, Superuser, default_data_dir, running
from gateway.keys import Keyring, KeyUnusable
from gateway.logs import processors, renderer
from gateway.settings import Settings

DATABASE = "postgate"
ROLES = ("postgate_app", "postgate_hook", "postgate_relay")
MASTER_KEY = "master.key"
PASSWORDS = "roles.json"
#: Whoever says one of these means a database of their own.
NAMED = ("POSTGATE_DATABASE_URL", "POSTGATE_ADMIN_DATABASE_URL")

DataDir = Annotated[
    Path | None,
    typer.Option(help="Of the running `postgate up` that is meant; without it the settings say, else the default one."),
]


def operated(data_dir: Path | None) -> Settings:
    """Read the settings of the installation that an operator means.

    That is the one in the named data folder; else the one that the environment describes; else the one that
    ``postgate up`` runs in the default folder, which is told.

    Args:
        data_dir: where ``postgate up`` keeps its data.

    Raises:
        typer.Exit: with 2, when there is no such installation; why is told.
    """
    _say_only_what_is_wrong()
    if data_dir is None and any(os.environ.get(name) for name in NAMED):
        return configured()
    folder = data_dir or default_data_dir(os.environ, Path.home(), is_root=os.getuid() == 0)
    try:
        found = _stored(folder)
    except (DataFolderUnusable, OSError, orjson.JSONDecodeError) as error:
        typer.echo(f"can't use what `postgate up` keeps in {folder}: {error}", err=True)
        raise typer.Exit(2) from None
    if found is None and data_dir is not None:
        typer.echo(f"no `postgate up` runs on {folder}: start it, or name another --data-dir", err=True)
        raise typer.Exit(2)
    if found is None:
        typer.echo(f"no `postgate up` runs on {folder} (--data-dir names another), and the settings say:", err=True)
        return configured()
    if data_dir is None:
        typer.echo(f"on the gateway in {folder}", err=True)
    return configured(found)


def keyring_of(settings: Settings) -> Keyring:
    """Return the keys that the settings name.

    Raises:
        typer.Exit: with 2, when one of them is none; why is told.
    """
    try:
        return parts.keyring_of(settings)
    except KeyUnusable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def connected(superuser: Superuser, passwords: Mapping[str, str], master_key: str, folder: Path) -> dict[str, Any]:
    """Return the settings of whatever works on the database of a data folder.

    Args:
        superuser: of its server.
        passwords: of the roles that log in.
        master_key: of the installation.
        folder: where files are kept, unless the environment says where.
    """
    return {
        "database_url": superuser.url(DATABASE, "postgate_app", passwords["postgate_app"]),
        "hook_database_url": superuser.url(DATABASE, "postgate_hook", passwords["postgate_hook"]),
        "relay_database_url": superuser.url(DATABASE, "postgate_relay", passwords["postgate_relay"]),
        "master_key": master_key,
        "files_dir": os.environ.get("POSTGATE_FILES_DIR", folder / "files"),
    }


def _say_only_what_is_wrong() -> None:
    """Keep the log of what a command uses out of what it answers, but for warnings, which go to standard error."""
    if not structlog.is_configured():
        structlog.configure(
            processors=[*processors(), renderer()],
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        )


def _stored(folder: Path) -> dict[str, Any] | None:
    """Return the settings of the installation in a folder; None when its database does not run."""
    superuser = running(folder)
    if superuser is None:
        return None
    passwords = orjson.loads((folder / PASSWORDS).read_bytes())
    key = (folder / MASTER_KEY).read_text("utf-8")
    return {**connected(superuser, passwords, key, folder), "admin_database_url": superuser.url(DATABASE)}
