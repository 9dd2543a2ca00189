"""Providers describe themselves: the same on the command line and in the API."""

import re
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from channels.registry import ADAPTERS
from gateway.cli.main import app
from gateway.model.provider import described
from tests.api.conftest import PUBLIC_URL, Served
from tests.conftest import Tenant

URL = "https://chat.example.org"
LEFT_OVER = re.compile(r"\{[a-z_]+\}")


def cli(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, Any]:
    """Run the command; returns its status and what it printed."""
    ended = CliRunner().invoke(app, ["providers", *arguments], env={"POSTGATE_PUBLIC_URL": "", **(env or {})})
    assert not ended.exception or isinstance(ended.exception, SystemExit)
    return ended.exit_code, orjson.loads(ended.stdout)


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_provider_tells_what_a_form_and_a_person_need(name: str) -> None:
    shown = described(ADAPTERS[name], URL).model_dump()
    for schema in (shown["credentials"], shown["settings"]):
        Draft202012Validator.check_schema(schema)
        assert schema["properties"]
        for field, of_field in schema["properties"].items():
            assert of_field["title"], field
            assert of_field["description"], field
            assert "anyOf" not in of_field or len(of_field["anyOf"]) > 1
            assert not any(option == {"type": "null"} for option in of_field.get("anyOf", ()))
    assert shown["kinds"]
    assert shown["steps"]
    words = " ".join([*shown["steps"], *shown["notes"], shown["address"]])
    assert LEFT_OVER.findall(words) == []
    if shown["hook_url"] is not None:
        assert shown["hook_url"] == f"{URL}/hooks/<connection id>"
        assert "chat.example.org" in words


@pytest.mark.parametrize("name", ADAPTERS)
def test_secrets_are_write_only_and_nothing_else_is(name: str) -> None:
    fields = described(ADAPTERS[name], URL).credentials["properties"]
    model = ADAPTERS[name].credentials
    for field, schema in fields.items():
        secret = "SecretStr" in str(model.model_fields[field].annotation)
        assert schema.get("writeOnly", False) is secret, field


def test_the_command_line_lists_all_providers() -> None:
    status, shown = cli("--base-url", URL)
    assert status == 0
    assert [one["name"] for one in shown] == sorted(ADAPTERS)
    assert shown[0] == described(ADAPTERS[shown[0]["name"]], URL).model_dump()


def test_the_command_line_shows_one_with_the_configured_url() -> None:
    status, shown = cli("twilio", env={"POSTGATE_PUBLIC_URL": URL + "/"})
    assert (status, shown["hook_url"]) == (0, f"{URL}/hooks/<connection id>")
    assert f"`{URL}/hooks/<connection id>`" in shown["steps"][1]
    assert shown["credentials"]["required"] == ["account_sid"]
    assert shown["capabilities"]["channels"] == ["sms", "mms", "whatsapp"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nobody"], "provider_unknown"),
        (["twilio", "--base-url", "chat.example.org"], "base_url_invalid"),
        (["--base-url", "http://["], "base_url_invalid"),
        (["--base-url", "https://x:port"], "base_url_invalid"),
    ],
)
def test_what_the_command_line_cannot_use_is_said_as_json(arguments: list[str], code: str) -> None:
    status, shown = cli(*arguments)
    assert (status, shown["error"]["code"]) == (2, code)
    assert shown["error"]["detail"]


async def test_the_api_lists_the_same(served: Served, tenant: Tenant) -> None:
    listed = await served.get("/api/v1/providers", tenant)
    assert {one["name"]: one for one in listed["data"]} == {
        name: described(adapter, PUBLIC_URL).model_dump() for name, adapter in ADAPTERS.items()
    }
    for one in listed["data"]:
        assert await served.get(f"/api/v1/providers/{one['name']}", tenant) == one


async def test_a_provider_that_is_none_is_not_found(served: Served, tenant: Tenant) -> None:
    await served.problem("GET", "/api/v1/providers/nobody", 404, "not_found", headers=tenant.auth)
    await served.problem("GET", "/api/v1/providers", 401, "unauthenticated")
