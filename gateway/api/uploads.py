"""Reading an uploaded file out of a request: its body, or the part ``file`` of a form."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.problems import Fault, Invalid, Malformed, TooLarge

FORM = "multipart/form-data"
PART = "file"
PIECE_BYTES = 64 * 1024
MOST_PARTS = 20
BROKEN = "the form is broken off or wrongly encoded"
#: What the library raises over a form that is none; it asserts, too, what comes from outside.
UNREADABLE = (ValueError, AssertionError, RuntimeError, HttpProcessingError)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is about to be read; what its sender says of it is not to be trusted."""

    filename: str | None
    declared: str | None
    chunks: AsyncIterator[bytes]


async def read_upload(request: web.Request, filename: str | None, limit: int) -> Upload:
    """Begin to read an uploaded file.

    Args:
        request: whose body nobody has read.
        filename: of a file that is the body itself.
        limit: the most bytes that are taken.

    Raises:
        Malformed: when a form can't be read; also while its bytes are read.
        Invalid: when a form has no file, or the file is empty; the latter while its bytes are read.
        TooLarge: beyond the limit; also while its bytes are read.
    """
    if request.content_type != FORM:
        if (request.content_length or 0) > limit:
            raise _too_large(limit)
        return Upload(filename, request.content_type, _bounded(request.content.iter_chunked(PIECE_BYTES), limit))
    form, part = await _part(request)
    return Upload(part.filename or filename, part.headers.get("Content-Type"), _bounded(_pieces(form, part), limit))


async def _part(request: web.Request) -> tuple[MultipartReader, BodyPartReader]:
    try:
        form = await request.multipart()
        for _ in range(MOST_PARTS):
            part = await form.next()
            if part is None:
                break
            if isinstance(part, BodyPartReader) and part.name == PART:
                return form, part
    except UNREADABLE:
        raise Malformed(BROKEN) from None
    raise Invalid("there is no file", [Fault("body", f"/{PART}", "this should be a file")])


async def _pieces(form: MultipartReader, part: BodyPartReader) -> AsyncIterator[bytes]:
    try:
        while piece := await part.read_chunk(PIECE_BYTES):
            yield piece
        await form.next()  # no boundary behind it: the file is not all there
    except UNREADABLE:
        raise Malformed(BROKEN) from None


async def _bounded(pieces: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        yield piece
    if not size:
        raise Invalid("the file is empty", [Fault("body", "", "this should have at least one byte")])


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"a file has at most {limit} bytes")
