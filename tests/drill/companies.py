"""The tenants of a drill: four that have traffic, and one that must never hear of any."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway.demo import tenant as demo_tenant
from gateway.keys import Keyring
from gateway.model.ids import new_id as id_of_moment
from gateway.simulator.accounts import Account, accounts_of

BUSY = ("alpha", "bravo", "charlie", "delta")
CANARY = "canary"
#: Whose messages come, and through whom agents answer.
PROVIDERS = ("whatsapp_cloud", "twilio", "postmark", "sendgrid")
PUBLIC_URL = "http://gateway.test"


@dataclass(frozen=True)
class Company:
    """A tenant.

    Attributes:
        name: its short one.
        id: its id.
        ready: what a ready file would say of it.
    """

    name: str
    id: UUID
    ready: dict[str, Any]

    @property
    def auth(self) -> dict[str, str]:
        """The header of its API key."""
        return {"Authorization": f"Bearer {self.ready['api_key']}"}

    @property
    def accounts(self) -> dict[str, Account]:
        """Its accounts at the providers, by provider."""
        return {account.provider: account for account in accounts_of(self.ready)}

    def integration(self, provider: str) -> dict[str, Any]:
        """Return the connection to a provider: hook_url, credentials, channels."""
        return next(one for one in self.ready["integrations"] if one["provider"] == provider)


async def found(admin_url: str, app_url: str, master_key: str, base_url: str, simulator_url: str) -> Sequence[Company]:
    """Make the tenants; what they send goes to the simulator.

    Args:
        admin_url: the database, as its superuser.
        app_url: the database, as the role ``app``.
        master_key: of the gateways.
        base_url: of the gateway that providers call back.
        simulator_url: of the providers.
    """
    return [await _one(name, admin_url, app_url, master_key, base_url, simulator_url) for name in (*BUSY, CANARY)]


async def _one(name: str, admin_url: str, app_url: str, master_key: str, base_url: str, simulator_url: str) -> Company:
    made = demo_tenant.make(_new_id, name)
    facts = {**made, "integrations": [one for one in made["integrations"] if one["provider"] in PROVIDERS]}
    await demo_tenant.ensure(admin_url, Keyring(master_key), facts, _new_id)
    await demo_tenant.lead_to(app_url, facts, PROVIDERS, simulator_url)
    return Company(name, UUID(facts["tenant_id"]), demo_tenant.ready(facts, base_url, app_url, PUBLIC_URL))


def _new_id() -> UUID:
    return id_of_moment(time.time_ns() // 1_000_000)
