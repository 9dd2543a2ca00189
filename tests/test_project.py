"""What surrounds the code: locks, scripts, and what the repository must not hold."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
TEXT = {".py", ".md", ".toml", ".txt", ".in", ".yaml", ".sh", ".ts", ".tsx", ".css", ".html", ".json", ".sql", ""}
REGISTRIES = re.compile(  # written so that this line does not match itself
    r"py[p]i\.org|python[h]osted|registry\.n[p]mjs|crates\.[i]o|deb\.debia[n]\.org|proxy\.golan[g]"
)
HOMES = re.compile(r"/(?:home|Users)/(?!ana\b)[a-z]+/|/root/|/wor[k]/")
UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b")
MERGE = re.compile(r"^(?:<<<<<<<|>>>>>>>) ", re.MULTILINE)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a checker of the environment at the repository's root."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)


def tracked() -> list[Path]:
    """Every text file that is part of the repository, but recorded provider traffic."""
    names = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout.split("\0")
    paths = [ROOT / name for name in names if name and "/fixtures/" not in name]
    return [path for path in paths if path.is_file() and path.suffix in TEXT]


def offences(pattern: re.Pattern[str], *exempt: str) -> list[str]:
    """Where the repository's text matches."""
    found = []
    for path in tracked():
        if path.relative_to(ROOT).as_posix() not in exempt:
            text = path.read_text("utf-8", "replace")
            found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_is_pinned_by_digest(lock: Path) -> None:
    text = re.sub(r"^\s*#.*\n", "", lock.read_text("utf-8"), flags=re.MULTILINE)
    packages = text.replace("\\\n", " ").splitlines()
    assert packages
    assert [line for line in packages if not re.match(r"[a-z0-9._-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_address(lock: Path) -> None:
    assert re.findall(r"https?://\S+", lock.read_text("utf-8")) == []


@pytest.mark.parametrize("lock", ["run", "serve", "dev"])
def test_a_lock_holds_what_the_project_asks_for(lock: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"]]
    if lock != "serve":
        wanted += project["project"]["optional-dependencies"]["embedded"]
    if lock == "dev":
        wanted += project["dependency-groups"]["dev"]
    locked = set(re.findall(r"^[a-z0-9._-]+", (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8"), re.MULTILINE))
    assert {re.match(r"[A-Za-z0-9._-]+", name)[0].lower() for name in wanted} - locked == set()  # type: ignore[index]  # each begins with a name


def test_the_run_and_dev_locks_agree() -> None:
    def pins(name: str) -> dict[str, str]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))

    dev = pins("dev")
    assert {name: pin for name, pin in (pins("run") | pins("serve")).items() if dev.get(name) != pin} == {}


def test_npm_keeps_addresses_out_of_its_lock() -> None:
    assert "omit-lockfile-registry-resolved=true" in (ROOT / "web" / ".npmrc").read_text("utf-8")
    packages = json.loads((ROOT / "web" / "package-lock.json").read_text("utf-8"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_the_wheel_holds_the_page_and_the_migrations(tmp_path: Path) -> None:
    if not (ROOT / "gateway" / "assets" / "index.html").is_file():
        pytest.skip("LOUD: the page is not built (make web)")
    built = run(ROOT / "scripts" / "wheel.sh", tmp_path)
    assert built.returncode == 0, built.stdout + built.stderr
    assert len(list(tmp_path.glob("postgate-*.whl"))) == 1


def test_yaml_is_tidy() -> None:
    checked = run(BIN / "yamllint", "--strict", ".")
    assert checked.returncode == 0, checked.stdout


def test_scripts_are_clean_and_executable() -> None:
    scripts = [*sorted((ROOT / "scripts").glob("*.sh")), ROOT / ".ci" / "run"]
    checked = run(BIN / "shellcheck", "--external-sources", *scripts)
    assert checked.returncode == 0, checked.stdout
    assert [s.name for s in scripts if s.read_text("utf-8").startswith("#!") and not s.stat().st_mode & 0o100] == []


def test_what_the_readme_links_to_exists() -> None:
    targets = re.findall(r"\]\(([^)#:]+)", (ROOT / "README.md").read_text("utf-8"))
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_no_package_registry_is_named() -> None:
    assert offences(REGISTRIES) == []


def test_no_path_of_somebodys_machine_is_named() -> None:
    assert offences(HOMES, "tests/test_project.py") == []


def test_nothing_is_left_for_later() -> None:
    assert offences(UNFINISHED) == []
    assert offences(MERGE) == []


def test_modules_stay_small() -> None:
    code = [path for path in tracked() if path.suffix in {".py", ".ts", ".tsx"}]
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in code}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_the_licence_is_the_one_that_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert project["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
