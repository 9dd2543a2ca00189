"""The snippets of docs/receiving.md tell right deliveries from wrong ones: those whose language is on this machine."""

import base64
import hmac
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.receivers.recorded import Recorded, recorded

ROOT = Path(__file__).parents[2]
SNIPPETS = ROOT / "docs" / "snippets"
#: What follows it in a file is for trying it.
END = "For trying it"
NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")
#: Node 20 runs no TypeScript; this takes the types away.
WITHOUT_TYPES = """
const { readFileSync, writeFileSync } = require("node:fs");
const { transpile } = require(process.argv[1]);
writeFileSync(process.argv[3], transpile(readFileSync(process.argv[2], "utf8"), { module: 99, target: 9 }));
"""


def judged_alike(case: Recorded) -> bool:
    """Whether a case is for a receiver that knows v1 and nothing else, and has whole secrets."""
    headers = case.line["headers"]
    return (
        set(headers) <= set(NAMES)
        and "tolerance" not in case.line
        and isinstance(case.line["now"], int)
        and not str(case.error).startswith("secret_")
        and all(
            len(secret.removeprefix("whsec_")) % 4 == 0 and "_" not in secret[6:] for secret in case.line["secrets"]
        )
        and not any(secret.startswith(("whpk_", "whsk_")) for secret in case.line["secrets"])
    )


CASES = [case for case in recorded() if judged_alike(case)]


def line_of(case: Recorded) -> str:
    sent = [case.line["headers"].get(name, "").strip() for name in NAMES]
    return "\t".join([",".join(case.line["secrets"]), *sent, str(case.line["now"]), case.line["body_base64"]])


def forged() -> Sequence[str]:
    """Return deliveries that anybody signed where the secret is empty: a setting that was forgotten."""
    signature = base64.b64encode(hmac.digest(b"", b"evt_1.1000.{}", "sha256")).decode()
    body = base64.b64encode(b"{}").decode()
    return ["\t".join([secret, "evt_1", "1000", f"v1,{signature}", "1000", body]) for secret in ("", "whsec_")]


def node(folder: Path) -> Sequence[str]:
    typescript, module = ROOT / "web" / "node_modules" / "typescript", folder / "verify.mjs"
    if not typescript.is_dir():
        pytest.skip("TypeScript is not there: make web installs it")
    script = str(ROOT / "scripts" / "node.sh")
    source = str(SNIPPETS / "typescript" / "verify.ts")
    subprocess.run([script, "node", "-e", WITHOUT_TYPES, str(typescript), source, str(module)], check=True)
    return [script, "node", str(module), "-"]


def program(name: str, *arguments: str) -> Callable[[Path], Sequence[str]]:
    """Return what finds a program, and skips the test where there is none."""

    def command(_folder: Path) -> Sequence[str]:
        found = shutil.which(name) or shutil.which(name, path="/usr/local/go/bin")
        if found is None:
            pytest.skip(f"{name} is not on this machine: the snippet was not run")
        return [found, *arguments]

    return command


def dotnet(folder: Path) -> Sequence[str]:
    [found, *run] = program("dotnet", "run", "--project", str(folder))(folder)
    version = subprocess.run([found, "--version"], capture_output=True, check=True).stdout.decode().split(".")[0]
    properties = (
        f"<OutputType>Exe</OutputType><Nullable>enable</Nullable><TargetFramework>net{version}.0</TargetFramework>"
    )
    project = f'<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup>{properties}</PropertyGroup></Project>'
    (folder / "verify.csproj").write_text(project, "utf-8")
    shutil.copy(SNIPPETS / "csharp" / "Verify.cs", folder)
    return [found, *run]


FILES = {
    "python": "verify.py", "typescript": "verify.ts", "go": "verify.go", "ruby": "verify.rb", "php": "verify.php",
    "java": "Verify.java", "csharp": "Verify.cs",
}  # fmt: skip
#: Go needs no module and no C compiler for one file; .NET would greet whoever calls it first.
QUIET = {"GO111MODULE": "off", "CGO_ENABLED": "0", "DOTNET_NOLOGO": "1", "DOTNET_CLI_TELEMETRY_OPTOUT": "1"}
COMMANDS: dict[str, Callable[[Path], Sequence[str]]] = {
    "python": program("python3", str(SNIPPETS / "python" / "verify.py")),
    "typescript": node,
    "go": program("go", "run", str(SNIPPETS / "go" / "verify.go")),
    "ruby": program("ruby", str(SNIPPETS / "ruby" / "verify.rb")),
    "php": program("php", str(SNIPPETS / "php" / "verify.php")),
    "java": program("java", "-XX:TieredStopAtLevel=1", str(SNIPPETS / "java" / "Verify.java")),
    "csharp": dotnet,
}


@pytest.mark.parametrize("language", FILES)
def test_a_snippet_tells_right_deliveries_from_wrong_ones(language: str, tmp_path: Path) -> None:
    assert len(CASES) > 40
    command = COMMANDS[language](tmp_path)
    lines = "".join(f"{line}\n" for line in [*map(line_of, CASES), *forged()]).encode()
    run = subprocess.run(
        command,
        input=lines,
        capture_output=True,
        check=False,
        env=os.environ | QUIET,
    )
    assert run.returncode == 0, run.stderr.decode()
    said = run.stdout.decode().lower().split()
    assert said[len(CASES) :] == ["false"] * len(forged())
    wrong = [str(case) for case, word in zip(CASES, said, strict=False) if (word == "true") is not (case.error is None)]
    assert wrong == []


@pytest.mark.parametrize("language", FILES)
def test_a_snippet_is_shown_as_it_was_run(language: str) -> None:
    source = (SNIPPETS / language / FILES[language]).read_text("utf-8")
    shown = source[: source.index(END)].rpartition("\n")[0].strip()
    assert shown in (ROOT / "docs" / "receiving.md").read_text("utf-8")
