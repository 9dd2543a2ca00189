"""``/api/v1/webhook-endpoints/{id}/rotate-secret``: another secret, while the one before still counts for a while."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

import orjson
from aiohttp import web
from pydantic import Field

from gateway.api.authors import author_of
from gateway.api.endpoints.bodies import MADE_UP, Secret
from gateway.api.endpoints.managing import TAG, append_endpoint, locked, tell, with_secret
from gateway.api.endpoints.pinging import add_ping
from gateway.api.endpoints.setting_up import Sealing
from gateway.api.endpoints.signing import (
    MOST_SECRETS,
    V1A,
    new_key,
    new_secret,
    public_key_of,
    replaced,
    shown_of,
)
from gateway.api.etags import ETAG
from gateway.api.services import Services
from gateway.model.endpoint import RotatedEndpoint
from gateway.model.endpoint_secrets import EndpointSecrets
from gateway.openapi import Answer, Api, Audit, BodyModel, Call, NoQuery, Operation
from gateway.problems import Fault, Invalid, TooManyRequests, WrongState
from gateway.store import log
from gateway.store import webhook_endpoints as store
from gateway.store.pool import tenant_tx

DAY = 86_400
LONGEST_OVERLAP = 7 * DAY


class RotationBody(BodyModel):
    """What the new secret is, and how long those before it count."""

    secret: Secret | None = Field(default=None, repr=False, description=MADE_UP)
    overlap_seconds: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP)] = Field(
        default=DAY, description="For so long the secrets before it sign as well; 0: not at all."
    )
    probe: bool = Field(default=False, description="Send a ping that only the new secret signs.")


ROTATE = Operation(
    method="POST",
    path="/api/v1/webhook-endpoints/{id}/rotate-secret",
    name="rotate_webhook_secret",
    tag=TAG,
    summary="Give an endpoint another signing secret.",
    description="During the overlap each delivery carries a signature by each secret, so that a receiver who knows "
    "one of them goes on. With the scheme v1a its key pair is replaced in the same way. At most five secrets count "
    "at a time. Writes webhook_endpoint.updated to the log.",
    query=NoQuery,
    body=RotationBody,
    permission="endpoints.write",
    audit=Audit("change", "webhook_endpoints", "webhook_deliveries"),
    example={"overlap_seconds": 3600, "probe": True},
    answers={200: Answer("The endpoint, and its new secret, which is told this once.", RotatedEndpoint, headers=ETAG)},
    problems=(WrongState, TooManyRequests),
    id_prefix="ep",
)


class Rotation:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sealing = Sealing(services)

    async def rotate(self, call: Call[NoQuery, RotationBody]) -> web.StreamResponse:
        """Replace the secret."""
        tenant_id = call.caller.tenant_id
        author = author_of(call.caller, self._services)
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            endpoint = await locked(tx, call.id)
            former = await self._sealing.opened(tenant_id, endpoint)
            secrets = self._rotated(former, call.body, endpoint.setup.schemes, author.now)
            await store.change(
                tx,
                call.id,
                replace(
                    endpoint.setup,
                    secrets=shown_of(secrets.secrets),
                    public_key=public_key_of(secrets),
                    sealed=await self._sealing.sealed(tenant_id, call.id, endpoint.key, secrets),
                ),
            )
            new = secrets.secrets[0]
            probe = await add_ping(tx, call.id, self._services, new.id) if call.body.probe else "null"
            await log.lock_head(tx)
            entry, shown = await append_endpoint(tx, call.id, author.fresh_id())
        tell(self._services, call.id, [entry])
        return with_secret(shown, {"secret": new.value, "probe": orjson.Fragment(probe)}, 200)

    def _rotated(
        self, former: EndpointSecrets, body: RotationBody, schemes: Sequence[str], now: datetime
    ) -> EndpointSecrets:
        """Return secrets with a new one in front; a new private key has the same id, so that a probe names both.

        Raises:
            Invalid: when the secret is there already.
            WrongState: when there would be too many.
        """
        name, overlap = self._sealing.fresh_name(), timedelta(seconds=body.overlap_seconds)
        new = new_secret(name, body.secret, self._services.secret, now)
        if any(one.value == new.value for one in former.alive(now).secrets):
            raise Invalid("this secret counts already", [Fault("body", "/secret", "this is a secret it has already")])
        secrets = replaced(former.secrets, new, now, overlap)
        if len(secrets) > MOST_SECRETS:
            raise WrongState(f"{MOST_SECRETS} secrets count already; wait until one ends, or let overlap_seconds be 0")
        keys = replaced(former.keys, new_key(name, self._services.secret, now), now, overlap) if V1A in schemes else []
        return EndpointSecrets(secrets=secrets, keys=keys, login=former.login)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    api.add(ROTATE, Rotation(services).rotate)
