"""Every column that holds sealed values: what an exchange of keys seals anew. A test holds the list complete."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.keys import credentials_of
from gateway.model.endpoint_secrets import place_of as place_of_endpoint
from gateway.store.erased import place_of as place_of_erasures
from gateway.store.raw_webhooks import place_of as place_of_webhook
from gateway.store.second_factors import place_of as place_of_factor


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """A column with sealed values.

    Attributes:
        table: its table. Beside the column there is ``key_id``, which names a data key of the row's tenant; or, where
            each row has a key of its own, ``wrapped_key`` and ``master_key_id``.
        column: its name.
        key: the columns of the primary key, with their types.
        place: tells from the texts of that key what a value belongs to (``belongs_to`` of ``seal``).
        moment: the column that tells when a row was written; None where a table is small enough to be read whole.
    """

    table: str
    column: str
    key: Mapping[str, str]
    place: Callable[[Sequence[str]], str]
    moment: str | None = None

    @property
    def name(self) -> str:
        """Table and column, as they are told to people."""
        return f"{self.table}.{self.column}"


#: Sealed with a data key of their tenant.
OF_TENANTS: Sequence[SealedColumn] = (
    SealedColumn(
        table="external_integrations",
        column="credentials_sealed",
        key={"tenant_id": "uuid", "id": "uuid"},
        place=lambda key: credentials_of(*key),
    ),
    SealedColumn(
        table="webhook_endpoints",
        column="sealed",
        key={"tenant_id": "uuid", "id": "uuid"},
        place=lambda key: place_of_endpoint(UUID(key[0]), UUID(key[1])),
    ),
    SealedColumn(
        table="inbound_webhooks",
        column="body",
        key={"tenant_id": "uuid", "received_at": "timestamptz", "id": "uuid"},
        place=lambda key: place_of_webhook(key[0], key[2]),
        moment="received_at",
    ),
    SealedColumn(
        table="erasure_keys",
        column="sealed",
        key={"tenant_id": "uuid"},
        place=lambda key: place_of_erasures(key[0]),
    ),
)
#: Sealed with a data key of their row.
OF_ROWS: Sequence[SealedColumn] = (
    SealedColumn(
        table="provider_apps",
        column="credentials_sealed",
        key={"id": "uuid"},
        place=lambda key: credentials_of("app", key[0]),
    ),
    SealedColumn(
        table="second_factors",
        column="secret_sealed",
        key={"user_id": "uuid"},
        place=lambda key: place_of_factor(UUID(key[0])),
    ),
)
