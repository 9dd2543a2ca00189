"""Where the embedded Postgres keeps its files.

A data folder holds the lock, the cluster, its log and its socket. When root's folder is closed to the user that the
server runs as, the cluster lives under /var/lib/postgate/clusters instead, and a file in the data folder points there.
"""

import hashlib
import re
import secrets
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.embedded.account import Account, account_for
from gateway.embedded.errors import DataFolderUnusable

OPEN_TO_ENTER = 0o755
PRIVATE = 0o700
CLUSTER = "postgres"
POINTER = "cluster.path"
CLUSTERS = Path("/var/lib/postgate/clusters")
FALLBACK = Path("/tmp")  # noqa: S108 - what is made there is checked in _private
SOCKET_NAME = ".s.PGSQL.65535"
LONGEST_SOCKET_PATH = 103  # sun_path holds 108 bytes on Linux and 104 on macOS, one of them the closing zero
PLAIN = re.compile(r"[A-Za-z0-9_./-]+")  # needs no quoting in Postgres' configuration or in a URL


@dataclass(frozen=True, slots=True)
class Folders:
    """The places of one cluster, and the user that they belong to.

    Attributes:
        home: what the server's user can enter; holds everything below.
        account: the user that the server runs as.
    """

    home: Path
    account: Account

    @property
    def cluster(self) -> Path:
        """Postgres' own data directory."""
        return self.home / CLUSTER

    @property
    def password(self) -> Path:
        """The superuser's password, for this user's eyes only."""
        return self.home / "superuser.password"

    @property
    def port(self) -> Path:
        """The port of the last run, to be taken again when it is free."""
        return self.home / "postgres.port"

    @property
    def log(self) -> Path:
        """What the server printed."""
        return self.home / "postgres.log"


def default_data_dir(environ: Mapping[str, str], home: Path, *, is_root: bool) -> Path:
    """Choose the data folder when nobody named one: /var/lib for root, else where XDG wants it."""
    if named := environ.get("POSTGATE_DATA_DIR"):
        return Path(named)
    if is_root:
        return Path("/var/lib/postgate")
    return Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "postgate"


def make_data_dir(data_dir: Path) -> Path:
    """Make the data folder when it is missing; returns its real path.

    Raises:
        DataFolderUnusable: when that can't be done.
    """
    try:
        if not data_dir.is_dir():
            data_dir.mkdir(parents=True)
            data_dir.chmod(OPEN_TO_ENTER if Account.current().uid == 0 else PRIVATE)
        return data_dir.resolve()
    except OSError as error:
        raise DataFolderUnusable(f"can't make the data folder {data_dir}: {error.strerror}") from error


def settle(data_dir: Path, clusters: Path = CLUSTERS) -> Folders:
    """Find the cluster's home, the data folder or one that its user can enter, and that user.

    Raises:
        DataFolderUnusable: when there is no such place.
    """
    try:
        account = _owner_of(data_dir)
        home = data_dir if account.may_enter(data_dir) else _moved_home(data_dir, account, clusters)
        return Folders(home, _owner_of(home))
    except OSError as error:
        raise DataFolderUnusable(f"can't use the data folder {data_dir}: {error}") from error


def existing(data_dir: Path) -> Folders | None:
    """Find the cluster's home without making anything; None when there is no cluster.

    Raises:
        DataFolderUnusable: when this user may not look.
    """
    pointer = data_dir / POINTER
    try:
        home = Path(pointer.read_text("utf-8").strip()) if pointer.is_file() else data_dir.resolve()
        return Folders(home, _owner_of(home)) if (home / CLUSTER).is_dir() else None
    except OSError as error:
        raise DataFolderUnusable(f"can't use the data folder {data_dir}: {error.strerror}") from error


def socket_dir(folders: Folders, fallback: Path = FALLBACK) -> Path:
    """Make the socket's folder: in the home, or under /tmp where the home's path is too long or needs quoting.

    Raises:
        DataFolderUnusable: when somebody else has taken the name.
    """
    return _private(_socket_dir(folders, fallback), folders.account)


def discard_socket_dir(folders: Folders) -> None:
    """Remove the socket's folder once the server has stopped; it is made again when needed."""
    shutil.rmtree(_socket_dir(folders, FALLBACK), ignore_errors=True)


def fits(folder: Path) -> bool:
    """Tell whether a socket in ``folder`` has a path that is short enough and free of odd characters."""
    path = str(folder / SOCKET_NAME)
    return PLAIN.fullmatch(path) is not None and len(path) <= LONGEST_SOCKET_PATH


def _owner_of(home: Path) -> Account:
    """Return the user of the cluster in ``home``, or whose a new one should be."""
    cluster = home / CLUSTER
    return account_for(cluster if cluster.is_dir() else home)


def _socket_dir(folders: Folders, fallback: Path) -> Path:
    folder = folders.home / "socket"
    if fits(folder):
        return folder
    digest = hashlib.sha256(str(folders.home).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return fallback / f"postgate-{digest}"


def _moved_home(data_dir: Path, account: Account, clusters: Path) -> Path:
    """Follow the pointer, or make a folder elsewhere and leave a pointer to it."""
    pointer = data_dir / POINTER
    if pointer.is_file():
        home = Path(pointer.read_text("utf-8").strip())
    else:
        home = clusters / secrets.token_hex(8)
        pointer.write_text(f"{home}\n", "utf-8")
    for folder in (clusters.parent, clusters, home):
        _make_open(folder)
    if not account.may_enter(home):
        raise DataFolderUnusable(
            f"Postgres refuses to run as root, and user {account.uid} can enter neither {data_dir} nor {home};"
            " name a data folder whose parents are open to others (chmod o+x)"
        )
    return home


def _make_open(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(OPEN_TO_ENTER)


def _private(folder: Path, account: Account) -> Path:
    """Make a folder for the account alone; in /tmp another user may have been there first, perhaps with a link."""
    try:
        folder.mkdir(mode=PRIVATE)
        account.own(folder)
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != account.uid:
            raise DataFolderUnusable(f"{folder} belongs to somebody else; remove it") from None
        folder.chmod(PRIVATE)
    return folder
