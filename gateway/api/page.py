"""The browser's page: its built files, and ``index.html`` for every address that the page itself understands."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from gateway.problems import NotFound, PageNotBuilt

ROUTES = (
    "/",
    "/login",
    "/join",
    "/reset",
    "/c/{tail:.*}",
    "/settings",
    "/settings/{tail:.*}",
    "/customers",
    "/customers/{tail:.*}",
)
#: Vite writes a digest of the content into these names: what such a name holds never changes.
HASHED = re.compile(r"-[A-Za-z0-9_-]{8}\.[a-z0-9]+$")
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"  # kept, but asked for with its ETag each time
SHRINKS = ("text/", "application/javascript", "application/json", "image/svg+xml")
HOW_TO_BUILD = "the page's files are not there; build them with `make web`"


@dataclass(frozen=True, slots=True)
class File:
    """A built file, ready to be sent."""

    content_type: str
    cache: str
    etag: str
    plain: bytes
    zipped: bytes | None


class Page:
    """Serves the built page from memory; reads it again once it was built anew.

    Only names that were found in the folder exist: nothing in a request can point out of it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, File] = {}
        self._built: int | None = None

    async def index(self, request: web.Request) -> web.StreamResponse:
        """Answer the page."""
        return _answer(request, self._current()["index.html"])

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """Answer one of its files."""
        file = self._current().get("assets/" + request.match_info["name"])
        if file is None:
            raise NotFound("the page has no such file")
        return _answer(request, file)

    def _current(self) -> dict[str, File]:
        try:
            built = (self._folder / "index.html").stat().st_mtime_ns
        except FileNotFoundError:
            raise PageNotBuilt(HOW_TO_BUILD) from None
        if built != self._built:
            self._files = _load(self._folder)
            self._built = built
        return self._files


def add_routes(app: web.Application, folder: Path) -> None:
    """Mount the page."""
    page = Page(folder)
    for path in ROUTES:
        app.router.add_get(path, page.index)
    app.router.add_get("/assets/{name:.+}", page.asset)


def _load(folder: Path) -> dict[str, File]:
    return {path.relative_to(folder).as_posix(): _file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _file(path: Path) -> File:
    plain = path.read_bytes()
    content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    zipped = gzip.compress(plain, mtime=0) if content_type.startswith(SHRINKS) else plain
    return File(
        content_type=content_type,
        cache=FOREVER if HASHED.search(path.name) else ASK_AGAIN,
        etag=f'"{hashlib.sha256(plain).hexdigest()[:20]}"',
        plain=plain,
        zipped=zipped if len(zipped) < len(plain) else None,
    )


def _answer(request: web.Request, file: File) -> web.Response:
    headers = {"Cache-Control": file.cache, "ETag": file.etag, "Vary": "Accept-Encoding"}
    if file.etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = file.content_type
    if file.zipped is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return web.Response(body=file.zipped, headers=headers)
    return web.Response(body=file.plain, headers=headers)
