"""A provider described for people and programs: what it can do, what it takes to connect it, and the steps."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field

from channels.adapter import Adapter
from gateway.model.described import Described
from gateway.model.fields import Anything

ChannelKind = Literal["whatsapp", "sms", "email"]
CHANNEL_KINDS: tuple[ChannelKind, ...] = get_args(ChannelKind)
#: Stands for the id of a connection that does not exist yet.
NO_CONNECTION = "<connection id>"

Json = dict[str, Any]  # Any: a JSON schema


class ProviderCapabilities(Described):
    """What can be sent through a provider, and what it tells back."""

    channels: list[str] = Field(description="whatsapp, sms, mms, email.")
    longest_text: dict[str, int] = Field(
        description="In characters, by channel; one that is missing has no bound that matters."
    )
    media: list[str] = Field(description="Kinds of files that can be sent.")
    most_files: int = Field(description="In one message.")
    templates: bool
    interactive: bool = Field(description="Buttons and lists.")
    reactions: bool
    quotes: bool = Field(description="A reply can show the message that it answers.")
    read_receipts: bool = Field(description="It tells when a customer read a message.")
    mark_read: bool = Field(description="The customer can be told that a message was read.")
    typing: bool = Field(description="The customer can be shown that somebody is writing.")
    window_hours: int | None = Field(description="How long after a customer's message anything can be sent.")


class Provider(Described):
    """A provider, and how it is connected."""

    name: str = Field(examples=["twilio"])
    title: str
    summary: str
    documentation: str = Field(description="The provider's own page about its webhooks.")
    capabilities: ProviderCapabilities
    kinds: list[ChannelKind] = Field(description="Of the channels that its connections may have.")
    credentials: Anything = Field(description="JSON Schema of the credentials; secrets are writeOnly.")
    settings: Anything = Field(description="JSON Schema of the settings; nothing of it is secret.")
    hook_url: str | None = Field(description="What is to be entered at the provider; null: it takes no URL.")
    steps: list[str] = Field(description="What to do at the provider, in order, in Markdown.")
    address: str = Field(description="What the address of a channel is here.")
    notes: list[str]
    syncs_templates: bool = Field(description="Whether its templates can be fetched.")


class ProviderPage(Described):
    """All providers."""

    data: list[Provider]
    next_cursor: str | None


def described(adapter: Adapter, base_url: str, connection: str = NO_CONNECTION) -> Provider:
    """Describe a provider.

    Args:
        adapter: of the provider.
        base_url: the public base URL of this gateway.
        connection: the id of the connection that the steps are for, as the API shows it.
    """
    capabilities = adapter.capabilities
    url = hook_url(base_url, connection)
    return Provider(
        name=adapter.provider,
        title=adapter.setup.title,
        summary=adapter.setup.summary,
        documentation=adapter.setup.documentation,
        capabilities=ProviderCapabilities.model_validate(capabilities, from_attributes=True),
        kinds=kinds_of(adapter),
        credentials=schema_of(adapter.credentials),
        settings=schema_of(adapter.settings),
        hook_url=url if adapter.posted else None,
        steps=[filled(step, url) for step in adapter.setup.steps],
        address=adapter.setup.address,
        notes=[filled(note, url) for note in adapter.setup.notes],
        syncs_templates=adapter.operations.templates is not None,
    )


def hook_url(base_url: str, connection: str) -> str:
    """Return the URL that a provider posts to."""
    return f"{base_url.rstrip('/')}/hooks/{connection}"


def filled(words: str, url: str) -> str:
    """Put a connection's URL, and the host in it, into a step or a note."""
    host = url.partition("://")[2].partition("/")[0]
    return words.replace("{hook_url}", url).replace("{host}", host)


def kinds_of(adapter: Adapter) -> list[ChannelKind]:
    """Return the kinds of channels that a provider has; pictures come over the same channel as texts (SMS and MMS)."""
    names = ["sms" if name == "mms" else name for name in adapter.capabilities.channels]
    return sorted(set(CHANNEL_KINDS) & set(names), key=names.index)


def schema_of(model: type[BaseModel]) -> Json:
    """Return the JSON Schema of a model as forms need it.

    A field that may be left out is no choice between its type and null, and a list of secrets is as secret as each.
    """
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    properties = {name: _plain(field, definitions) for name, field in schema["properties"].items()}
    required = schema.get("required", [])
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _plain(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Json:
    plain = dict(field)
    choices = [choice for choice in plain.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        del plain["anyOf"]
        plain = {**choices[0], **plain}
    if "$ref" in plain:
        plain = {**definitions[plain.pop("$ref").rpartition("/")[2]], **plain}
    if plain.get("default", ...) in (None, []):
        del plain["default"]
    if plain.get("items", {}).get("writeOnly"):
        plain["writeOnly"] = True
    return plain
