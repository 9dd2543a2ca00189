"""The fields of the SMS API's webhooks, which come as GET, form or JSON, as the account is set.

https://developer.vonage.com/en/messaging/sms/guides/inbound-sms
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import orjson

from channels.errors import PayloadMalformed
from channels.forms import FormInvalid, pairs_of
from channels.http import HttpRequest
from channels.json_bodies import read_json

Fields = Mapping[str, str]


class FieldsInvalid(ValueError):
    """A webhook is no flat list of fields, each named once, and without the marks that stand between them."""


def is_json(request: HttpRequest) -> bool:
    """Tell whether the fields are JSON; no form begins with a brace, whatever it calls itself."""
    return request.method != "GET" and request.body[:1] == b"{"


def fields_of(request: HttpRequest) -> Fields:
    """Return all fields as text.

    Raises:
        FieldsInvalid: when they can't be read, one of them is named twice, or one has a name that no field has.
    """
    fields = _json_fields(request.body) if is_json(request) else _form_fields(request)
    # These marks are signed as they are, so that one field of such a name would pass for two.
    if any(mark in name for name in fields for mark in "&="):
        raise FieldsInvalid("a field's name holds what stands between fields")
    return fields


def with_fields(request: HttpRequest, fields: Fields) -> HttpRequest:
    """Return the request with other fields, written as it has them."""
    if request.method == "GET":
        return replace(request, url=f"{request.url.partition('?')[0]}?{urlencode(fields)}")
    body = orjson.dumps(fields) if is_json(request) else urlencode(fields).encode()
    return replace(request, body=body)


def _form_fields(request: HttpRequest) -> Fields:
    try:
        pairs = pairs_of(request)
    except FormInvalid as error:
        raise FieldsInvalid(str(error)) from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise FieldsInvalid("a field is named twice")
    return fields


def _json_fields(body: bytes) -> Fields:
    # Only the fields are signed, so that nothing may stand around them.
    if body[-1:] != b"}":
        raise FieldsInvalid("something stands behind the object")
    try:
        document = read_json(body)
    except PayloadMalformed as error:
        raise FieldsInvalid(error.detail) from error
    return {name: _text(name, value) for name, value in document.items() if value is not None}


def _text(name: str, value: Any) -> str:
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) not in {str, int}:
        raise FieldsInvalid(f"{name!r} is neither a text nor a whole number")
    return str(value)
