"""Where files go, and who may enter."""

from pathlib import Path

import pytest

from gateway.embedded import DataFolderUnusable, default_data_dir
from gateway.embedded.account import Account
from gateway.embedded.folders import Folders, fits, make_data_dir, socket_dir

HOME = Path("/home/ana")


@pytest.mark.parametrize(
    ("environ", "is_root", "expected"),
    [
        pytest.param({}, False, "/home/ana/.local/share/postgate", id="a user's own"),
        pytest.param({"XDG_DATA_HOME": "/data"}, False, "/data/postgate", id="where XDG wants it"),
        pytest.param({"XDG_DATA_HOME": ""}, False, "/home/ana/.local/share/postgate", id="an empty wish"),
        pytest.param({"XDG_DATA_HOME": "/data"}, True, "/var/lib/postgate", id="root's"),
        pytest.param({"POSTGATE_DATA_DIR": "/srv/pg"}, True, "/srv/pg", id="the one that is named"),
    ],
)
def test_the_default_data_folder(environ: dict[str, str], is_root: bool, expected: str) -> None:
    assert default_data_dir(environ, HOME, is_root=is_root) == Path(expected)


@pytest.mark.parametrize(
    ("mode", "account", "may"),
    [
        pytest.param(0o755, Account(65534, 65534), True, id="open"),
        pytest.param(0o750, Account(65534, 65534), False, id="closed to others"),
        pytest.param(0o700, Account(0, 0), True, id="root goes anywhere"),
        pytest.param(0o711, Account(65534, 65534), True, id="passing through is enough"),
    ],
)
def test_who_may_enter_a_folder(open_folder: Path, mode: int, account: Account, may: bool) -> None:
    open_folder.chmod(mode)
    (open_folder / "inner").mkdir(mode=0o777)
    assert account.may_enter(open_folder / "inner") is may
    open_folder.chmod(0o755)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/var/lib/postgate/socket", True),
        ("/var/lib/post gate", False),
        ("/var/lib/grüße", False),
        ("/" + "a" * 87, True),
        ("/" + "a" * 88, False),
    ],
)
def test_which_paths_fit_a_socket(folder: str, expected: bool) -> None:
    assert fits(Path(folder)) is expected


def test_a_link_in_place_of_the_socket_folder_is_refused(open_folder: Path) -> None:
    home = open_folder / "with space"
    folders = Folders(home, Account.current())
    (expected := socket_dir(folders, open_folder)).rmdir()
    (open_folder / "elsewhere").mkdir()
    expected.symlink_to(open_folder / "elsewhere")
    with pytest.raises(DataFolderUnusable, match="belongs to somebody else"):
        socket_dir(folders, open_folder)


def test_a_file_in_place_of_the_data_folder_is_named(open_folder: Path) -> None:
    (open_folder / "file").write_text("")
    with pytest.raises(DataFolderUnusable, match="can't make the data folder"):
        make_data_dir(open_folder / "file" / "data")
