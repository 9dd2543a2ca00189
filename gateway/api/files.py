"""``/api/v1/files``: uploads, for messages that are about to be sent."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from aiohttp import web
from pydantic import Field

from gateway.api.services import Services
from gateway.api.uploads import read_upload
from gateway.files.errors import StorageUnavailable
from gateway.files.links import SHORT
from gateway.model.file import UploadedFile
from gateway.model.log import iso
from gateway.openapi import Answer, Api, Audit, Call, NoBody, NoQuery, Operation, QueryModel, json_answer
from gateway.problems import NotFound
from gateway.store import files
from gateway.store.pool import DatabaseUnavailable, tenant_tx


class UploadQuery(QueryModel):
    """How the file is called."""

    filename: str | None = Field(
        default=None, max_length=1000, description="For a file that is the body itself; a form names its own."
    )


UPLOAD = Operation(
    method="POST",
    path="/api/v1/files",
    name="upload_file",
    tag="Files",
    summary="Upload a file, to send it with a message.",
    description=(
        "The file is the body itself, or the part `file` of a form. What it is, its bytes tell: the type that comes "
        "with it only counts where they say nothing. Name its id in a message within 24 hours; else it is removed."
    ),
    query=UploadQuery,
    body=NoBody,
    upload=True,
    permission="messages.send",
    audit=Audit("create", "files"),
    example="Good morning",
    answers={201: Answer("Stored.", UploadedFile)},
    problems=(StorageUnavailable, DatabaseUnavailable),
)

GET = Operation(
    method="GET",
    path="/api/v1/files/{id}",
    name="get_file",
    tag="Files",
    summary="Get an uploaded file, with a link to its bytes.",
    description="The link lasts 15 minutes. Whoever has it can read the file.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "files"),
    answers={200: Answer("The file.", UploadedFile)},
    id_prefix="file",
)


class FileHandlers:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def upload(self, call: Call[UploadQuery, NoBody]) -> web.StreamResponse:
        """Store a file."""
        kept = self._services.files
        upload = await read_upload(call.request, call.query.filename, kept.limit)
        stored = await kept.take(
            call.caller.tenant_id,
            upload.chunks,
            filename=upload.filename,
            declared=upload.declared,
            uploaded_by=call.caller.user_id,
        )
        call.reaches(stored.id)
        return json_answer(await self._shown(call.caller.tenant_id, stored.id), 201)

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer a file."""
        return json_answer(await self._shown(call.caller.tenant_id, call.id))

    async def _shown(self, tenant_id: UUID, file_id: UUID) -> bytes:
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            found = await files.json_of(tx, file_id)
        if found is None:
            raise NotFound("there is no such file")
        return orjson.dumps({**orjson.loads(found), "link": link(self._services, tenant_id, file_id, SHORT)})


def link(services: Services, tenant_id: UUID, file_id: UUID, lasting: timedelta) -> dict[str, Any]:
    """Return LINK to a file's bytes.

    Args:
        services: of the API.
        tenant_id: whose file.
        file_id: which.
        lasting: how long the link shall last.
    """
    path, until = services.files.link(tenant_id, file_id, lasting)
    return {"url": services.public_url.rstrip("/") + path, "expires_at": iso(until)}


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = FileHandlers(services)
    api.add(UPLOAD, handlers.upload)
    api.add(GET, handlers.get)
