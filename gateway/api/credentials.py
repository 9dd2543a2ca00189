"""What a tenant enters to connect a provider: held against the provider's models, sealed, and changed.

Nothing here ever repeats a value: it may be a secret, even one in the wrong field.
"""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ValidationError

from gateway.keys import Keyring, credentials_of, seal, unseal
from gateway.openapi.reading import faults
from gateway.problems import Fault, Invalid
from gateway.store.connections import Connection, DataKey

PREVIOUS = "previous_"
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


def sealed(keyring: Keyring, key: DataKey, values: Values, tenant_id: UUID, connection_id: UUID) -> bytes:
    """Encrypt a connection's credentials."""
    return seal(keyring.unwrap(key.wrapped), orjson.dumps(values), credentials_of(tenant_id, connection_id))


def opened(keyring: Keyring, connection: Connection, tenant_id: UUID) -> dict[str, Any]:
    """Decrypt a connection's credentials.

    Raises:
        KeyUnusable: when the master key that they were sealed under is not here.
    """
    place = credentials_of(tenant_id, connection.id)
    text = unseal(keyring.unwrap(connection.key.wrapped), connection.credentials_sealed, place)
    values: dict[str, Any] = orjson.loads(text)
    return values
