"""What ``docs/security.md`` claims names code and tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROW = re.compile(r"^\| (?!What is done|Asset|Actor|---)(.+) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)?(?:::(\w+))?`")
CODE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*)`")
AREAS = (
    "Between tenants", "Webhooks and mail", "Hostile values", "Getting in", "In the browser", "Going out",
    "Secrets, logs and copies", "The process",
)  # fmt: skip


def claims() -> list[list[str]]:
    """The cells of each measure: what, where, shown by."""
    areas = [PAGE.partition(f"## {area}\n")[2].partition("\n## ")[0] for area in AREAS]
    return [row.split(" | ") for area in areas for row in ROW.findall(area)]


def test_each_measure_names_its_code_and_its_tests() -> None:
    assert len(claims()) > 40
    missing = []
    for what, where, shown in claims():
        paths = CODE.findall(where)
        missing += [path for path in paths if not (ROOT / path).exists()]
        if not paths and "migrations" not in where:
            missing.append(f"no code for: {what}")
        file, names = "", TEST.findall(shown)
        if not names:
            missing.append(f"no test for: {what}")
        for path, name in names:
            file = path or file
            text = (ROOT / file).read_text("utf-8") if (ROOT / file).is_file() else ""
            if not text or (name and not re.search(rf"^\s*(?:async )?def {name}\(", text, re.MULTILINE)):
                missing.append(f"{file}::{name}")
    assert missing == []
