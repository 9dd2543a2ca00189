"""No operation reaches personal data and keeps quiet about it."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any, get_args, get_origin

import pytest
from aiohttp import web
from pydantic import BaseModel

import gateway.api
import gateway.demo
import gateway.live
from gateway.model.audit import TABLES, Audit
from gateway.model.message import Message
from gateway.openapi import Answer, Api, NoBody, NoQuery, Operation
from gateway.openapi.personal import TABLE_OF, tables_of

#: What says nothing: how the workspace is set up, by whom endpoints are called, one's own login and what is one's own
#: without being anybody else's. Whatever is added shows and takes no customer's and no member's data.
QUIET = {
    "list_api_keys", "change_canned_reply", "create_canned_reply",
    "get_canned_reply", "list_canned_replies", "remove_canned_reply", "list_channels", "add_channel", "change_channel",
    "change_connection", "create_connection", "get_connection", "list_connections", "remove_channel",
    "remove_connection", "add_custom_field", "change_custom_field", "list_custom_fields", "remove_custom_field",
    "list_event_types", "get_webhook_endpoint_health",
    "get_webhook_endpoint", "list_webhook_endpoints", "change_label", "create_label",
    "get_label", "list_labels", "remove_label", "see_mentions", "get_provider", "list_providers", "cancel_recovery",
    "get_recovery", "list_recoveries", "get_retention",
    "set_retention", "begin_second_factor", "confirm_second_factor", "disable_second_factor", "get_second_factor",
    "renew_recovery_codes", "self_test_connection", "end_other_sessions", "change_team", "create_team", "get_team",
    "list_teams", "remove_team", "list_templates", "sync_templates", "change_view", "count_views", "create_view",
    "get_view", "list_views", "remove_view", "start_simulation", "get_pii_rules", "set_pii_rules", "create_pii_pattern",
    "change_pii_pattern", "remove_pii_pattern", "try_pii_rules", "scan_for_pii",
}  # fmt: skip
#: Names of fields that hold what people wrote or are called.
TELLING = {"email", "address", "text", "preview", "body", "sender", "subject", "filename", "identities", "event"}
#: Where they hold something else: the tenant's own addresses, what one is called, texts for everybody, an app's link.
HARMLESS = {"Channel", "Provider", "CannedReply", "MessageTemplate", "NewSecondFactor"}

#: Objects whose keys are the gateway's.
OURS = {"status_at", "counts", "event"}


def operations() -> Iterator[Operation[Any, Any]]:
    """Return all operations, wherever they are declared."""
    packages: tuple[ModuleType, ...] = (gateway.api, gateway.live, gateway.demo)
    found: dict[str, Operation[Any, Any]] = {}
    for package in packages:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Operation):
                    found[value.name] = value
    return iter(found.values())


def models(kind: Any, seen: set[Any]) -> Iterator[type[BaseModel]]:
    """Return the models that an answer is made of."""
    if kind not in seen:
        seen.add(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield kind
            for field in kind.model_fields.values():
                yield from models(field.annotation, seen)
        for part in get_args(kind):
            yield from models(part, seen)


def is_free(kind: Any) -> bool:
    """Tell whether a field is an object of whatever keys, or a list of such."""
    return get_origin(kind) is dict or any(map(is_free, get_args(kind)))


def test_each_operation_says_what_it_does_or_is_named_here() -> None:
    found = [one for one in operations() if one.permission is not None]
    assert len(found) > 140
    assert {one.name for one in found if one.audit is None} == QUIET
    for one in found:
        assert tables_of(one) <= set(one.audit.tables if one.audit else ()), one.name


def test_what_others_made_up_in_an_answer_is_known_so_that_no_id_is_taken_from_it() -> None:
    found = set()
    for one in operations():
        for answer in one.answers.values() if one.audit is not None else ():
            for model in models(answer.model, set()):
                free = {name for name, field in model.model_fields.items() if is_free(field.annotation)}
                found |= free
                looked_over = {key for table in one.audit.tables for key in TABLES[table].free} if one.audit else set()
                assert free - OURS <= looked_over, (one.name, model)
    assert {"extra", "custom_fields", "headers"} <= found


def test_what_keeps_quiet_answers_with_no_field_that_tells_of_people() -> None:
    for one in operations():
        for answer in one.answers.values() if one.name in QUIET else ():
            for model in models(answer.model, set()):
                telling = TELLING & set(model.model_fields)
                assert not telling or model.__name__ in HARMLESS, (one.name, model, telling)


def test_an_operation_that_keeps_quiet_about_a_message_cannot_be_mounted() -> None:
    api = Api(web.Application())

    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response()

    quiet = Operation(
        method="GET", path="/x", name="x", tag="X", summary="X.", query=NoQuery, body=NoBody, permission="inbox.read",
        answers={200: Answer("It.", Message)},
    )  # fmt: skip
    with pytest.raises(TypeError, match=r'declare audit=Audit.*"messages"'):
        api.add_raw(quiet, handler)
    by_path = Operation(
        method="DELETE", path="/x/{id}", name="x", tag="X", summary="X.", query=NoQuery, body=NoBody,
        permission="inbox.read", answers={204: Answer("Gone.", content_type=None)}, id_prefix="cus",
        audit=Audit("remove", "messages"),
    )  # fmt: skip
    with pytest.raises(TypeError, match='"customers"'):
        api.add_raw(by_path, handler)


def test_each_model_is_of_a_table_whose_ids_are_known() -> None:
    assert set(TABLE_OF.values()) <= set(TABLES)
    assert len({(records.prefix, records.key) for records in TABLES.values() if records.key == "id"}) > 10
