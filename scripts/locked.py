"""What the lock files name: every package of Python and of the page, with its digests and whom it serves."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: What is handed to others: the image (serve), `postgate up` (run), and what the page is built into.
SHIPPED = ("serve", "run")
TOOLS = ("dev", "build", "node")
ENTRY = re.compile(r"^([a-z0-9._-]+)==(\S+)[^\n]*((?:\n[ ]{4}[^\n]*)*)", re.MULTILINE)
SHA256 = re.compile(r"--hash=sha256:([0-9a-f]{64})")
VIA = re.compile(r"^ +# +(?:via )?(?!via$|-c )(\S+)", re.MULTILINE)
#: As uv calls what we ask for ourselves.
OURSELVES = ("postgate", "-r")
PAGE_FOLDER = "node_modules/"


@dataclass(slots=True)
class Package:
    """One locked package.

    Attributes:
        registry: ``pypi`` or ``npm``, as package URLs call it.
        name: as the registry has it.
        version: the locked one.
        shipped: whether it is part of what others get, and not only a tool of ours.
        digests: of its files, hexadecimal: SHA-256 for Python, one SHA-512 for the page.
        needed_by: names of packages of the same registry that need it; an empty one for ourselves.
        licence: as the lock has it (npm), else empty.
    """

    registry: str
    name: str
    version: str
    shipped: bool
    digests: tuple[str, ...]
    needed_by: set[str] = field(default_factory=set)
    licence: str = ""

    @property
    def url(self) -> str:
        """The package URL (https://github.com/package-url/purl-spec)."""
        return f"pkg:{self.registry}/{self.name.replace('@', '%40')}@{self.version}"


def packages(root: Path = ROOT) -> list[Package]:
    """Return all locked packages, each version once, in order."""
    found: dict[str, Package] = {}
    for one in (*_of_python(root / "requirements"), *_of_page(root / "web" / "package-lock.json")):
        known = found.setdefault(one.url, one)
        known.shipped |= one.shipped
        known.needed_by |= one.needed_by
    return sorted(found.values(), key=lambda one: one.url)


def _of_python(folder: Path) -> Iterator[Package]:
    for lock in (*SHIPPED, *TOOLS):
        text = (folder / f"{lock}.txt").read_text("utf-8")
        for name, version, rest in ENTRY.findall(text):
            needed = {"" if other in OURSELVES else other for other in VIA.findall(rest)}
            yield Package("pypi", name, version, lock in SHIPPED, tuple(SHA256.findall(rest)), needed)


def _of_page(lock: Path) -> Iterator[Package]:
    entries: Mapping[str, Mapping[str, object]] = json.loads(lock.read_text("utf-8"))["packages"]
    for place, entry in entries.items():
        if place:
            name = str(entry.get("name") or _name_at(place))
            shipped = not (entry.get("dev") or entry.get("devOptional"))
            digest = base64.b64decode(str(entry["integrity"]).removeprefix("sha512-")).hex()
            needed = {_name_at(other) for other, one in entries.items() if name in _needs(one)}
            yield Package("npm", name, str(entry["version"]), shipped, (digest,), needed, str(entry.get("license", "")))


def _name_at(place: str) -> str:
    return place.rpartition(PAGE_FOLDER)[2]


def _needs(entry: Mapping[str, object]) -> set[str]:
    """Return what a package of the page asks for."""
    asked: set[str] = set()
    for kind in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        asked |= set(entry.get(kind) or {})  # type: ignore[call-overload]  # a JSON object by the lock's format
    return asked
