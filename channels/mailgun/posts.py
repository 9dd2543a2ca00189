"""Mailgun's posts: events as JSON; mail as a form, which is multipart when it holds files."""

import binascii
from typing import Any

from channels.errors import PayloadMalformed
from channels.http import HttpRequest
from channels.json_bodies import read_json
from channels.multipart import MOST_PARTS, Form, FormPart, read_multipart

JSON = "application/json"


def is_event(request: HttpRequest) -> bool:
    """Tell whether a request is JSON, as events are."""
    return request.media_type == JSON


def read_event(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object of an event.

    Raises:
        PayloadMalformed: the body is something else.
    """
    post = read_json(request.body)
    if not isinstance(post, dict):
        raise PayloadMalformed("json_not_an_object", "the body is JSON, but no object")
    return post


def read_form(request: HttpRequest) -> Form:
    """Return the fields of a mail.

    Raises:
        PayloadMalformed: the body is no form.
    """
    if request.media_type.startswith("multipart/"):
        return read_multipart(request.headers.get("content-type"), request.body)
    if request.body.count(b"&") >= MOST_PARTS:
        raise PayloadMalformed("form_fields", f"the form has more than {MOST_PARTS} fields")
    pairs = (pair.partition(b"=") for pair in request.body.split(b"&") if pair)
    return Form(tuple(FormPart(_decoded(name).decode("utf-8", "replace"), _decoded(value)) for name, _, value in pairs))


def _decoded(escaped: bytes) -> bytes:
    """Undo the escapes of a form.

    Apart from the sign before the digits they are those of quoted-printable, whose decoder needs no memory beside the
    result. ``urllib`` would make a list entry of each escape, and a raw mail of 30 MB has millions.
    """
    return binascii.a2b_qp(escaped.replace(b"+", b" ").replace(b"=", b"=3D").replace(b"%", b"="))
