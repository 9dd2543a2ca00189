"""Making a cluster: ``initdb`` into a folder beside, then a rename, so that a half-made one is never started."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

from gateway.embedded.account import Account
from gateway.embedded.errors import ServerFailed
from gateway.embedded.folders import PRIVATE, Folders

SUPERUSER = "postgres"
SECRET_FILE = 0o600
# The builtin provider knows case and classes of all of Unicode and needs nothing of the system; with the plain
# C locale ILIKE, lower() and trigrams are wrong beyond ASCII.
INITDB = (
    f"--username={SUPERUSER}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)
ENVIRONMENT = {
    "LC_ALL": "C",
    "PATH": "/usr/bin:/bin",
    "TZ": "UTC",
}  # none of ours: PGPORT and the like would leak in


def ensure(folders: Folders, programs: Path, *, durable: bool) -> None:
    """Make the cluster unless it exists.

    Raises:
        ServerFailed: when initdb fails; says why.
    """
    if folders.cluster.is_dir():
        return
    unfinished = folders.home / "postgres.unfinished"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=PRIVATE)
    folders.account.own(unfinished)
    _write_password(folders)
    flags = (*INITDB, f"--pwfile={folders.password}", *(() if durable else ("--no-sync",)))
    _run([str(programs / "initdb"), "-D", str(unfinished), *flags], folders)
    unfinished.rename(folders.cluster)


def as_account(account: Account) -> dict[str, Any]:  # Any: keyword arguments of several types for subprocess
    """Return what makes ``subprocess`` start a program as the account."""
    if account.is_current:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _write_password(folders: Folders) -> None:
    """Write a new random password into a file that the server's user can open, since initdb reads it from there."""
    folders.password.unlink(missing_ok=True)
    descriptor = os.open(folders.password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(32))
    folders.account.own(folders.password)


def _run(command: list[str], folders: Folders) -> None:
    done = subprocess.run(
        command,
        cwd=folders.home,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        **as_account(folders.account),
    )
    if done.returncode != 0:
        raise ServerFailed(f"initdb failed: {done.stdout.strip()[-2000:]}")
