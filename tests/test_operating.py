"""Which installation an operator's commands work on, and what they say when they can't tell."""

import os

import pytest
from typer.testing import CliRunner

from gateway.cli.main import app

KEY = "A" * 43 + "="
URL = "postgresql://app:secret-word@db/postgate"
COMMANDS = (["keys", "status"], ["tenants", "list"], ["users", "list"], ["retention", "--dry-run"], ["restored"])


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]) -> None:
    """Take away what this machine's operator has set."""
    for name in [name for name in os.environ if name.startswith("POSTGATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("POSTGATE_DATA_DIR", str(tmp_path))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_settings_a_running_gateway_is_looked_for(command: list[str], tmp_path: os.PathLike[str]) -> None:
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 2
    assert done.output.startswith(f"no `postgate up` runs on {tmp_path}")
    assert "POSTGATE_DATABASE_URL: Field required" in done.output
    named = CliRunner().invoke(app, [*command, "--data-dir", "/nowhere/at/all"])
    assert (named.exit_code, named.output) == (
        2,
        "no `postgate up` runs on /nowhere/at/all: start it, or name another --data-dir\n",
    )


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://a@b/c", "postgresql://a:secret-word@h:port/db", "postgresql://a:secret-word/x@h/db"]
)
def test_an_url_that_is_none_is_said_in_one_line_that_does_not_repeat_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "HOOK_DATABASE_URL", "RELAY_DATABASE_URL"):
        monkeypatch.setenv(f"POSTGATE_{name}", URL)
    monkeypatch.setenv("POSTGATE_MASTER_KEY", KEY)
    monkeypatch.setenv("POSTGATE_ADMIN_DATABASE_URL", url)
    done = CliRunner().invoke(app, ["tenants", "list"])
    first, last = done.output.splitlines()
    assert done.exit_code == 2
    assert first.startswith("POSTGATE_ADMIN_DATABASE_URL: ")
    assert last == "`postgate settings` lists them all"
    assert "secret-word" not in done.output


@pytest.mark.parametrize(
    "url",
    [URL, "postgres://db1:5432,db2:5433/x", "postgresql://a@[::1]:5432/x", "postgresql://a:b@/x?host=/run&port=5432"],
)
def test_any_url_of_a_database_may_be_set(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "HOOK_DATABASE_URL", "RELAY_DATABASE_URL"):
        monkeypatch.setenv(f"POSTGATE_{name}", url)
    monkeypatch.setenv("POSTGATE_MASTER_KEY", "too short")
    done = CliRunner().invoke(app, ["tenants", "add", "acme", "--owner", "kim@example.org"])
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert "32 bytes, written as base64" in done.output
