"""Writes the bill of materials, CycloneDX 1.6 as JSON: ``make sbom`` (https://cyclonedx.org/docs/1.6/json/).

Made of the lock files, the report on licences and the Dockerfile alone: the same sources give the same bytes. So it has
no time in it, and its serial number is a digest of what it says.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import orjson

from scripts.licences import REPORT
from scripts.locked import ROOT, Package, packages

BASE_IMAGE = re.compile(r"^ARG \w+_IMAGE=([\w./-]+):([\w.-]+)@sha256:([0-9a-f]{64})$", re.MULTILINE)
ALGORITHMS = {64: "SHA-256", 128: "SHA-512"}
SPACE = UUID("7f0b7d63-5a0c-5d0e-9d6d-1f3f5b8a2c41")
Json = dict[str, Any]  # Any: a JSON document


def bill(root: Path = ROOT) -> Json:
    """Return the bill of materials."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    locked, licences = packages(root), _licences(REPORT.read_text("utf-8"))
    ourselves = f"pkg:generic/{project['name']}@{project['version']}"
    main = {
        "type": "application",
        "bom-ref": ourselves,
        "name": project["name"],
        "version": project["version"],
        "description": project["description"],
        "licenses": [{"license": {"id": project["license"]}}],
    }
    images = list(_images((root / "Dockerfile").read_text("utf-8")))
    said: Json = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": main},
        "components": [*images, *(_component(one, licences) for one in locked)],
        "dependencies": _dependencies(ourselves, locked, [image["bom-ref"] for image in images]),
    }
    return {**said, "serialNumber": f"urn:uuid:{uuid5(SPACE, orjson.dumps(said).decode())}"}


def _component(one: Package, licences: Mapping[str, str]) -> Json:
    group, _, name = one.name.rpartition("/")
    licence = licences[one.url]
    known: Json = {
        "type": "library",
        "bom-ref": one.url,
        **({"group": group} if group else {}),
        "name": name,
        "version": one.version,
        "scope": "required" if one.shipped else "excluded",
        "purl": one.url,
        "licenses": [{"expression": licence} if " " in licence else {"license": {"id": licence}}],
    }
    hashes = [{"alg": ALGORITHMS[len(digest)], "content": digest} for digest in one.digests]
    if len(hashes) == 1:
        return {**known, "hashes": hashes}
    # A release of Python is many files, and which one is installed depends on the machine.
    files = {"type": "distribution", "url": one.url, "comment": "each hash is that of one file", "hashes": hashes}
    return {**known, "externalReferences": [files]}


def _images(dockerfile: str) -> Iterator[Json]:
    for name, tag, digest in BASE_IMAGE.findall(dockerfile):
        url = f"pkg:docker/{name}@sha256:{digest}?tag={tag}"
        hashes = [{"alg": "SHA-256", "content": digest}]
        yield {"type": "container", "bom-ref": url, "name": name, "version": tag, "purl": url, "hashes": hashes}


def _dependencies(ourselves: str, locked: Sequence[Package], images: Sequence[str]) -> list[Json]:
    """Return who needs whom. Of a package with several versions in the lock every one may be meant."""
    needs: dict[str, set[str]] = {one.url: set() for one in locked}
    by_name: dict[tuple[str, str], list[str]] = {}
    for one in locked:
        by_name.setdefault((one.registry, one.name), []).append(one.url)
    asked: set[str] = set(images)
    for one in locked:
        for name in one.needed_by:
            for url in by_name.get((one.registry, name), []):
                needs[url].add(one.url)
        if "" in one.needed_by:
            asked.add(one.url)
    return [
        {"ref": ourselves, "dependsOn": sorted(asked)},
        *({"ref": url, "dependsOn": sorted(others)} for url, others in needs.items()),
    ]


def _licences(report: str) -> dict[str, str]:
    rows = [line.split("\t") for line in report.splitlines()[1:]]
    return {Package(registry, name, version, True, ()).url: licence for registry, name, version, licence, _ in rows}


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(bill(), option=orjson.OPT_INDENT_2) + b"\n")
