"""What a tenant enters to connect a provider: held against the provider's models, sealed, and changed.

Nothing here ever repeats a value: it may be a secret, even one in the wrong field.
"""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ValidationError

from gateway.access import origin_of
from gateway.keys import Keyring, credentials_of, seal, unseal
from gateway.model.provider import schema_of
from gateway.openapi.reading import faults
from gateway.problems import Fault, Invalid
from gateway.store.connections import Connection, DataKey

PREVIOUS = "previous_"
#: Values that say where a connection's requests go, be they settings or credentials: URLs, or the host alone.
LEADING = ("base_url", "host", "url")
#: How many earlier values of a secret still count.
KEPT_SECRETS = 3

Values = Mapping[str, Any]  # Any: what a provider's model takes
Model = TypeVar("Model", bound=BaseModel)


def checked(model: type[Model], values: Values, place: str) -> Model:
    """Hold values against a provider's model.

    Args:
        model: of its credentials or its settings.
        values: what is to be stored.
        place: where they stand in the body.

    Raises:
        Invalid: naming each field that is unknown, missing or not acceptable.
    """
    try:
        return model.model_validate_json(orjson.dumps(values))
    except ValidationError as error:
        raise Invalid(f"some {place} are not acceptable", faults(error, "body", [place])) from None
    except orjson.JSONEncodeError:  # a whole number beyond 64 bits
        raise Invalid(
            f"some {place} are not acceptable", [Fault("body", f"/{place}", "a number is too large")]
        ) from None


def merged(stored: Values, changes: Values) -> dict[str, Any]:
    """Return stored values with some set anew; null takes a value away."""
    return {name: value for name, value in {**stored, **changes}.items() if value is not None}


def rotated(model: type[BaseModel], stored: Values, changes: Values) -> dict[str, Any]:
    """Return the changes, with each replaced secret put in front of its list of previous ones."""
    kept: dict[str, Any] = dict(changes)
    for name, value in changes.items():
        former, previous = stored.get(name), PREVIOUS + name
        if previous in model.model_fields and previous not in changes and former is not None and former != value:
            kept[previous] = [former, *stored.get(previous, ())][:KEPT_SECRETS]
    return kept


def leads_elsewhere(before: Values, after: Values) -> bool:
    """Tell whether a connection's requests go to another server under its new settings or credentials."""
    return any(_server(before.get(name)) != _server(after.get(name)) for name in LEADING)


def require_entered(model: type[BaseModel], stored: Values, entered: Values) -> None:
    """Refuse to send stored secrets to a server that they were not entered for.

    Raises:
        Invalid: naming each secret that has to be entered anew, or removed.
    """
    secrets = {name for name, field in schema_of(model)["properties"].items() if field.get("writeOnly")}
    lacking = [name for name in stored if name in secrets and name not in entered and not name.startswith(PREVIOUS)]
    if lacking:
        words = "enter it anew: the connection would send it to another server"
        raise Invalid(
            "another server needs the secrets anew",
            [Fault("body", f"/credentials/{name}", words) for name in sorted(lacking)],
        )


async def sealed(keyring: Keyring, key: DataKey, values: Values, tenant_id: UUID, connection_id: UUID) -> bytes:
    """Encrypt a connection's credentials."""
    return seal(await keyring.unwrap(key.wrapped), orjson.dumps(values), credentials_of(tenant_id, connection_id))


async def opened(keyring: Keyring, connection: Connection, tenant_id: UUID) -> dict[str, Any]:
    """Decrypt a connection's credentials.

    Raises:
        KeyUnusable: when the master key that they were sealed under is not here.
        KeysUnavailable: when the service that has it does not answer.
    """
    place = credentials_of(tenant_id, connection.id)
    text = unseal(await keyring.unwrap(connection.key.wrapped), connection.credentials_sealed, place)
    values: dict[str, Any] = orjson.loads(text)
    return values


def _server(value: Any) -> object:
    """Return what tells a server from others."""
    return origin_of(value) or value.lower() if isinstance(value, str) and value else None
