"""``/media/{token}``: the bytes of a file, for whoever has a link to it.

What is in a file is never trusted: only what browsers show without running anything is shown, everything else is saved;
and none of it has this origin, a login or a script.
"""

import re
from contextlib import aclosing
from urllib.parse import quote
from uuid import UUID

from aiohttp import hdrs, web

from gateway.api.ranges import part_of
from gateway.api.services import Services
from gateway.audit.access import Access
from gateway.files.links import PATH
from gateway.files.looks import PDF, UNKNOWN, is_inline
from gateway.model.audit import Audit
from gateway.store.data_requests import customer_of
from gateway.store.files import StoredFile
from gateway.store.pool import tenant_tx

UNNAMED = "file"
NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ._()-]", re.ASCII)
#: For the audit. Who has a link is not known; to show it to somebody was written down, too.
FOLLOW_LINK = "follow_media_link"
AUDIT = Audit("read", "files")
#: Of what was exported of a customer: the customer is named, too.
AUDIT_ARCHIVE = Audit("export", "customers", "files")
ARCHIVE = "application/zip"
POLICY = "sandbox; default-src 'none'"
# Browsers show no PDF in a sandbox. Their viewers run apart from the page.
PDF_POLICY = "script-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Media:
    """The handler."""

    def __init__(self, services: Services) -> None:
        self._files = services.files
        self._clock = services.clock
        self._pool = services.pool

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Answer a file, or a part of it."""
        named, file = await self._files.linked(request.match_info["token"])
        lasting = max(0, int((named.until - self._clock()).total_seconds()))
        headers = _headers(file, save="download" in request.query) | {
            hdrs.CACHE_CONTROL: f"private, max-age={lasting}, immutable",
        }
        etag = headers[hdrs.ETAG]
        if etag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
            return web.Response(status=304, headers=headers)
        asked = request.headers.get(hdrs.RANGE) if request.headers.get(hdrs.IF_RANGE, etag) == etag else None
        await self._note(request, named.tenant_id, file)
        part = part_of(asked, file.size)
        if part is None:
            answer = web.StreamResponse(headers=headers)
            start, end = 0, file.size
        elif part.start == part.end:
            return web.Response(status=416, headers=headers | {hdrs.CONTENT_RANGE: f"bytes */{file.size}"})
        else:
            start, end = part.start, part.end
            answer = web.StreamResponse(
                status=206, headers=headers | {hdrs.CONTENT_RANGE: f"bytes {start}-{end - 1}/{file.size}"}
            )
        answer.content_length = end - start
        if request.method == hdrs.METH_HEAD:
            return answer
        async with aclosing(self._files.read(file, named.tenant_id, start, end)) as pieces:
            piece = await anext(pieces)  # before anything is answered: what is not there is a problem
            await answer.prepare(request)
            await answer.write(piece)
            async for piece in pieces:
                await answer.write(piece)
        await answer.write_eof()
        return answer

    async def _note(self, request: web.Request, tenant_id: UUID, file: StoredFile) -> None:
        """Write down that a file is shown, if only by its name; and of whom the archive of an export tells.

        Raises:
            DatabaseBusy: when that can't be written down now.
        """
        customer = None
        if file.mime_type == ARCHIVE:
            async with tenant_tx(self._pool, tenant_id) as tx:
                customer = await customer_of(tx, file.id)
        audit = AUDIT if customer is None else AUDIT_ARCHIVE
        access = Access(request, tenant_id, ("link", None), FOLLOW_LINK, audit, ("file", file.id))
        if customer is not None:
            await access.exports([customer])
        await access.answered(web.StreamResponse())


def add_routes(app: web.Application, services: Services) -> None:
    """Mount the route."""
    app.router.add_get(PATH + "{token}", Media(services).get)


def _headers(file: StoredFile, *, save: bool) -> dict[str, str]:
    inline = is_inline(file.mime_type)
    return {
        hdrs.CONTENT_TYPE: file.mime_type if inline else UNKNOWN,
        hdrs.CONTENT_DISPOSITION: _disposition("inline" if inline and not save else "attachment", file.filename),
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.ETAG: f'"{file.sha256}"',
        "Content-Security-Policy": PDF_POLICY if file.mime_type == PDF else POLICY,
        "X-Content-Type-Options": "nosniff",
    }


def _disposition(how: str, filename: str | None) -> str:
    """Write the header with a name twice: in plain letters, and as it is (RFC 6266 section 4.3)."""
    name = filename or UNNAMED
    return f"{how}; filename=\"{NOT_PLAIN.sub('_', name)}\"; filename*=UTF-8''{quote(name, safe='')}"
