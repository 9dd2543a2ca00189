"""Which user Postgres runs as: it refuses to be root.

https://www.postgresql.org/docs/current/postgres-user.html
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gateway.embedded.errors import DataFolderUnusable

ROOT = 0
STAND_INS = ("postgres", "nobody")  # whom root becomes for a folder of its own, in order of preference


@dataclass(frozen=True, slots=True)
class Account:
    """A user and its group, by number."""

    uid: int
    gid: int

    @classmethod
    def current(cls) -> Self:
        """Return the user that this process runs as."""
        return cls(os.geteuid(), os.getegid())

    @property
    def is_current(self) -> bool:
        """Whether this process runs as this user already."""
        return self.uid == os.geteuid()

    def may_enter(self, folder: Path) -> bool:
        """Tell whether the user can reach what lies in ``folder``: each folder on the way must let it through."""
        real = folder.resolve()
        return all(self._passes(step.stat()) for step in (real, *real.parents))

    def own(self, path: Path) -> None:
        """Give ``path`` to the user; without root's rights it is ours already."""
        if not self.is_current:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def _passes(self, status: os.stat_result) -> bool:
        if self.uid == ROOT:
            return True
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def account_for(folder: Path) -> Account:
    """Choose who runs the server: we, or for root the folder's owner, else ``postgres``, else ``nobody``.

    Raises:
        DataFolderUnusable: when root finds nobody to become.
    """
    current = Account.current()
    if current.uid != ROOT:
        return current
    owner = folder.stat()
    if owner.st_uid != ROOT and _is_known(owner.st_uid):
        return Account(owner.st_uid, owner.st_gid)
    return _stand_in()


def _is_known(uid: int) -> bool:
    """Tell whether the number has a name; Postgres refuses to run without one."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _stand_in() -> Account:
    for name in STAND_INS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise DataFolderUnusable(
        "Postgres refuses to run as root, and this machine has neither a user postgres nor nobody;"
        " start as another user, or give the data folder to one"
    )
